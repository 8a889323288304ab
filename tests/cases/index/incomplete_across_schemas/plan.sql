set search_path = '';
set check_function_bodies = off;
begin;
create table zone.p1 (
    a integer,
    b integer
);
create index i1 on zone.p1 (b, a);
create index ie1 on zone.p1 (a);
alter table shop.p attach partition zone.p1 for values from (0) to (10);
create index i on only shop.p (b, a);
create index ie on only shop.p (a);
commit;
