"""Who is acting: a shopper, a member of staff, a key, a visitor or the system itself."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import NotAllowed, NotSignedIn
from siyu.kernel.permissions import Permission


class Actor(msgspec.Struct, frozen=True):
    """`kind` is customer, staff, key, visitor or system.

    `scope` has the locations (rows of stores) whose records the actor works with, None for all. `store_id` is the one
    they stand in, always within the scope; `team_id` the team they belong to.
    """

    kind: str
    id: UUID | None = None
    permissions: frozenset[Permission] = frozenset()
    name: str = ""
    store_id: UUID | None = None
    scope: frozenset[UUID] | None = None
    team_id: UUID | None = None

    def sees(self, location_id: UUID | None) -> bool:
        """Whether records of this location are the actor's business; records of none only without a scope."""
        return self.scope is None or location_id in self.scope

    @property
    def scope_list(self) -> list[UUID] | None:
        """The scope as a parameter of a statement: `(%(scope)s::uuid[] is null or location_id = any(%(scope)s))`."""
        return None if self.scope is None else sorted(self.scope)

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
