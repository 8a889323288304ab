set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose operator `shop.-(none, text)`
drop operator shop.- (none, text);
-- hazard breaking: clients lose function `shop.neg(text)`
drop function shop.neg(text);
drop view shop.v;
-- hazard breaking: clients find another operator `shop.<<<(integer, text)`
drop operator shop.<<< (integer, text);
create operator shop.<<< (
    function = shop.lt,
    leftarg = integer,
    rightarg = text,
    commutator = operator(shop.>>>),
    negator = operator(shop.>=>),
    restrict = scalarltsel,
    join = scalarltjoinsel
);
alter operator shop.>>> (text, integer) set (restrict = scalargtsel);
create operator shop.>=> (
    function = shop.not_lt,
    leftarg = integer,
    rightarg = text,
    negator = operator(shop.<<<)
);
create view shop.v as
select 3 operator(shop.<<<) 'word'::text as shorter;
comment on operator shop.<<< (integer, text) is 'Shorter';
commit;
