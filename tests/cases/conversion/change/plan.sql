set search_path = '';
set check_function_bodies = off;
begin;
drop conversion shop.narrow;
create default conversion shop.narrow for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
create conversion shop.wide for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
comment on conversion shop.narrow is 'Narrow';
commit;
