select id, total from shop.orders where total > 1000
