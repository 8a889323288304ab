set search_path = '';
set check_function_bodies = off;
begin;
alter function shop.no_in(cstring) parallel safe;
alter function shop.no_out(shop.no) parallel safe;
create function shop.no_recv(internal) returns shop.no
    language internal immutable strict
as $$int4recv$$;
create function shop.no_send(shop.no) returns bytea
    language internal immutable strict
as $$int4send$$;
alter type shop.no set (receive = shop.no_recv, send = shop.no_send);
commit;
