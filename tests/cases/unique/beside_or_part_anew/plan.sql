set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders detach partition shop.first_orders;
alter table shop.first_orders drop constraint first_id;
alter table shop.second_orders drop constraint second_id;
create table shop.third_orders (
    id integer,
    user_id integer,
    constraint third_id unique (id)
);
alter table shop.orders attach partition shop.third_orders for values from (20) to (30);
create table shop.fourth_orders (
    id integer,
    user_id integer
);
alter table shop.first_orders add constraint first_id unique (id) deferrable;
alter table shop.orders attach partition shop.first_orders for values from (0) to (10);
alter table shop.second_orders add constraint second_id unique (id) deferrable;
create unique index fourth_part on shop.fourth_orders (id);
alter table shop.orders attach partition shop.fourth_orders for values from (30) to (40);
alter table shop.fourth_orders add constraint fourth_id unique (id);
commit;
