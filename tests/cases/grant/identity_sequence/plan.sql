set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: takes privileges from app
revoke usage on sequence shop.a_id_seq from app;
grant select, update, usage on sequence shop.b_id_seq to keeper;
-- hazard access: takes privileges from app
revoke usage on sequence shop.d_id_seq from app;
create table shop.f (
    id integer generated always as identity not null
);
alter table shop.d alter column id drop identity;
-- hazard access: `keeper` no longer owns table `shop.c`
alter table shop.c owner to app;
alter table shop.f owner to app;
-- hazard access: takes privileges from app
revoke update on sequence shop.c_id_seq from app;
revoke select, update on sequence shop.e_id_seq from keeper;
revoke select, update, usage on sequence shop.f_id_seq from app;
grant usage on sequence shop.f_id_seq to keeper;
commit;
