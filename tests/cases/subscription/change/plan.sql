set search_path = '';
set check_function_bodies = off;
begin;
comment on subscription feed is null;
alter subscription feed set publication b, c with (refresh = false);
alter subscription feed set (slot_name = 'other', binary = true, streaming = on, synchronous_commit = local, disable_on_error = true);
commit;
