set search_path = '';
set check_function_bodies = off;
begin;
-- hazard access: takes privileges from reader
revoke select on sequence shop.orders_id_seq from reader;
create table shop.items (
    id bigint generated always as identity not null
);
grant usage on sequence shop.items_id_seq to writer;
grant usage on sequence shop.orders_id_seq to writer;
commit;
