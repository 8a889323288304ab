set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of role `renamed_maker`
alter role renamed_maker rename to renamed_author;
-- hazard breaking: clients know the old name of role `renamed_reader`
alter role renamed_reader rename to renamed_viewer;
-- hazard breaking: clients know the old name of schema `store`
alter schema shop rename to store;
-- hazard breaking: clients know the old name of schema `its`
alter schema "it's" rename to its;
-- hazard access: takes default privileges from renamed_stays
alter default privileges for role renamed_author in schema its revoke execute on functions from renamed_stays;
-- hazard access: takes default privileges from public
alter default privileges for role renamed_author in schema store revoke usage on sequences from public;
-- hazard access: takes default privileges from renamed_stays
alter default privileges for role renamed_author in schema store revoke select on tables from renamed_stays;
alter default privileges for role renamed_author in schema store grant insert on tables to renamed_viewer;
commit;
