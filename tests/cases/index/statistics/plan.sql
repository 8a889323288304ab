set search_path = '';
set check_function_bodies = off;
begin;
alter index shop.posts_tags alter column 1 set statistics 3000;
alter index shop.posts_lower alter column 2 set statistics -1;
create index posts_upper on shop.posts (upper(tags));
alter index shop.posts_upper alter column 1 set statistics 10;
commit;
