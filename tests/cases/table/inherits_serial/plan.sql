set search_path = '';
set check_function_bodies = off;
begin;
create sequence shop.base_id_seq;
create table shop.base (
    id bigint default nextval('shop.base_id_seq'::regclass) not null,
    kind text not null
);
alter sequence shop.base_id_seq owned by shop.base.id;
create table shop.a (
    constraint is_a check (kind = 'A')
) inherits (shop.base);
commit;
