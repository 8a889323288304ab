set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.t_sum;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.t alter column id type bigint using id::bigint;
alter index shop.t_id depends on extension citext;
create or replace function shop.f() returns integer
    language sql
as $$select 2$$;
alter function shop.f() depends on extension citext;
create or replace procedure shop.p()
    language sql
as $$select 2$$;
alter procedure shop.p() depends on extension citext;
-- hazard block: builds the index while writers wait
create index t_sum on shop.t ((id + 1));
create or replace trigger touch before insert or update on shop.t for each row execute function shop.touch();
alter trigger touch on shop.t depends on extension citext;
alter index shop.t_sum depends on extension citext;
commit;
