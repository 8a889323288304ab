set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: role `app` loses `createdb`
-- hazard access: role `app` loses `inherit`
-- hazard access: the password of role `app` ceases to be good earlier
alter role app nocreatedb noinherit connection limit 20 valid until '2031-12-31 00:00:00+00';
alter role "Reader.2" bypassrls;
create role writer createrole replication;
comment on role app is 'the new one';
commit;
