"""Who is acting: a shopper, a member of staff, a key, a visitor or the system itself."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import NotAllowed, NotSignedIn
from siyu.kernel.permissions import Permission


class Actor(msgspec.Struct, frozen=True):
    """`kind` is customer, staff, key, visitor or system. `store_id` narrows staff to one store."""

    kind: str
    id: UUID | None = None
    permissions: frozenset[Permission] = frozenset()
    name: str = ""
    store_id: UUID | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises NotSignedIn for a stranger and NotAllowed for someone without the permission."""
        if self.may(permission):
            return
        if self.kind == "visitor":
            raise NotSignedIn
        raise NotAllowed(permission=str(permission))

    @property
    def customer_id(self) -> UUID:
        """The shopper's id. Raises NotSignedIn when the actor is not a shopper."""
        if self.kind != "customer" or self.id is None:
            raise NotSignedIn
        return self.id


SYSTEM = Actor(kind="system", permissions=frozenset(Permission))
VISITOR = Actor(kind="visitor")
