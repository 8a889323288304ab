set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of column `s.data.done`
alter table s.data rename column "end" to done;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of s.data" on commit drop as select * from s.data;
-- hazard breaking: clients find another table `s.data`
drop table s.data;
create table s.data (
    b bigint,
    done text
) partition by range (b);
create table s.total partition of s.data for values from (minvalue) to (2);
insert into s.data (b, done) overriding system value select b::bigint, done from pg_temp."rows of s.data";
commit;
