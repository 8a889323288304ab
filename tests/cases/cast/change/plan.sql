set search_path = '';
set check_function_bodies = off;
begin;
drop cast (text as json);
drop cast (json as text);
create type shop.status as enum ('new', 'paid');
create function shop.from_int(integer) returns shop.status
    language sql immutable
as $$select case $1 when 0 then 'new' else 'paid' end::shop.status$$;
create cast (json as text) without function;
create cast (integer as shop.status) with function shop.from_int(integer) as assignment;
create cast (shop.status as character varying) with inout as implicit;
comment on cast (json as text) is 'Plain and explicit';
commit;
