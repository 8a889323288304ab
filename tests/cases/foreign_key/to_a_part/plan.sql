set search_path = '';
set check_function_bodies = off;
begin;
create table shop.p (
    a integer not null
) partition by list (a);
create table shop.p1 partition of shop.p for values in (1);
create table shop.r (
    a integer
);
create unique index p_u on shop.p (a);
alter table shop.r add constraint r_a foreign key (a) references shop.p1(a);
commit;
