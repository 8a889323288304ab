set search_path = '';
set check_function_bodies = off;
begin;
create table shop.orders (
    id bigint generated always as identity not null,
    user_id bigint,
    constraint orders_pkey primary key (id)
);
create function shop.fits(n integer) returns boolean
    language sql immutable
as $$select n > 0$$;
create function shop.twice(n integer) returns integer
    language sql immutable
as $$select n * 2$$;
create table shop.users (
    id bigint not null,
    name text,
    best bigint,
    n integer,
    m integer generated always as (shop.twice(n)) stored,
    constraint users_pkey primary key (id)
);
alter table shop.users add constraint n_fits check (shop.fits(n));
create function shop.label(u shop.users) returns text
    language sql immutable
as $$select u.name$$;
create view shop.labels as
select shop.label(u) as label, u.n from shop.users u;
create view shop.all_labels as
select label from shop.labels;
create function shop.later() returns bigint
    language sql
as $$select count(*) from shop.all_labels$$;
create function shop.even_later() returns bigint
    language plpgsql
as $$begin return (select count(*) from shop.all_labels); end$$;
create view shop.a_counted as
select count(*) as n from shop.all_labels;
alter table shop.orders add constraint orders_user foreign key (user_id) references shop.users(id);
alter table shop.users add constraint users_best foreign key (best) references shop.orders(id);
commit;
