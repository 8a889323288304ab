set search_path = '';
set check_function_bodies = off;
begin;
create table shop.orders_2 (
    id bigint constraint orders_id_not_null not null,
    note text
);
-- hazard block: scans table `shop.orders_rest`, the default partition, while its readers and writers wait
alter table shop.orders attach partition shop.orders_2 for values from (10) to (20);
create table shop.quiet_1 partition of shop.quiet for values from (0) to (10);
commit;
