set search_path = '';
set check_function_bodies = off;
begin;
-- hazard rewrite: rewrites the table
alter table shop.own set access method heap2;
-- hazard rewrite: rewrites the table
alter table shop.same set access method heap;
-- hazard rewrite: rewrites the table
alter table shop.half set access method heap2;
-- hazard rewrite: rewrites the table
alter table shop.half_same set access method heap2;
create table shop.apart (
    at date constraint all_at_not_null not null,
    id integer constraint all_id_not_null not null
) using heap2;
alter table shop."all" attach partition shop.apart for values in (4);
create table shop.new partition of shop."all" for values in (5) using heap;
commit;
