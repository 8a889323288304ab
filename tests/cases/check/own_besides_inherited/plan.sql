set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: `shop.parties` no longer shows the rows of table `shop.firms`
alter table shop.firms no inherit shop.parties;
alter table shop.people add constraint known check ((id > 0));
commit;
