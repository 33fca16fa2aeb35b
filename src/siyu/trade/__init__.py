"""Trade 交易: carts, orders, payments, refunds, imports of history."""
