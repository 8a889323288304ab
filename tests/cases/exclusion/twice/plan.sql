set search_path = '';
set check_function_bodies = off;
begin;
create table shop.t (
    a text,
    constraint one exclude using btree (lower(a) with =)
);
alter table shop.t add constraint two exclude using btree (lower(a) with =);
commit;
