"""Who is told by mail of a job in trouble: addresses and a check mark (spec/provisioning-service.md section 11.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisor.admin.errors import AdminError
from provisor.engine.letter import problem_with_mailbox
from provisor.scim.values import Json
from provisor.storage.recipients import told

__all__ = ["Notification", "told"]

MOST_RECIPIENTS: Final = 20
_OURS: Final = ("recipients", "enabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What to change: the addresses, the check mark, or both; None leaves one as it is.

    `other` are members of Graph's SyncNotificationSettings that are kept as they are, replacing those there were.
    """

    recipients: tuple[str, ...] | None = None
    enabled: bool | None = None
    other: Mapping[str, Json] | None = None

    def set_in(self, before: Json) -> dict[str, Json]:
        """The setting afterwards. Raises AdminError for what is no address, and a check mark without one."""
        known = before if isinstance(before, dict) else {}
        kept = known.get("recipients")
        recipients: list[Json] = kept if isinstance(kept, list) else []
        if self.recipients is not None:
            for address in self.recipients:
                problem = problem_with_mailbox(address)
                if problem is not None:
                    raise AdminError("invalid-value", problem)
            recipients = [*dict.fromkeys(self.recipients)]
        enabled = bool(known.get("enabled")) if self.enabled is None else self.enabled
        if len(recipients) > MOST_RECIPIENTS:
            raise AdminError(
                "invalid-value", f"A job tells at most {MOST_RECIPIENTS} addresses.", "Name a mailing list instead."
            )
        if enabled and not recipients:
            raise AdminError("invalid-value", "There is no address to tell.", "Name one with --notify ADDRESS.")
        other = (
            {name: value for name, value in known.items() if name not in _OURS} if self.other is None else self.other
        )
        return {**other, "recipients": recipients, "enabled": enabled}
