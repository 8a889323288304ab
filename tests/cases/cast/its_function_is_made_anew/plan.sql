set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.shops drop column words;
drop cast (shop.place as text);
-- hazard breaking: clients find another function `shop.in_words(shop.place)`
drop function shop.in_words(shop.place);
create function shop.in_words(point shop.place) returns text
    language sql immutable
as $$select ($1).x::text$$;
create cast (shop.place as text) with function shop.in_words(shop.place) as assignment;
-- hazard rewrite: rewrites the table
alter table shop.shops add column words text generated always as (at::text) stored;
commit;
