set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table
alter table public.t add column ap text default public.next() not null;
-- hazard rewrite: rewrites the table
alter table public.t add column clean text generated always as (public.clean(note)) stored;
alter table public.t add constraint t_note_check check (public.clean(note) <> '') not valid;
commit;
alter table public.t validate constraint t_note_check;
