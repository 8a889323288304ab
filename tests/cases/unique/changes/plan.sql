set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.a drop constraint gone;
alter table shop.a drop constraint a_no;
alter table shop.a drop constraint a_id;
-- hazard block: builds an index while readers and writers wait
alter table shop.a add constraint a_no unique nulls not distinct (no);
-- hazard block: builds an index while readers and writers wait
alter table shop.a add constraint a_id unique (id) with (fillfactor = '50') deferrable initially deferred;
-- hazard block: builds an index while readers and writers wait
alter table shop.a add constraint "New One" unique (no, id) include (extra);
comment on constraint a_no on shop.a is 'one each';
commit;
