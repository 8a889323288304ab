set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.new_sale alter column at set not null;
alter table shop.new_sale validate constraint sold;
commit;
