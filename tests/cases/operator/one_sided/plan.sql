set search_path = '';
set check_function_bodies = off;
begin;
create function shop.below(integer, text) returns boolean
    language sql immutable
as $$select true$$;
create function shop.above(text, integer) returns boolean
    language sql immutable
as $$select true$$;
create operator shop.<! (
    function = shop.below,
    leftarg = integer,
    rightarg = text,
    commutator = operator(shop.!>)
);
create operator shop.!> (
    function = shop.above,
    leftarg = text,
    rightarg = integer
);
commit;
