set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a drop constraint a_b;
alter table shop.b drop constraint b_a;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.a`
drop table shop.a;
-- hazard data: drops the table with its rows
-- hazard breaking: clients lose table `shop.b`
drop table shop.b;
alter table shop.c drop constraint c_d;
alter table shop.d drop constraint d_c;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.c" on commit drop as select * from shop.c;
-- hazard breaking: clients lose table `shop.c_1`
drop table shop.c;
-- hazard rewrite: copies the rows to the table that takes its place
create temporary table "rows of shop.d" on commit drop as select * from shop.d;
-- hazard breaking: clients lose table `shop.d_1`
drop table shop.d;
create table shop.c (
    id integer not null,
    d_id integer,
    constraint c_pkey primary key (id)
);
insert into shop.c (id, d_id) overriding system value select id, d_id from pg_temp."rows of shop.c";
create table shop.d (
    id integer not null,
    c_id integer,
    constraint d_pkey primary key (id)
);
insert into shop.d (id, c_id) overriding system value select id, c_id from pg_temp."rows of shop.d";
-- hazard block: compares every row while writers of both tables wait
alter table shop.c add constraint c_d foreign key (d_id) references shop.d(id);
-- hazard block: compares every row while writers of both tables wait
alter table shop.d add constraint d_c foreign key (c_id) references shop.c(id);
commit;
