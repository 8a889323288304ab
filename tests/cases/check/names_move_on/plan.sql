set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.t rename constraint third to fourth;
alter table shop.t rename constraint first to third;
alter table shop.t rename constraint second to first;
commit;
