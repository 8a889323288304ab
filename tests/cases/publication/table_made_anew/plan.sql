set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of key.order" on commit drop as select * from key."order";
-- hazard breaking: clients find another table `key.order`
drop table key."order";
create table key."order" (
    id numeric(10,3)
) partition by hash (id);
-- hazard data: values that do not fit the new types are cut, rounded or refused
insert into key."order" (id) overriding system value select id::numeric(10,3) from pg_temp."rows of key.order";
alter publication no add table only key."order";
commit;
