set search_path = '';
set check_function_bodies = off;
begin;
create table shop.sale (
    id integer,
    no integer,
    note text
);
create table shop.line (
    id integer,
    no integer
);
create function shop.next_line() returns integer
    language sql
begin atomic select max(no) + 1 from shop.line; end;
alter table shop.sale alter column no set default shop.next_line() + 1;
create index sale_no on shop.sale (no);
create function shop.next_sale() returns integer
    language sql
begin atomic select max(no) + 1 from shop.sale; end;
alter table shop.line alter column no set default shop.next_sale();
commit;
