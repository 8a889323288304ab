insert into shop.tree values (1, null), (2, 1);
insert into shop.users values ('5f0c5b1e-6f0e-4a59-8f5e-0d8a3c1b2a01', 7);
insert into shop.orders values (1, '5f0c5b1e-6f0e-4a59-8f5e-0d8a3c1b2a01', 7);
