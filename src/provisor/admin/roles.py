"""Which role may do what: one table, shown in reference/roles.md.

After the built-in roles of Microsoft Entra of the same names, as far as Provisor has what they are about (there,
Application and Cloud Application Administrator differ in the application proxy alone). Plan Approver is ours. Must not
hold a rule that is not in the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provisor.admin import actor as may
from provisor.admin.errors import AdminError
from provisor.scim.nearest import did_you_mean

GLOBAL_ADMINISTRATOR: Final = "Global Administrator"
APPLICATION_OWNER: Final = "Application Owner"

PERMISSIONS: Final[Mapping[str, str]] = {
    may.DIRECTORY_READ: "See users, groups, memberships and the recycle bin.",
    may.DIRECTORY_WRITE: "Create, change, disable, delete and restore users and groups, change memberships, import.",
    may.DIRECTORY_PURGE: "Delete users and groups for good, and confirm that the clock is right.",
    may.SOURCE_READ: "See the sources that people and groups are read from, how they are, what they could not give.",
    may.SOURCE_WRITE: "Add, change, test, run, pause and delete sources, choose their directory extensions, decide"
    " about what they hold back.",
    may.APPLICATION_CREATE: "Add an application from the gallery.",
    may.APPLICATION_READ: "See an application with its app roles, owners and assignments.",
    may.APPLICATION_WRITE: "Change an application with its app roles and owners, and remove it.",
    may.ASSIGNMENT_WRITE: "Assign users and groups to an application, and end that.",
    may.JOB_READ: "See a job with its settings, mappings, status, plans, failures and what it holds back.",
    may.JOB_WRITE: "Create, start, pause, restart and delete a job, change its settings and mappings, decide about what"
    " it holds back.",
    may.JOB_RUN: "Run a job now, plan, test its connection, provision on demand, and retry what failed.",
    may.JOB_CREDENTIALS: "Save the credentials that an application is signed in to with; they are never shown.",
    may.LOG_READ: "Read the provisioning log and its reports.",
    may.PLAN_APPROVE: "Approve or discard a plan.",
    may.AUDIT_READ: "Read who changed what and who was refused.",
    may.SERVICE_READ: "See how the service is, its figures, and what it is set to.",
    may.SERVICE_WRITE: "Run the service, and set how long it keeps things, where its log goes, and who vouches for"
    " people.",
    may.SERVICE_BACKUP: "Copy the database, with its key too, and put a copy in its place.",
    may.KEY_WRITE: "Change the key that credentials are stored under, and forget those of a lost one.",
    may.NOTIFICATION_READ: "See the mail server, webhooks and what became of their messages.",
    may.NOTIFICATION_WRITE: "Set the mail server and webhooks, and try them.",
    may.ACCOUNT_READ: "See who may sign in with which roles, and which tokens and clients there are.",
    may.ACCOUNT_WRITE: "Make, change and delete accounts, tokens and clients, and give them roles.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRights:
    """What its holder may do everywhere, and what with the applications that the holder's person owns."""

    about: str
    permissions: frozenset[str] = frozenset()
    own_permissions: frozenset[str] = frozenset()


_OF_ADMINISTRATORS: Final = may.OF_APPLICATIONS | {
    may.DIRECTORY_READ,
    may.APPLICATION_CREATE,
    may.AUDIT_READ,
    may.NOTIFICATION_READ,
}

ROLES: Final[Mapping[str, RoleRights]] = {
    GLOBAL_ADMINISTRATOR: RoleRights(about="Everything.", permissions=may.ALL_PERMISSIONS),
    "Application Administrator": RoleRights(
        about="All applications and their jobs, with their credentials, plans and logs; sees the directory.",
        permissions=_OF_ADMINISTRATORS,
    ),
    "Cloud Application Administrator": RoleRights(
        about="The same as an Application Administrator: in Entra they differ in the application proxy alone.",
        permissions=_OF_ADMINISTRATORS,
    ),
    APPLICATION_OWNER: RoleRights(
        about="The applications that the account's person owns, and their jobs, credentials, plans and logs; no other"
        " can be seen. Sees the directory, as every member does in Entra.",
        permissions=frozenset({may.DIRECTORY_READ}),
        own_permissions=may.OF_APPLICATIONS,
    ),
    "Hybrid Identity Administrator": RoleRights(
        about="The sources of people and groups: Active Directory, LDAP, Entra and CSV files; sees the directory,"
        " applications, their jobs and the logs.",
        permissions=frozenset(
            {
                may.DIRECTORY_READ,
                may.SOURCE_READ,
                may.SOURCE_WRITE,
                may.APPLICATION_READ,
                may.JOB_READ,
                may.LOG_READ,
                may.AUDIT_READ,
            }
        ),
    ),
    "Reports Reader": RoleRights(
        about="The provisioning log, reports and the audit log.",
        permissions=frozenset({may.APPLICATION_READ, may.LOG_READ, may.AUDIT_READ}),
    ),
    "Security Reader": RoleRights(
        about="Sees everything, changes nothing.",
        permissions=frozenset(
            {
                may.DIRECTORY_READ,
                may.SOURCE_READ,
                may.APPLICATION_READ,
                may.JOB_READ,
                may.LOG_READ,
                may.AUDIT_READ,
                may.SERVICE_READ,
                may.NOTIFICATION_READ,
                may.ACCOUNT_READ,
            }
        ),
    ),
    "Plan Approver": RoleRights(
        about="Approves and discards plans, and sees what they are about.",
        permissions=frozenset({may.APPLICATION_READ, may.JOB_READ, may.LOG_READ, may.PLAN_APPROVE}),
    ),
}


def read_roles(names: Iterable[str]) -> tuple[str, ...]:
    """The roles with these names, in any case, in the order of the table. Raises AdminError for none, or an unknown
    one.
    """
    known = {name.lower(): name for name in ROLES}
    given = set[str]()
    for name in names:
        found = known.get(name.strip().lower())
        if found is None:
            raise AdminError(
                "invalid-value",
                f"There is no role {name!r}.",
                f"{did_you_mean(name, ROLES)}The roles are {', '.join(ROLES)}.",
            )
        given.add(found)
    if not given:
        raise AdminError("invalid-value", "No role is named.", f"The roles are {', '.join(ROLES)}.")
    return tuple(name for name in ROLES if name in given)


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What they allow everywhere, taken together. A name that is no role any more allows nothing."""
    return frozenset().union(*(ROLES[name].permissions for name in roles if name in ROLES))


def own_permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What they allow with own applications."""
    return frozenset().union(*(ROLES[name].own_permissions for name in roles if name in ROLES))
