set search_path = '';
set check_function_bodies = off;
begin;
create access method heap2 type table handler heap_tableam_handler;
create or replace trusted language own handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;
create function shop.f() returns void
    language own
as $$begin end$$;
comment on access method heap2 is 'As heap';
comment on language own is 'Ours';
commit;
