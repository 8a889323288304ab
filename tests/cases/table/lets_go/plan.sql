set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose column `shop.orders.twice`
alter table shop.orders drop column twice;
drop trigger touched on shop.orders;
-- hazard breaking: clients lose function `shop.touch()`
drop function shop.touch();
alter table shop.orders alter column id drop default;
-- hazard data: drops the sequence with its position
-- hazard breaking: clients lose sequence `shop.no`
drop sequence shop.no;
alter table shop.orders alter column amount set default 2;
-- hazard breaking: clients lose function `shop.one()`
drop function shop.one();
-- hazard rewrite: rewrites the table to turn shop.status into text
alter table shop.orders alter column status drop default, alter column status type text using status::text, alter column status set default 'new';
-- hazard breaking: clients lose enum type `shop.status`
drop type shop.status;
alter table shop.orders add constraint amount_fits_new check (amount > 0) not valid;
-- hazard access: other rows can be seen or written than before
alter policy few on shop.orders using (amount > 0);
commit;
alter table shop.orders validate constraint amount_fits_new;
create index concurrently amount_fits_idx_new on shop.orders ((amount > 0));
drop index concurrently shop.amount_fits_idx;
begin;
alter table shop.orders drop constraint amount_fits;
alter table shop.orders rename constraint amount_fits_new to amount_fits;
alter index shop.amount_fits_idx_new rename to amount_fits_idx;
create or replace view shop.v as
select amount > 0 as fits from shop.orders;
-- hazard breaking: clients lose function `shop.fits(integer)`
drop function shop.fits(integer);
commit;
