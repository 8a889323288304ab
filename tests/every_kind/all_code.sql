-- Functions, and what is made of them.

create function "Odd.Schema"."F un"(a int, inout b text default 'it''s', out c numeric, variadic d int[] default '{1}')
    returns setof record language plpgsql stable strict leakproof security definer parallel safe cost 7 rows 77
    set work_mem = '7MB' set search_path = shop, pg_temp as $$begin
    -- drop table nothing
    return;
end$$;
create function shop.columns(int) returns table (x int, "Y y" text) language sql as 'select 1, ''a''';
create function shop.atomic(a int) returns int language sql immutable parallel restricted begin atomic select a + 1; end;
create function shop.compiled(a int) returns int language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create function shop.supported(a text) returns int language internal immutable as 'textlen';
alter function shop.supported(text) support textlike_support;
create function shop.windowed(n int) returns int window language internal as 'window_ntile';
create function shop.from_hstore(internal) returns internal language internal immutable as 'boolin';
create function shop.to_hstore(internal) returns public.hstore language internal immutable as 'boolin';
create transform for public.hstore language "My Lang"
    (from sql with function shop.from_hstore(internal), to sql with function shop.to_hstore(internal));
comment on transform for public.hstore language "My Lang" is 'hash';
create function shop.from_pair(internal) returns internal language internal immutable as 'boolin';
create transform for shop.pair language plpgsql (from sql with function shop.from_pair(internal));
create function shop.transformed(h public.hstore) returns int transform for type public.hstore language "My Lang" as 'begin return 1; end';
comment on function "Odd.Schema"."F un"(int, text, int[]) is 'fun';
alter function "Odd.Schema"."F un"(int, text, int[]) owner to "The Owner";
grant execute on function "Odd.Schema"."F un"(int, text, int[]) to "app's" with grant option;
revoke execute on function shop.atomic from public;
create procedure shop.act(a int, inout b int default 3) language plpgsql security definer set enable_seqscan = off as 'begin end';
create procedure shop.acts(a text) language sql begin atomic delete from shop.friends where n = length(a); end;
create procedure shop.compiled_act() language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create procedure shop.transformed_act(h public.hstore) transform for type public.hstore language "My Lang" as 'begin end';
create procedure shop.varied(variadic a int[]) language plpgsql as 'begin end';
comment on procedure shop.act is 'acts';
alter procedure shop.act owner to other;
grant execute on procedure shop.act to "app's";
revoke execute on procedure shop.acts from public;

create aggregate shop.total(int) (sfunc = int4pl, stype = int, initcond = '5', combinefunc = int4pl, sspace = 12,
    msfunc = int4pl, minvfunc = int4mi, mstype = int, msspace = 13, minitcond = '6', parallel = safe,
    finalfunc = int4abs, finalfunc_modify = read_write, mfinalfunc = int4abs, mfinalfunc_modify = shareable);
create function shop.final_extra(a int, b int) returns int language sql as 'select a';
create aggregate shop.extra(int) (sfunc = int4pl, stype = int, finalfunc = shop.final_extra, finalfunc_extra,
    msfunc = int4pl, minvfunc = int4mi, mstype = int, mfinalfunc = shop.final_extra, mfinalfunc_extra);
create aggregate shop.averages(int) (sfunc = int4_avg_accum, stype = int8[], finalfunc = int8_avg, initcond = '{0,0}',
    combinefunc = int4_avg_combine);
create function shop.keep(internal, anyelement) returns internal language internal as 'ordered_set_transition';
create aggregate shop.parted(numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_avg,
    combinefunc = numeric_avg_combine, serialfunc = numeric_avg_serialize, deserialfunc = numeric_avg_deserialize,
    parallel = restricted);
create aggregate shop.least("Ar g" int) (sfunc = int4smaller, stype = int, sortop = <);
create aggregate shop.percent(float8 order by float8) (sfunc = ordered_set_transition, stype = internal,
    finalfunc = percentile_cont_float8_final);
