set search_path = '';
set check_function_bodies = off;
begin;
create table shop.p1 (
    a integer,
    b integer
);
create table shop.p2 (
    a integer,
    b integer
);
create index i1 on shop.p1 (b, a);
create index ie1 on shop.p1 (a);
alter table shop.p attach partition shop.p1 for values from (0) to (10);
create index i2 on shop.p2 (b, a);
create index ie2 on shop.p2 (a);
alter table shop.p attach partition shop.p2 for values from (10) to (20);
create index i on only shop.p (b, a);
create index ie on only shop.p (a);
commit;
