set search_path = '';
set check_function_bodies = off;
begin;
comment on transform for shop.status language own is null;
create or replace transform for shop.status language own (from sql with function shop.other(internal));
create transform for integer language own (from sql with function shop.out_of(internal));
commit;
