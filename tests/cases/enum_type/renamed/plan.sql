set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of enum type `shop.State`
alter type shop.status rename to "State";
alter type shop."State" rename to "State_old";
create type shop."State" as enum ('new');
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a row holds `lost`
alter table shop.orders alter column "all" type shop."State"[] using "all"::text[]::shop."State"[], alter column status type shop."State" using status::text::shop."State";
drop type shop."State_old";
commit;
