set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.users`
drop table shop.users;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.note`
alter table shop.orders drop column note;
-- hazard breaking: clients lose publication `everything`
drop publication everything;
create schema audit;
create table audit.log (
    at timestamp with time zone
);
-- hazard breaking: subscribers no longer get some changes
alter publication feed set (publish = 'insert, update', publish_via_partition_root = true);
create publication stream;
alter publication stream add tables in schema audit;
-- hazard breaking: subscribers get other rows or columns of the table
alter publication feed drop table only shop.orders;
alter publication feed add table only shop.orders (id, total) where (id > 10);
comment on publication feed is 'For the warehouse and the lake';
commit;
