set search_path = '';
set check_function_bodies = off;
begin;
create table shop.base1 (
    a integer,
    b text default 'b'::text not null,
    constraint bc check ((a > 0)),
    constraint ni check ((a > 1)) no inherit
);
create table shop.base2 (
    b text,
    c integer
);
create table shop.cust (
    id integer not null,
    constraint cust_pkey primary key (id)
);
create table shop.kid (
    b text default 'kid'::text,
    d integer
) inherits (shop.base1, shop.base2);
create table shop.grandkid (
    e integer
) inherits (shop.kid);
create table shop.l (
    r text not null,
    a integer not null,
    constraint l_pkey primary key (r, a)
) partition by list (r);
create table shop.l_def partition of shop.l default partition by hash (a);
create table shop.l_def_0 partition of shop.l_def for values with (modulus 3, remainder 0) with (fillfactor = '40');
alter table shop.l_def_0 enable row level security;
create unlogged table shop.l_def_1 partition of shop.l_def for values with (modulus 3, remainder 1);
create table shop.l_null (
    r text not null,
    a integer not null,
    constraint l_null_pkey primary key (r, a)
);
alter table shop.l attach partition shop.l_null for values in ('x', 'y');
alter table shop.l_null replica identity using index l_null_pkey;
create table shop.p (
    id bigint generated always as identity not null,
    at timestamp with time zone not null,
    name text collate "C" default 'x'::text,
    n integer default 3,
    g integer generated always as (1) stored,
    cid integer,
    constraint p_n_check check ((n > 0))
) partition by range (at, lower(name) text_pattern_ops);
create table shop.p1_renamed (
    id bigint not null,
    at timestamp with time zone not null,
    name text collate "C",
    n integer default 4 not null,
    g integer generated always as (1) stored,
    cid integer,
    constraint p_n_check check ((n > 0))
);
create table shop.p2 (
    name text collate "C" default 'x'::text,
    at timestamp with time zone not null,
    id bigint not null,
    cid integer,
    n integer default 3,
    g integer generated always as (1) stored,
    constraint local check ((n < 9)),
    constraint p2_n_check check ((n > 0)),
    constraint p_n_check check ((n > 0))
);
alter table shop.p2 alter column name set storage external;
create table shop.ref (
    r text,
    a integer
);
create function shop.f() returns trigger
    language plpgsql
as $$begin return new; end$$;
alter table shop.p add constraint p_cid_fkey foreign key (cid) references shop.cust(id);
alter table shop.ref add constraint ref_r_a_fkey foreign key (r, a) references shop.l(r, a) on delete cascade;
create index only_idx on only shop.l (a);
create index p1_lower_id_idx on shop.p1_renamed (lower(name), id);
create index p_expr on shop.p (lower(name), id);
create index p1_n_idx on shop.p1_renamed (n);
create index p1_n_idx1 on shop.p1_renamed (n);
alter table shop.p attach partition shop.p1_renamed for values from ('2023-12-31 22:00:00+00', minvalue) to ('2025-01-01 00:00:00+00', maxvalue);
create index p2_id_idx on shop.p2 (id);
create index p2_special on shop.p2 (n) with (fillfactor = '50');
alter table shop.p attach partition shop.p2 for values from ('2026-01-01 00:00:00+00', minvalue) to ('2027-01-01 00:00:00+00', maxvalue);
create view shop.v as
SELECT p2.name,
    p2.at,
    p2.id,
    p2.cid,
    p2.n,
    p2.g
   FROM shop.p2;
create index p_n on shop.p (n);
create index p_n2 on shop.p (n);
create trigger tr before insert on shop.p for each row execute function shop.f();
create policy q on shop.l_def_0 using ((a > 0));
comment on constraint l_null_pkey on shop.l_null is 'hi';
commit;
