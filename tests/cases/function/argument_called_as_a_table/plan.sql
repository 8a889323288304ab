set search_path = '';
set check_function_bodies = off;
begin;
create function shop.is_said(t text) returns boolean
    language sql immutable
as $$select t <> ''$$;
create table shop.t (
    name text,
    named boolean generated always as (shop.is_said(name)) stored
);
commit;
