set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.base add column more integer;
create table shop.a (
    id bigint default nextval('shop.base_id_seq'::regclass),
    extra text,
    constraint a_kind_key unique (kind, id),
    constraint is_a check (kind = 'A')
) inherits (shop.base);
alter table shop.a alter column kind set default 'A';
commit;
