set search_path = '';
set check_function_bodies = off;
begin;
drop view shop.notes;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.sale" on commit drop as select * from only shop.sale;
create temporary table "last No of shop.sale" on commit drop as select pg_sequence_last_value(pg_get_serial_sequence('shop.sale', 'No')::regclass) as last;
alter sequence shop.sale_id_seq owned by none;
-- hazard data: drops the values of column `gone`
-- hazard breaking: clients find another table `shop.sale`
drop table shop.sale;
create table shop.sale (
    id integer default nextval('shop.sale_id_seq'::regclass) not null,
    "No" bigint generated always as identity not null,
    day date not null,
    note text,
    twice integer generated always as (id * 2) stored,
    constraint sale_pkey primary key (id, day),
    constraint sale_id check (id > 0)
) partition by range (day);
create table shop.sale_2025 partition of shop.sale for values from ('2025-01-01') to ('2026-01-01');
create table shop.sale_2026 partition of shop.sale for values from ('2026-01-01') to ('2027-01-01') partition by hash (id);
create table shop.sale_2026_0 partition of shop.sale_2026 for values with (modulus 2, remainder 0);
create table shop.sale_2026_1 partition of shop.sale_2026 for values with (modulus 2, remainder 1);
insert into shop.sale (id, "No", day, note) overriding system value select id, "No", day, note from pg_temp."rows of shop.sale";
alter sequence shop.sale_id_seq owned by shop.sale.id;
select setval(pg_get_serial_sequence('shop.sale', 'No')::regclass, last) from pg_temp."last No of shop.sale" where last is not null;
-- hazard block: builds the index while writers wait
create index sale_day on shop.sale (day);
create view shop.notes as
select id, note from shop.sale;
comment on column shop.sale.note is 'free';
commit;
