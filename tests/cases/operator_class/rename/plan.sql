set search_path = '';
set check_function_bodies = off;
begin;
alter operator family shop.old_ops using btree rename to new_ops;
alter operator class shop.old_ops using btree rename to new_ops;
commit;
