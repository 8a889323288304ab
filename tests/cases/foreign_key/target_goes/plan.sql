set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.parts drop constraint parts_product_fkey;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.brands`
drop table shop.brands;
create table shop.products (
    id bigint not null,
    name text,
    constraint product_pkey primary key (id)
);
-- hazard block: compares every row while writers of both tables wait
alter table shop.parts add constraint parts_product_fkey foreign key (product) references shop.products(id);
commit;
