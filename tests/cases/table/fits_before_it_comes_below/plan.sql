set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.orders_1 drop column doubled;
create table shop.letters (
    id bigint not null,
    sent date,
    constraint letters_pkey primary key (id)
) partition by list (id);
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.letters_1 alter column id type bigint using id::bigint;
alter table shop.letters_1 alter column id set not null;
alter table shop.letters attach partition shop.letters_1 for values in (1);
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.orders_1 alter column id type bigint using id::bigint, alter column note type text collate "C" using note::text;
alter table shop.orders_1 alter column id set not null;
-- hazard rewrite: rewrites the table
alter table shop.orders_1 add column doubled bigint generated always as (id * 2) stored;
alter table shop.orders attach partition shop.orders_1 for values in (1);
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.small_things alter column id type bigint using id::bigint;
alter table shop.small_things alter column name set not null;
alter table shop.small_things inherit shop.things;
commit;
