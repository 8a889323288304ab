set search_path = '';
set check_function_bodies = off;
begin;
-- hazard breaking: clients lose aggregate `shop.gone(integer)`
drop aggregate shop.gone(integer);
create function shop.as_text(numeric) returns text
    language sql immutable
as $$select $1::text$$;
create or replace aggregate shop.total(numeric) (
    sfunc = shop.add,
    combinefunc = shop.add,
    msfunc = shop.add,
    minvfunc = shop.sub,
    stype = numeric,
    initcond = '0',
    mstype = numeric,
    minitcond = '0',
    parallel = safe
);
create or replace aggregate shop.joined(text) (
    sfunc = textcat,
    stype = text
);
create aggregate shop.rows(*) (
    sfunc = int8inc,
    stype = bigint,
    initcond = '0'
);
create aggregate shop.top(value integer) (
    sfunc = int4larger,
    stype = integer,
    sortop = >
);
create aggregate shop.middle(share double precision order by value anyelement) (
    sfunc = ordered_set_transition,
    finalfunc = percentile_disc_final,
    stype = internal,
    finalfunc_extra
);
create aggregate shop.place(variadic "any" order by variadic "any") (
    sfunc = ordered_set_transition_multi,
    finalfunc = rank_final,
    stype = internal,
    finalfunc_extra,
    hypothetical
);
create aggregate shop.written(numeric) (
    sfunc = shop.add,
    finalfunc = shop.as_text,
    stype = numeric,
    sspace = 32,
    finalfunc_modify = shareable
);
comment on aggregate shop.rows(*) is 'Counts';
comment on aggregate shop.total(numeric) is 'Adds up, also backwards';
commit;
