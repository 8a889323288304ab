set search_path = '';
set check_function_bodies = off;
begin;
create table shop.events (
    id bigint not null,
    kind text,
    constraint events_pkey primary key (id)
) partition by hash (id);
create table shop.events_0 (
    id bigint constraint events_id_not_null not null,
    kind text,
    constraint first_pk primary key (id)
);
create table shop.events_1 partition of shop.events for values with (modulus 2, remainder 1);
create index first_kind on shop.events_0 (kind);
alter table shop.events attach partition shop.events_0 for values with (modulus 2, remainder 0);
create index events_kind_idx on shop.events (kind);
commit;
