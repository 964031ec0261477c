"""Who asks, and what they may do. Roles are a later matter; every verb already names the permission it needs.

Names follow Graph's resource.action; the local operator, who owns the database file, has them all.
"""

from dataclasses import dataclass
from typing import Final

from provisor.admin.errors import AdminError

DIRECTORY_READ: Final = "directory.read"
DIRECTORY_WRITE: Final = "directory.write"
DIRECTORY_PURGE: Final = "directory.purge"
APPLICATION_READ: Final = "application.read"
APPLICATION_WRITE: Final = "application.write"
ASSIGNMENT_WRITE: Final = "assignment.write"
JOB_READ: Final = "job.read"
JOB_WRITE: Final = "job.write"
JOB_RUN: Final = "job.run"
JOB_CREDENTIALS: Final = "job.credentials"
LOG_READ: Final = "log.read"

ALL_PERMISSIONS: Final = frozenset(
    {
        DIRECTORY_READ,
        DIRECTORY_WRITE,
        DIRECTORY_PURGE,
        APPLICATION_READ,
        APPLICATION_WRITE,
        ASSIGNMENT_WRITE,
        JOB_READ,
        JOB_WRITE,
        JOB_RUN,
        JOB_CREDENTIALS,
        LOG_READ,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks for a verb; `name` is what the audit log keeps."""

    name: str
    kind: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the actor has this permission."""
        return permission in self.permissions

    def needs(self, permission: str) -> None:
        """Raise AdminError unless the actor has this permission."""
        if not self.may(permission):
            raise AdminError(
                "permission-denied",
                f"{self.name} may not do this: it needs the permission {permission}.",
                "Ask an administrator who has it.",
            )


LOCAL_OPERATOR: Final = Actor(name="local operator", kind="operator", permissions=ALL_PERMISSIONS)
