set search_path = '';
set check_function_bodies = off;
begin;
drop index shop.users_no_idx;
alter domain shop.no rename to no_old;
create domain shop.no as bigint constraint no_not_null not null constraint no_positive check (value > 0);
-- hazard rewrite: rewrites the table to move it to the new type
-- hazard data: fails where a value is no bigint
alter table shop.users alter column no drop default, alter column no type shop.no using no::shop.no, alter column no set default 3, alter column nos type shop.no[] using nos::shop.no[];
drop domain shop.no_old;
-- hazard block: builds the index while writers wait
create index users_no_idx on shop.users (no);
comment on domain shop.no is 'A number';
commit;
