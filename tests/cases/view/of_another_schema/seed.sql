create schema reports;
create view reports.totals as select id, total from shop.orders;
