set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.t set (fillfactor = '80', toast.autovacuum_enabled = 'false');
alter table shop.t replica identity full;
alter table shop.t cluster on t_name_idx;
create table shop.u (
    id integer not null,
    name text,
    constraint u_id_key unique (id)
) with (toast.autovacuum_enabled = 'false');
alter table shop.u replica identity using index u_id_key;
create table shop.typed of shop."row" (
    id with options default 3 not null,
    constraint typed_pkey primary key (id)
);
alter table shop.t alter column name set (n_distinct = '-0.5');
commit;
