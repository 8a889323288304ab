set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.booking drop constraint booking_free;
alter table shop.booking add constraint booking_free exclude using gist (room with =, during with &&) where (not cancelled) deferrable initially deferred;
alter table shop.booking add constraint booking_hash exclude using hash ((room + 1) with =);
comment on constraint booking_same on shop.booking is 'circles';
commit;
