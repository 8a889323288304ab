set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.bookings drop constraint bookings_free;
alter table shop.rooms drop constraint later;
alter table shop.bookings drop constraint room;
alter table shop.rooms drop constraint rooms_pkey;
alter table shop.bookings add column no integer;
alter table shop.rooms add column no integer;
-- hazard block: builds an index while readers and writers wait
alter table shop.rooms add constraint rooms_pkey primary key (id, during without overlaps) deferrable;
-- hazard block: builds an index while readers and writers wait
alter table shop.bookings add constraint bookings_free unique (room, during);
-- hazard block: builds an index while readers and writers wait
alter table shop.rooms add constraint rooms_no unique (no);
-- hazard block: scans the table while readers and writers wait
alter table shop.rooms add constraint later check (id > 0);
alter table shop.bookings add constraint no foreign key (no) references shop.rooms(no) not enforced;
commit;
