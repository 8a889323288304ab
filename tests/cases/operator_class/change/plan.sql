set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.t_a;
drop operator class shop.abs_ops using btree;
create operator family shop.near using gist;
create operator family shop.mixed using hash;
alter operator family shop.mixed using hash add
    operator 1 =(integer, bigint),
    function 1 (bigint, bigint) hashint8(bigint);
create operator class shop.abs_ops for type integer using btree family shop.abs_ops as
    operator 1 <(integer, integer),
    operator 2 <=(integer, integer),
    operator 3 =(integer, integer),
    operator 4 >=(integer, integer),
    operator 5 >(integer, integer),
    function 1 (integer, integer) shop.cmp(integer, integer);
create operator class shop.near for type point using gist family shop.near as
    operator 11 |>>(point, point),
    operator 15 <->(point, point) for order by float_ops,
    function 1 (point, point) gist_point_consistent(internal, point, smallint, oid, internal),
    function 2 (point, point) gist_box_union(internal, internal),
    function 3 (point, point) gist_point_compress(internal),
    function 5 (point, point) gist_box_penalty(internal, internal, internal),
    function 6 (point, point) gist_box_picksplit(internal, internal),
    function 7 (point, point) gist_box_same(box, box, internal),
    function 8 (point, point) gist_point_distance(internal, point, smallint, oid, internal),
    storage box;
create index t_a on shop.t (a shop.abs_ops);
create index t_b on shop.t using gist (b shop.near);
comment on operator class shop.abs_ops using btree is 'By size';
commit;
