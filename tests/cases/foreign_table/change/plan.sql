set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.orders.note`
alter table shop.orders drop column note;
alter table shop.orders drop constraint positive;
comment on foreign table shop.orders is null;
alter foreign data wrapper files options (set debug 'false', add mode 'x');
alter server far version '2' options (drop port, add dbname 'shop', set host 'db2');
create server near foreign data wrapper files;
alter foreign table shop.orders options (add schema_name 'public', set table_name 'orders2');
create foreign table shop.items (
    id bigint
) server near;
alter table shop.orders alter column id drop not null;
alter table shop.orders alter column total type numeric(12,2);
alter table shop.orders add column made timestamp with time zone default now();
alter foreign table shop.orders alter column total options (set column_name 'total');
alter foreign table shop.orders alter column total options (add more 'it''s');
-- hazard block: scans the table while readers and writers wait
alter table shop.orders add constraint positive check (total >= 0);
create function shop.touch() returns trigger
    language plpgsql
as $$begin return new; end$$;
create trigger touch before insert on shop.orders for each row execute function shop.touch();
comment on column shop.orders.total is 'All of it';
commit;
