set search_path = '';
set check_function_bodies = off;
begin;
alter domain shop.email drop constraint email_lower;
alter domain shop.email set default '@';
alter domain shop.code drop default;
alter domain shop.code drop not null;
alter domain shop.short rename to short_old;
create domain shop.short as character varying(10);
drop domain shop.short_old;
create domain shop."Mixed Case" as integer not null;
-- hazard block: scans every table that uses the domain
alter domain shop.email add constraint email_lower check (value = upper(value));
alter domain shop.email validate constraint email_at;
comment on domain shop.email is 'An address';
comment on constraint email_lower on domain shop.email is 'shouts';
commit;
