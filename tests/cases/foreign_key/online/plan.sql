set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.b add constraint a_id_is_not_null check (a_id is not null) not valid;
alter table shop.b add constraint b_id check (id > 0) not valid;
commit;
alter table shop.b validate constraint a_id_is_not_null;
alter table shop.b validate constraint b_id;
begin;
alter table shop.b alter column a_id set not null;
alter table shop.b drop constraint a_id_is_not_null;
create view shop.v as
select id from shop.b;
alter table shop.b add constraint b_a foreign key (a_id) references shop.a(id) on delete cascade not valid;
commit;
alter table shop.b validate constraint b_a;
