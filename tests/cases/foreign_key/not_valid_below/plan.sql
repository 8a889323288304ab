set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.first drop constraint who;
alter table shop.sale add constraint who foreign key (buyer) references shop.buyer(id);
commit;
