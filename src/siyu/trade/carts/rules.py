"""Pure decisions about carts."""

from uuid import UUID

from siyu.kernel import ids
from siyu.kernel.errors import Invalid

LINES_MAX = 100  # what one order takes
QUANTITY_MAX = 999  # of one SKU; also the limit of the column


def visitors_cart(visitor_id: UUID) -> UUID:
    """Whose cart a visitor's is. Derived, so that no visitor cookie can ever name a customer's cart."""
    return ids.derived("cart.of_visitor", visitor_id)


def checked(quantity: int) -> int:
    """The quantity, when it is one to have in a cart. Raises Invalid."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(field="quantity", zh="数量需为 1 到 999 件。", en="A quantity is between 1 and 999.")
    return quantity
