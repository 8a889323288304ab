set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose operator `shop.-(none, text)`
drop operator shop.- (none, text);
-- hazard breaking: clients lose function `shop.neg(text)`
drop function shop.neg(text);
alter operator shop.>>> (text, integer) set (restrict = scalargtsel);
create operator shop.>=> (
    function = shop.not_lt,
    leftarg = integer,
    rightarg = text,
    negator = operator(shop.<<<)
);
alter operator shop.<<< (integer, text) set (restrict = scalarltsel, join = scalarltjoinsel, negator = operator(shop.>=>));
commit;
