set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint orders_user;
alter table shop.tree drop constraint tree_above;
-- hazard data: turns text into uuid: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn text into uuid
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders alter column "user" type uuid using "user"::uuid, alter column number type bigint using number::bigint;
-- hazard data: turns numeric(10,3) into double precision: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn numeric(10,3) into double precision
alter table shop.tree alter column id type double precision using id::double precision, alter column above type double precision using above::double precision;
-- hazard data: turns text into uuid: values may be cut, rounded or refused
-- hazard rewrite: rewrites the table to turn text into uuid
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.users alter column id type uuid using id::uuid, alter column number type bigint using number::bigint;
alter table shop.orders add constraint orders_user foreign key ("user") references shop.users(id) not valid;
-- hazard block: compares every row while writers of both tables wait
alter table shop.tree add constraint tree_above foreign key (above) references shop.tree(id) on delete cascade;
commit;
