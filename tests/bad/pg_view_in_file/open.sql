-- the open ones
select id, state
from shop.orders
