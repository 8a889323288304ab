set search_path = '';
set check_function_bodies = off;
begin;
create table a.note (
    t integer not null,
    note character varying,
    key text generated always as (coalesce(note, 'none')) stored,
    constraint note_pkey primary key (t)
);
create unique index note_t on a.note (t desc);
create view a.lines as
select s.key, s.t from a.note s;
create view a.z as
select s.t from a.lines s;
create view b."select" as
select s.t from a.z s;
create materialized view a."T" as
select key, s.t from a.lines s;
commit;
