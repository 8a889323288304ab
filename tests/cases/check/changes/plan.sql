set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a drop constraint gone;
alter table shop.a drop constraint a_no;
alter table shop.a drop constraint a_same;
-- hazard rewrite: rewrites the table to turn integer into bigint
alter table shop.a alter column no type bigint using no::bigint, alter column note type character varying(20) using note::character varying(20);
-- hazard block: scans the table while readers and writers wait
alter table shop.a add constraint a_no check (no > 1);
-- hazard block: scans the table while readers and writers wait
alter table shop.a add constraint a_same check (no > 0 and note in ('x', 'y'));
alter table shop.a validate constraint a_later;
alter table shop.a add constraint "Not Inherited" check (note <> '') no inherit not valid;
comment on constraint a_no on shop.a is 'more than one';
commit;
alter table shop.a validate constraint "Not Inherited";
