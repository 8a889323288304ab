-- Base types, and what is made by way of a shell type.

create type shop.span;
create function shop.span_canon(shop.span) returns shop.span language internal immutable strict as 'int4range_canonical';
create type shop.span as range (subtype = int4, subtype_opclass = int4_ops, canonical = shop.span_canon);
create type shop.base;
create function shop.base_in(cstring, oid, int4) returns shop.base language internal immutable strict as 'varcharin';
create function shop.base_out(shop.base) returns cstring language internal immutable strict as 'varcharout';
create function shop.base_recv(internal, oid, int4) returns shop.base language internal stable strict as 'varcharrecv';
create function shop.base_send(shop.base) returns bytea language internal stable strict as 'varcharsend';
create function shop.base_modin(cstring[]) returns int4 language internal immutable strict as 'varchartypmodin';
create function shop.base_modout(int4) returns cstring language internal immutable strict as 'varchartypmodout';
create function shop.base_analyze(internal) returns boolean language internal strict as 'array_typanalyze';
create type shop.base (input = shop.base_in, output = shop.base_out, receive = shop.base_recv, send = shop.base_send,
    typmod_in = shop.base_modin, typmod_out = shop.base_modout, analyze = shop.base_analyze,
    internallength = variable, alignment = int4, storage = extended, category = 'S', preferred = true,
    default = 'it''s', delimiter = ';', collatable = true);
create type shop.small;
create function shop.small_in(cstring) returns shop.small language internal immutable strict as 'int2in';
create function shop.small_out(shop.small) returns cstring language internal immutable strict as 'int2out';
create type shop.small (input = shop.small_in, output = shop.small_out, internallength = 2, passedbyvalue,
    alignment = int2);
create type shop.point2;
create function shop.point2_in(cstring) returns shop.point2 language internal immutable strict as 'point_in';
create function shop.point2_out(shop.point2) returns cstring language internal immutable strict as 'point_out';
create type shop.point2 (input = shop.point2_in, output = shop.point2_out, internallength = 16, alignment = double,
    element = float8, subscript = raw_array_subscript_handler);
comment on type shop.base is 'from the ground';
alter type shop.base owner to member;
grant usage on type shop.base to "app's";
create type shop.shell;
create cast (shop.base as varchar) without function;
create table shop.based (a shop.base(7) default 'x', b shop.small[], c shop.span);
