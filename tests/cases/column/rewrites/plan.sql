set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table
alter table shop.by_domain add column a shop.positive;
-- hazard rewrite: rewrites the table
alter table shop.by_domain_of_domain add column a shop.more;
-- hazard rewrite: rewrites the table
alter table shop.by_domain_with_default add column a shop.positive default 3;
-- hazard rewrite: rewrites the table
alter table shop.by_function add column a integer default shop.pick();
-- hazard rewrite: rewrites the table
alter table shop.by_number add column a bigint default nextval('shop.s');
-- hazard rewrite: rewrites the table
alter table shop.by_uuid add column a uuid default gen_random_uuid();
alter table shop.not_by_array add column a shop.positive[];
alter table shop.not_by_domain add column a shop."any";
alter table shop.not_by_function add column a integer default shop.same();
alter table shop.not_by_time add column a timestamp with time zone default now() not null;
commit;
