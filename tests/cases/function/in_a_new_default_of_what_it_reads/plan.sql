set search_path = '';
set check_function_bodies = off;
begin;
create function shop.next_sale() returns integer
    language sql
begin atomic select max(no) + 1 from shop.sale; end;
alter table shop.sale alter column no set default shop.next_sale();
commit;
