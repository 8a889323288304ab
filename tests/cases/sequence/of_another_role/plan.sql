set search_path = '';
set check_function_bodies = off;
begin;
create sequence shop.items_amount_seq as integer;
create sequence shop.items_id_seq as integer;
create sequence shop.places_at_seq as integer;
alter sequence shop.number owned by none;
alter sequence shop.orders_id_seq owned by none;
create table shop.places (
    id bigint,
    at integer default nextval('shop.places_at_seq'::regclass) not null
);
alter sequence shop.places_at_seq owned by shop.places.at;
-- hazard rewrite: rewrites the table
alter table shop.items add column id integer default nextval('shop.items_id_seq'::regclass) not null;
alter table shop.items alter column amount set default nextval('shop.items_amount_seq'::regclass);
alter table shop.orders alter column id drop default;
alter sequence shop.items_amount_seq owner to app;
alter sequence shop.items_amount_seq owned by shop.items.amount;
alter sequence shop.items_id_seq owner to app;
alter sequence shop.items_id_seq owned by shop.items.id;
-- hazard access: `app` no longer owns sequence `shop.number`
alter sequence shop.number owner to keeper;
-- hazard access: `app` no longer owns sequence `shop.spare`
alter sequence shop.spare owner to keeper;
-- hazard access: `app` no longer owns table `shop.brands`
alter table shop.brands owner to keeper;
-- hazard access: `app` no longer owns sequence `shop.orders_id_seq`
alter sequence shop.orders_id_seq owner to keeper;
alter table shop.places owner to keeper;
alter sequence shop.spare owned by shop.places.id;
-- hazard access: `app` no longer owns table `shop.products`
alter table shop.products owner to keeper;
alter sequence shop.number owned by shop.products.id;
commit;
