set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table to turn shop.span into text
alter table shop.t alter column s type text using s::text;
create role dbstate_drop;
alter type shop.span owner to dbstate_drop;
alter function shop.span_canonical(shop.span) owner to dbstate_drop;
drop owned by dbstate_drop restrict;
-- hazard breaking: clients find another range type `shop.span`
drop role dbstate_drop;
create type shop.span as range (subtype = integer);
-- hazard data: fails where a value is no shop.span
-- hazard rewrite: rewrites the table to turn text into shop.span
alter table shop.t alter column s type shop.span using s::text::shop.span;
comment on type shop.span is 'from here to there';
commit;
