set search_path = '';
set check_function_bodies = off;
begin;
comment on collation shop."numeric" is null;
create collation shop.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation shop.mixed (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
create domain shop.word as text collate shop.loose;
-- hazard rewrite: rewrites the table to turn text into text
alter table shop.t alter column b type text collate shop."numeric" using b::text;
drop collation shop.posix;
commit;
