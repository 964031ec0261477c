"""What to know before trusting the policies: spec/scim-wire.md section 11.5, looked up in the store.

Concurrent sources, groups whose policies still name the AD connector's copy, the group limit, the order of steps.
"""

from typing import NamedTuple

from provisor.database import Connection
from provisor.provider.dashboard.identities import count_identities
from provisor.provider.model.profiles import ResourceKind
from provisor.provider.store.tables import Tenant
from provisor.provider.store.tokens import ROTATE_AFTER

SHOWN = 200  # pairs on the page

# Every name of the connector must be looked for among SCIM's: 40 ms for 100,000 of them. Beyond this many identities
# the result is reused for some seconds.
COUNTED_ANEW = 5_000
SAID_AGAIN = 5 * 1_000_000  # microseconds

_PAIRS = (
    "FROM ad_identity a JOIN resource r ON r.tenant = a.tenant AND r.kind = a.kind AND r.name_key = a.name_key "
    "WHERE a.tenant = ? AND a.kind = ?"
)


class Pair(NamedTuple):
    """One name in both sources."""

    name: str
    ad_id: str
    scim_id: str
    repointed_at: int | None


class Capacity(NamedTuple):
    """How many of the groups a tenant may have are used."""

    used: int
    limit: int | None

    @property
    def full(self) -> bool:
        """Whether the next group is refused."""
        return self.limit is not None and self.used >= self.limit


class Attention(NamedTuple):
    """What the banners say."""

    capacity: Capacity
    users_twice: int
    groups_twice: int
    to_repoint: int
    old_tokens: int


class Twins:
    """Counts the people that both sources hold; in a big store not for every page."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[int, int]] = {}  # tenant -> valid until, count

    def count(self, connection: Connection, tenant: Tenant, now: int) -> int:
        """How many there are."""
        until, counted = self._counted.get(tenant.number, (0, 0))
        if now < until:
            return counted
        counted = _count(connection, tenant, "User")
        if connection.one(
            "SELECT 1 FROM ad_identity WHERE tenant = ? AND kind = 'User' LIMIT 1 OFFSET ?",
            (tenant.number, COUNTED_ANEW),
        ):
            self._counted[tenant.number] = now + SAID_AGAIN, counted
        return counted


class SetupStep(NamedTuple):
    """One step of the set-up, and whether it is done as far as can be seen from here; None when it cannot be seen."""

    title: str
    text: str
    done: bool | None
    address: str | None


def read_attention(connection: Connection, tenant: Tenant, twins: Twins, now: int) -> Attention:
    """What every page's banners need."""
    return Attention(
        Capacity(count_identities(connection, tenant, "Group").scim, tenant.group_limit),
        twins.count(connection, tenant, now),
        _count(connection, tenant, "Group"),
        _count(connection, tenant, "Group", " AND a.repointed_at IS NULL"),
        _old_tokens(connection, tenant, now),
    )


def _old_tokens(connection: Connection, tenant: Tenant, now: int) -> int:
    row = connection.one(
        "SELECT count(*) FROM token WHERE tenant = ? AND created_at <= ? AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > ?)",
        (tenant.number, now - ROTATE_AFTER, now),
    )
    return row[0] if row else 0


def _count(connection: Connection, tenant: Tenant, kind: ResourceKind, more: str = "") -> int:
    row = connection.one(
        f"SELECT count(*) {_PAIRS}{more}",
        (tenant.number, kind),
    )
    return row[0] if row else 0


def list_pairs(connection: Connection, tenant: Tenant, kind: ResourceKind) -> list[Pair]:
    """Names that both sources hold, the first SHOWN of them."""
    return [
        Pair(*row)
        for row in connection.all(
            f"SELECT a.name, a.id, r.id, a.repointed_at {_PAIRS} ORDER BY a.name_key LIMIT ?",
            (tenant.number, kind, SHOWN),
        )
    ]


def repointed(connection: Connection, tenant: Tenant, ad_id: str, now: int) -> str | None:
    """Remember that a group's policies point to the new one; returns its name, None for no such group."""
    row = connection.one(
        "UPDATE ad_identity SET repointed_at = ? WHERE id = ? AND tenant = ? AND kind = 'Group' RETURNING name",
        (now, ad_id, tenant.number),
    )
    return None if row is None else str(row[0])


def list_steps(connection: Connection, tenant: Tenant, attention: Attention) -> list[SetupStep]:
    """The order of steps of the tutorial, with what can be seen of them."""

    def there(what: str) -> bool:
        return connection.one(f"SELECT 1 FROM {what} LIMIT 1", (tenant.number,)) is not None

    done = (
        False if attention.users_twice + attention.groups_twice else None,
        None,
        there("token WHERE tenant = ? AND revoked_at IS NULL"),
        there("token WHERE tenant = ? AND last_used_at IS NOT NULL"),
        None,
        there("tally WHERE tenant = ? AND live > 0"),
        attention.to_repoint == 0 if attention.groups_twice else None,
    )
    return [SetupStep(title, text, seen, address) for (title, text, address), seen in zip(_STEPS, done, strict=True)]


_STEPS = (
    (
        "Stop the AD connector",
        "The same people and groups must not come from two sources at once. Stop the connector's service on every "
        "server that runs it. It is still needed for virtual appliances and IP-to-user mapping.",
        "#concurrent",
    ),
    (
        "Synchronise objectGUID, if endpoints need it",
        "Only where endpoints run AnyConnect or Secure Client 4.10 MR5 or earlier: in Microsoft Entra Connect, turn on "
        "Directory Extension attribute sync and select objectGUID for users. The search for it is case-sensitive.",
        None,
    ),
    ("Generate a token", "On the API Keys page, in the card of your identity provider.", "/api-keys#entra"),
    (
        "Configure the application",
        "Enter the URL as Tenant URL and the token as Secret Token, and test the connection.",
        None,
    ),
    (
        "Assign people and groups",
        "Start small. To cover everybody, assign one group of all users, and the groups that policies need. Groups "
        "inside groups are not provisioned.",
        None,
    ),
    (
        "Start provisioning",
        "The first cycle takes longest; later changes come about every 40 minutes.",
        None,
    ),
    (
        "Re-point policies",
        "Groups imported earlier from AD are kept and not overwritten. Policies that name them must be pointed to the "
        "groups that came by SCIM.",
        "#policies",
    ),
)
