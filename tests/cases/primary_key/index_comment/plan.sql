set search_path = '';
set check_function_bodies = off;
begin;
create table shop.c (
    id integer not null
);
comment on index shop.a_pkey is null;
comment on index shop.b_pkey is 'it''s quick';
alter table shop.c add constraint c_pkey primary key (id);
comment on index shop.c_pkey is 'new';
comment on index shop.b_no is 'numbers';
commit;
