set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients know the old name of sequence `shop.items_id_seq`
alter sequence shop.goods_id_seq rename to items_id_seq;
-- hazard breaking: clients know the old name of foreign table `shop.items`
alter foreign table shop.goods rename to items;
create sequence shop.places_at_seq as integer;
alter sequence shop.spare owned by none;
-- hazard breaking: clients lose view `shop.ids`
drop view shop.ids;
create foreign table shop.places (
    id bigint,
    at integer default nextval('shop.places_at_seq'::regclass) not null
) server far;
alter sequence shop.places_at_seq owned by shop.places.at;
alter sequence shop.spare owned by shop.places.id;
commit;
