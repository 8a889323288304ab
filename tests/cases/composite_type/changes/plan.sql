set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of attribute `shop.address.new`
alter type shop.address rename attribute old to new;
-- hazard breaking: clients lose composite type `shop.dropped`
drop type shop.dropped;
-- hazard data: drops what columns of the type hold in it
-- hazard breaking: clients lose attribute `shop.address.gone`
alter type shop.address drop attribute gone;
create type shop.point as (
    place shop.address,
    at timestamp(3) without time zone[]
);
create type shop.nothing as ();
alter type shop.address add attribute city text collate "C";
comment on type shop.address is 'Where somebody lives';
comment on column shop.address.zip is 'Five digits';
commit;
