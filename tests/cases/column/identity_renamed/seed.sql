insert into shop.purchase default values; insert into shop.kept default values;
