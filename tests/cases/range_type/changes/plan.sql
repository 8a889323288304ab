set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of multirange `shop.other.others`
alter type shop.other_multirange rename to others;
-- hazard breaking: clients lose range type `shop.price_range`
drop type shop.price_range;
-- hazard breaking: clients find another range type `shop.third`
drop type shop.third;
create type shop.third as range (subtype = bigint);
create type shop.float_range as range (subtype = double precision, subtype_diff = float8mi);
create table shop.t (
    r shop.other,
    m shop.others
);
comment on type shop.other is 'Words';
commit;
