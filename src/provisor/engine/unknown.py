"""What was sent but not clearly answered: when an outcome is open, and how the account of an open create is recognised.

Pure. One rule for all requests (explanation/settled-cases.md section *Crash protocol*): what is open is looked up, by
its id or by the values that were sent, before anything is decided about it; it is not assumed to be absent. Order:
errors, values, accounts.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import assert_never

import msgspec

from provisor.engine.ports import ConnectorError, Malformed, Rejected, Throttled, Unauthorized, Unreachable
from provisor.rules.mapper import Mapped
from provisor.rules.matching import NoMatch, recheck
from provisor.scim.path import getter
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Resource

# A server that does not offer the method says so before doing anything (RFC 9110 section 15.6.2).
_NOT_OFFERED = 501
_NONE = ""  # the externalId of an account that has none
# Proxies send these on their own as often as the server does (408, 460 of a load balancer, 499 of nginx).
_TOO_SLOW = frozenset({408, 460, 499})


def is_open(error: ConnectorError) -> bool:
    """Whether a change may have been made although this came instead of an answer.

    A lost connection and a time-out; every 5xx, because a gateway speaks for itself (RFC 9110 section 15.6) and a
    server may fail after the write; and any answer that cannot be read, a 2xx among them.
    """
    match error:
        case Unreachable():
            return error.sent
        case Throttled():
            return error.status >= 500
        case Rejected():
            return error.exchange is not None and (
                error.status in _TOO_SLOW or (error.status >= 500 and error.status != _NOT_OFFERED)
            )
        case Malformed():
            return True
        case Unauthorized():
            return False
        case _:
            return True


class SentValues(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a create by which its account can be found again.

    `matching` are (path, value) in the order of precedence; `external_id` is None where none was sent.
    """

    matching: tuple[tuple[str, str], ...]
    external_id: str | None = None

    def to_json(self) -> str:
        """As the tables keep it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "SentValues":
        """From what the tables keep."""
        return msgspec.json.decode(text, type=cls)


def values_sent(mapped: Mapped) -> SentValues:
    """What a create of this document can be found by."""
    return SentValues(matching=mapped.matching, external_id=_external_id(mapped.created))


def values_held(document: Resource, paths: Iterable[str], resource_type: ResourceType) -> SentValues:
    """What an account that is known to hold this document can be found by."""
    values = ((path, getter(path, resource_type)(document)) for path in paths)
    matching = tuple((path, value) for path, value in values if isinstance(value, str) and value)
    return SentValues(matching=matching, external_id=_external_id(document))


def proofs(held: SentValues, wanted: SentValues | None, *, maps_external_id: bool) -> list[SentValues]:
    """The values that prove an account ours although its id differs from the link's.

    Those it is known to hold: nobody else had them when it was linked. If our externalId is not among them, an account
    that has one is not meant. Those it should hold prove it only with our externalId: a new name may be a stranger's.
    """
    if maps_external_id and held.external_id is None:
        held = msgspec.structs.replace(held, external_id=_NONE)
    proved = [held] if held.matching or held.external_id else []
    return proved if wanted is None or wanted.external_id is None else [*proved, wanted]


def parked_name(value: str, object_id: str) -> str:
    """The name that an account has while another gets the one it had: always the same for an object, so that it can be
    looked for under it, and of the same form: an address stays an address of its domain.
    """
    _, at, domain = value.partition("@")
    return f"parked-provisor-{sha256(object_id.encode()).hexdigest()[:10]}{at}{domain}"


def parked(held: SentValues, wanted: SentValues | None, object_id: str) -> list[SentValues]:
    """What an account holds that got such a name in the middle of a swap, and was not heard of since."""
    values = dict.fromkeys((*held.matching, *(() if wanted is None else wanted.matching)))
    names = dict.fromkeys((path, parked_name(value, object_id)) for path, value in values)
    return [SentValues(matching=(one,), external_id=held.external_id) for one in names]


def is_anothers(resource: Resource, held: Resource) -> bool:
    """Whether this is certainly not the account known to hold `held`: its externalId is another's."""
    given, known = _external_id(resource), _external_id(held)
    return given is not None and known is not None and given != known


def _external_id(document: Resource) -> str | None:
    value = document.get("externalId")
    return value if isinstance(value, str) and value else None


class Ours(msgspec.Struct, frozen=True):
    """The one account that holds what was sent: the create was carried out."""

    resource: Resource


class Stranger(msgspec.Struct, frozen=True):
    """Somebody else's account has the name, or several do: not ours to touch."""

    target_id: str


class NotThere(msgspec.Struct, frozen=True):
    """Nothing at the target has any of the values: the create was not carried out."""


FoundAgain = Ours | Stranger | NotThere


def tell(
    found: Iterable[Resource], sent: Sequence[SentValues], owned: frozenset[str], resource_type: ResourceType
) -> FoundAgain:
    """Tell whose account was found by the values that were sent; `owned` are ids that belong to other objects.

    There was none before that create, so one that holds all that was sent is ours. More may have been sent since,
    so it may hold either; of two, the one that holds what is known with our externalId is meant, and the other is left
    from a link that was forgotten.
    """
    by_id = {str(resource.get("id", "")): resource for resource in found}
    if not by_id:
        return NotThere()
    free = [resource for target_id, resource in by_id.items() if target_id not in owned]
    holding = [resource for resource in free if any(_holds(resource, one, resource_type) for one in sent)]
    if len(holding) > 1 and sent[0].external_id:
        holding = [resource for resource in holding if _holds(resource, sent[0], resource_type)]
    if len(holding) == 1:
        return Ours(holding[0])
    return Stranger(next(iter(by_id)))


def _holds(resource: Resource, sent: SentValues, resource_type: ResourceType) -> bool:
    if sent.external_id is not None and (_external_id(resource) or _NONE) != sent.external_id:
        return False
    return all(
        not isinstance(recheck([resource], path, value, resource_type), NoMatch) for path, value in sent.matching
    )


def said(found: FoundAgain) -> str:
    """The result of the look-up, for the log."""
    match found:
        case Ours(resource):
            return f"An earlier request created the account {resource.get('id')}, although no answer came."
        case Stranger(target_id):
            return (
                f"The answer to an earlier request did not come, and the account {target_id} has the name that was sent"
                " but not all that was sent: it is somebody else's and is left alone."
            )
        case NotThere():
            return "An earlier request, to which no answer came, created nothing."
        case _:
            assert_never(found)
