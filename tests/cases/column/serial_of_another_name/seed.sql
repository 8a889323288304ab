insert into shop.t default values;
