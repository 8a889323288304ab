set search_path = '';
set check_function_bodies = off;
begin;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.t.s`
alter table shop.t drop column s;
-- hazard breaking: clients lose domain `shop.short_word`
drop domain shop.short_word;
alter table shop.t drop constraint t_w;
-- hazard breaking: clients lose function `shop.loud(shop.word)`
drop function shop.loud(shop.word);
-- hazard breaking: clients lose operator `shop.=(shop.word, shop.word)`
drop operator shop.= (shop.word, shop.word);
-- hazard breaking: clients lose function `shop.same(shop.word, shop.word)`
drop function shop.same(shop.word, shop.word);
-- hazard breaking: clients find another view `shop.v`
drop view shop.v;
-- hazard data: drops the column with its values
-- hazard breaking: clients lose column `shop.t.w`
alter table shop.t drop column w;
create role dbstate_drop;
alter type shop.word owner to dbstate_drop;
alter function shop.word_in(cstring) owner to dbstate_drop;
alter function shop.word_out(shop.word) owner to dbstate_drop;
drop owned by dbstate_drop restrict;
-- hazard breaking: clients lose base type `shop.word`
drop role dbstate_drop;
create view shop.v as
select id from shop.t;
commit;
