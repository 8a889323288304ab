set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders drop constraint b_said;
alter table shop.orders drop constraint orders_a_not_null;
alter table shop.orders add constraint a_said not null a not valid;
alter table shop.orders add constraint b_said not null b not valid;
alter table shop.orders add constraint c_said not null c not valid;
commit;
