delete from shop.orders where total < below
