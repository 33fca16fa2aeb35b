"""What one unit of a presale costs, and what its deposit may be."""

from uuid import UUID

from siyu.goods.offers import Presale as Rule

DEPOSIT_SHARE = 5  # a fifth of the price at most (民法典 art. 586)


def unit_prices(rule: Rule) -> dict[UUID, int]:
    """SKU → minor units of one unit with deposit and balance: the presale's price less what the deposit is worth more.

    A deposit of 100 that counts as 200 makes the goods 100 cheaper (定金膨胀).
    """
    return {sku_id: price - (rule.worth - rule.deposit) for sku_id, price in rule.prices.items()}


def is_lawful(rule: Rule) -> bool:
    """Whether the deposit of a unit is something, no more than a fifth of every price, and worth at least itself."""
    return 0 < rule.deposit <= rule.worth and all(
        rule.deposit * DEPOSIT_SHARE <= price for price in unit_prices(rule).values()
    )
