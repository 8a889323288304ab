set search_path = '';
set check_function_bodies = off;
begin;
alter function shop.a() no depends on extension citext;
alter index shop.t_id no depends on extension citext;
alter function shop.b() depends on extension citext;
commit;
