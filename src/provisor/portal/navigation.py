"""The portal's main navigation: which entries there are, and who is shown which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provisor.admin import actor as may
from provisor.admin.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """A link, and the permissions of which one is needed to find anything behind it; none for everybody."""

    address: str
    text: str
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Entries under one heading."""

    name: str
    entries: Sequence[MenuEntry]


SECTIONS: Final = (
    Section(name="Overview", entries=(MenuEntry(address="/", text="Home"),)),
    Section(
        name="Identity",
        entries=(
            MenuEntry(address="/users", text="Users", permissions=(may.DIRECTORY_READ,)),
            MenuEntry(address="/groups", text="Groups", permissions=(may.DIRECTORY_READ,)),
            MenuEntry(address="/sources", text="Sources", permissions=(may.SOURCE_READ,)),
            MenuEntry(address="/applications", text="Enterprise applications", permissions=(may.APPLICATION_READ,)),
        ),
    ),
    Section(
        name="Monitoring",
        entries=(
            MenuEntry(address="/provisioning-logs", text="Provisioning logs", permissions=(may.LOG_READ,)),
            MenuEntry(address="/audit-logs", text="Audit logs", permissions=(may.AUDIT_READ,)),
            MenuEntry(address="/report", text="Report", permissions=(may.LOG_READ,)),
        ),
    ),
    Section(
        name="Settings",
        entries=(
            MenuEntry(address="/settings/administrators", text="Administrators", permissions=(may.ACCOUNT_READ,)),
            MenuEntry(address="/settings/api-clients", text="API clients", permissions=(may.ACCOUNT_READ,)),
            MenuEntry(address="/settings/notifications", text="Notifications", permissions=(may.NOTIFICATION_READ,)),
            MenuEntry(address="/settings/retention", text="Retention", permissions=(may.SERVICE_READ,)),
            MenuEntry(address="/settings/keys", text="Keys", permissions=(may.SERVICE_READ,)),
            MenuEntry(address="/settings/about", text="About", permissions=(may.SERVICE_READ,)),
        ),
    ),
    Section(name="You", entries=(MenuEntry(address="/account", text="Account"),)),
)


def navigation(actor: Actor) -> list[Section]:
    """What this one is shown; sections without entries are left out."""
    shown = [
        Section(name=one.name, entries=[each for each in one.entries if _is_shown(each, actor)]) for one in SECTIONS
    ]
    return [section for section in shown if section.entries]


def _is_shown(entry: MenuEntry, actor: Actor) -> bool:
    return not entry.permissions or any(actor.may(permission) for permission in entry.permissions)


def is_within(path: str, address: str) -> bool:
    """Whether a page lies under an entry."""
    return path == address or (address != "/" and path.startswith(f"{address}/"))
