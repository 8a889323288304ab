set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.b drop constraint "B key";
alter table shop.d drop constraint d_pkey;
alter table shop.f drop constraint f_a;
alter table shop.a drop constraint a_pkey;
alter table shop.c add constraint no_is_not_null check (no is not null) not valid;
-- hazard block: builds an index while readers and writers wait
alter table shop.a add constraint a_pkey primary key (id) include (extra);
alter table shop.b add constraint b_pkey primary key (id);
alter index shop.e_pkey set (fillfactor = '80');
-- hazard block: compares every row while writers of both tables wait
alter table shop.f add constraint f_a foreign key (a_id) references shop.a(id);
comment on constraint a_pkey on shop.a is 'the key';
commit;
alter table shop.c validate constraint no_is_not_null;
begin;
alter table shop.c alter column no set not null;
alter table shop.c drop constraint no_is_not_null;
commit;
create unique index concurrently c_pkey on shop.c (no);
begin;
alter table shop.c add constraint c_pkey primary key using index c_pkey;
commit;
