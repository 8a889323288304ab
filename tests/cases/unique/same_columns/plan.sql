set search_path = '';
set check_function_bodies = off;
begin;
create table shop.a (
    id bigint not null,
    no integer,
    constraint a_pkey primary key (id),
    constraint a_no unique (no)
);
alter table shop.a add constraint a_id unique (id);
alter table shop.a add constraint a_number unique (no);
commit;