create aggregate shop.ranks(variadic "any" order by variadic "any") (sfunc = ordered_set_transition_multi,
    stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
create aggregate shop.counts(*) (sfunc = int8inc, stype = int8, initcond = '0');
comment on aggregate shop.total(int) is 'sum';
alter aggregate shop.total(int) owner to other;
grant execute on function shop.total(int) to "app's";
revoke execute on function shop.counts() from public;

create function shop.pair_lt(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a < $2.a';
create function shop.pair_gt(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a > $2.a';
create function shop.pair_ge(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a >= $2.a';
create function shop.pair_le(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a <= $2.a';
create function shop.pair_eq(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a = $2.a';
create function shop.pair_ne(shop.pair, shop.pair) returns boolean language sql immutable as 'select $1.a <> $2.a';
create function shop.pair_minus(shop.pair) returns int language sql immutable as 'select -$1.a';
create function shop.pair_cmp(shop.pair, shop.pair) returns int language sql immutable as 'select sign($1.a - $2.a)::int';
create function shop.pair_hash(shop.pair) returns int language sql immutable as 'select $1.a';
create function shop.pair_hash64(shop.pair, bigint) returns bigint language sql immutable as 'select $1.a + $2';
create function shop.pair_distance(shop.pair, shop.pair) returns int language sql immutable as 'select $1.a - $2.a';
create operator shop.<# (function = shop.pair_lt, leftarg = shop.pair, rightarg = shop.pair, commutator = operator(shop.>#),
    negator = operator(shop.>=#), restrict = scalarltsel, join = scalarltjoinsel);
create operator shop.># (function = shop.pair_gt, leftarg = shop.pair, rightarg = shop.pair,
    commutator = operator(shop.<#));
create operator shop.>=# (function = shop.pair_ge, leftarg = shop.pair, rightarg = shop.pair,
    negator = operator(shop.<#));
create operator shop.<=# (function = shop.pair_le, leftarg = shop.pair, rightarg = shop.pair);
create operator shop.=# (function = shop.pair_eq, leftarg = shop.pair, rightarg = shop.pair, commutator = operator(shop.=#),
    hashes, merges, restrict = eqsel, join = eqjoinsel);
create operator shop.<-># (function = shop.pair_distance, leftarg = shop.pair, rightarg = shop.pair);
create operator "Odd.Schema".- (function = shop.pair_minus, rightarg = shop.pair);
comment on operator shop.<# (shop.pair, shop.pair) is 'less';
comment on operator "Odd.Schema".- (none, shop.pair) is 'minus';
alter operator shop.<# (shop.pair, shop.pair) owner to other;
create operator family shop."Fam ily" using btree;
create operator class shop.pair_ops default for type shop.pair using btree family shop."Fam ily" as
    operator 1 shop.<#, operator 2 shop.<=#, operator 3 shop.=#, operator 4 shop.>=#, operator 5 shop.>#,
    function 1 shop.pair_cmp(shop.pair, shop.pair);
create operator class "Odd.Schema".pair_hash for type shop.pair using hash as
    operator 1 shop.=#, function 1 shop.pair_hash(shop.pair), function 2 shop.pair_hash64(shop.pair, bigint);
create function shop.mixed_lt(shop.pair, int) returns boolean language sql immutable as 'select $1.a < $2';
create function shop.mixed_cmp(shop.pair, int) returns int language sql immutable as 'select sign($1.a - $2)::int';
create operator shop.<# (function = shop.mixed_lt, leftarg = shop.pair, rightarg = int);
alter operator family shop."Fam ily" using btree add operator 1 shop.<# (shop.pair, int),
    function 1 (shop.pair, int) shop.mixed_cmp(shop.pair, int);
create operator family shop.lonely using hash;
create operator class shop.gist_pair for type shop.pair using gist as
    operator 1 shop.<-># (shop.pair, shop.pair) for order by integer_ops,
    function 1 "Odd.Schema".gbt_int4_consistent(internal, int4, int2, oid, internal),
    function 2 "Odd.Schema".gbt_int4_union(internal, internal), function 3 "Odd.Schema".gbt_int4_compress(internal),
    function 5 "Odd.Schema".gbt_int4_penalty(internal, internal, internal),
    function 6 "Odd.Schema".gbt_int4_picksplit(internal, internal),
    function 7 "Odd.Schema".gbt_int4_same("Odd.Schema".gbtreekey8, "Odd.Schema".gbtreekey8, internal),
    storage "Odd.Schema".gbtreekey8;
comment on operator family shop."Fam ily" using btree is 'relatives';
comment on operator class shop.pair_ops using btree is 'class';
alter operator family shop."Fam ily" using btree owner to other;
alter operator class shop.pair_ops using btree owner to other;
create function shop.as_pair(int, int, boolean) returns shop.pair language sql immutable as 'select row($1, null, null, null)::shop.pair';
create cast (int as shop.pair) with function shop.as_pair(int, int, boolean) as implicit;
create cast (shop.pair as int) with function shop.pair_minus(shop.pair) as assignment;
create cast (shop.status as shop.code) with inout;
comment on cast (int as shop.pair) is 'made';
create default conversion shop.conv for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create conversion "Odd.Schema"."Con v" for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;
comment on conversion shop.conv is 'letters';
alter conversion shop.conv owner to other;

alter function shop.windowed(int) depends on extension citext;
alter function shop.windowed(int) depends on extension hstore;
alter procedure shop.act depends on extension citext;
alter trigger truncated on shop.users depends on extension hstore;
alter materialized view shop.later depends on extension citext;
alter index shop.trees2 depends on extension citext;
create sequence shop.owned owned by shop.orders.a;
