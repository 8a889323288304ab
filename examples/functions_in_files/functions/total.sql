select total from shop.orders where id = order_id
