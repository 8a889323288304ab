set search_path = '';
set check_function_bodies = off;
begin;
create table shop.t (
    a lseg
);
create function shop.hash(lseg) returns integer
    language sql immutable
as $$select hashtext($1::text)$$;
create operator family shop.lines using hash;
create operator class shop.lines default for type lseg using hash family shop.lines as
    operator 1 =(lseg, lseg),
    function 1 (lseg, lseg) shop.hash(lseg);
create index t_a on shop.t using hash (a);
commit;
