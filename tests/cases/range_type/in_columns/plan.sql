set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.slots drop constraint slots_apart;
-- hazard rewrite: rewrites the table to turn shop.span into text
-- hazard rewrite: rewrites the table to turn shop.spans into text
alter table shop.slots alter column at type text using at::text, alter column "all" type text using "all"::text;
-- hazard breaking: clients find another range type `shop.span`
drop type shop.span;
create type shop.span as range (subtype = double precision, subtype_diff = float8mi, multirange_type_name = shop.spans);
-- hazard data: fails where a value is no shop.span
-- hazard rewrite: rewrites the table to turn text into shop.span
-- hazard data: fails where a value is no shop.spans
-- hazard rewrite: rewrites the table to turn text into shop.spans
alter table shop.slots alter column at type shop.span using at::text::shop.span, alter column "all" type shop.spans using "all"::text::shop.spans;
-- hazard block: builds an index while readers and writers wait
alter table shop.slots add constraint slots_apart exclude using gist (at with &&);
commit;
