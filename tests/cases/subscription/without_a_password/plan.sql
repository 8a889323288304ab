set search_path = '';
set check_function_bodies = off;
begin;
alter subscription feed connection 'host=nowhere.invalid dbname=other';
create subscription more connection 'postgres://reader@nowhere.invalid/shop' publication a with (connect = false, slot_name = none);
commit;
