set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: fails where a value is no daterange
-- hazard rewrite: rewrites the table to turn datemultirange into daterange
-- hazard data: fails where a value is no uuid
-- hazard rewrite: rewrites the table to turn datemultirange into uuid
-- hazard data: fails where a value is no integer
-- hazard rewrite: rewrites the table to turn point into integer
alter table shop.sale alter column days type daterange using days::text::daterange, alter column "on" type uuid using "on"::text::uuid, alter column at type integer using at::text::integer;
commit;
