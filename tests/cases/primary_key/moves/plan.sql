set search_path = '';
set check_function_bodies = off;
create unique index concurrently t_pkey_new on shop.t (id);
begin;
alter table shop.t drop constraint t_pkey;
alter table shop.t add constraint t_pkey primary key using index t_pkey_new;
alter table shop.t alter column pk drop not null;
commit;
