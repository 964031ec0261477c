"""One operation on its way to the target: the row of the plan, and what the directory says of the object now."""

import msgspec

from provisor.engine.desired import Desired
from provisor.engine.record import Record
from provisor.storage.links import StoredLink
from provisor.storage.operations import StoredOperation


class Sending(msgspec.Struct, frozen=True):
    """What a worker needs to carry one operation out.

    `values`: by what the account of a create can be found, as the tables keep it.
    """

    operation: StoredOperation
    desired: Desired
    link: StoredLink | None
    record: Record | None = None
    values: str | None = None
