set search_path = '';
set check_function_bodies = off;
begin;
alter domain shop.a rename constraint "a there" to other;
comment on constraint other on domain shop.a is null;
-- hazard block: scans every table that uses the domain
alter domain shop.b add constraint "b there" not null;
comment on constraint "b there" on domain shop.b is 'b';
alter domain shop.c drop not null;
create domain shop.d as text constraint "d there" not null;
commit;
