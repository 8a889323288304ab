set search_path = '';
set check_function_bodies = off;
begin;
alter sequence shop.goes_id_seq set logged;
-- hazard rewrite: rewrites the table
alter table shop.turns set unlogged;
alter sequence shop.turns_id_seq set logged;
-- hazard rewrite: rewrites the table
alter table shop.turns_too set unlogged;
create unlogged table shop.new (
    id integer generated always as identity (sequence name shop.numbers) not null
);
create unlogged table shop.same (
    id integer generated always as identity not null
);
alter table shop.falls alter column id drop identity;
alter sequence shop.comes_id_seq set logged;
alter sequence shop.numbers set logged;
commit;
