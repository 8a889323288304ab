set search_path = '';
set check_function_bodies = off;
begin;
alter role app set search_path to "$user", "Shop";
alter role app set statement_timeout to '30s';
alter role app set work_mem to '16MB';
alter role app set app.title to 'it''s';
alter role app reset timezone;
commit;
