set search_path = '';
set check_function_bodies = off;
begin;
create type shop.span;
create type shop.word;
create type shop.later;
create function shop.span_canonical(shop.span) returns shop.span
    language internal immutable strict
as $$int4range_canonical$$;
create type shop.span as range (subtype = integer, canonical = shop.span_canonical);
create function shop.word_in(cstring) returns shop.word
    language internal immutable strict
as $$textin$$;
create function shop.word_out(shop.word) returns cstring
    language internal immutable strict
as $$textout$$;
create type shop.word (
    input = shop.word_in,
    output = shop.word_out,
    category = 'S',
    default = 'it''s',
    collatable = true
);
create table shop.t (
    w shop.word not null,
    s shop.span,
    w2 shop.word[]
);
comment on type shop.word is 'from the ground';
commit;
