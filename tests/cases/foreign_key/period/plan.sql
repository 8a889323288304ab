set search_path = '';
set check_function_bodies = off;
begin;
create table shop.bills (
    room integer,
    at tsrange,
    constraint bills_once unique (room, at without overlaps)
);
alter table shop.bills add constraint bills_stay foreign key (room, period at) references shop.stays(room, period at);
commit;
