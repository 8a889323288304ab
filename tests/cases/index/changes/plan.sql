set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.gone;
drop index shop.i_order;
drop index shop.i_gin;
create index i_order on shop.users (at desc nulls last);
create index i_gin on shop.users using gin (doc) with (fastupdate = 'off');
create unique index "I Unique" on shop.users (email, (name || 'x') collate "POSIX") include (id) nulls not distinct where id > 0;
create index i_array on shop.users using gin (tags);
create index i_hash on shop.users using hash (email) with (fillfactor = '60');
create index i_brin on shop.users using brin (at timestamptz_minmax_multi_ops (values_per_range=16));
create materialized view shop.m as
select id from shop.users;
create unique index m_id on shop.m (id);
comment on index shop."I Unique" is 'one';
commit;
