set search_path = '';
set check_function_bodies = off;
begin;
alter table shop.t drop constraint t_a;
create table shop.v (
    b integer
);
alter table shop.t add constraint t_a check (a > 0);
alter table shop.t add constraint t_b check (b > 0) not enforced;
alter table shop.u alter constraint u_b enforced;
alter table shop.v add constraint v_b foreign key (b) references shop.t(b) not enforced;
commit;
