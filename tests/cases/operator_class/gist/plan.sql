set search_path = '';
set check_function_bodies = off;
begin;
drop operator class shop.near using gist;
alter operator family shop.near using gist drop operator 11 (point, point), function 3 (point, point), function 8 (point, point);
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
commit;
