"""Writes docs/reference/roles.md from the table of roles; tests/house checks that the page is up to date.

Run from the project's folder: .venv/bin/python tools/write_roles_reference.py
"""

from pathlib import Path

from provisor.admin.actor import OF_APPLICATIONS
from provisor.admin.roles import PERMISSIONS, ROLES

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "roles.md"
OPENING = """# Roles

Who may do what, written from the table in `admin/roles.py` by `tools/write_roles_reference.py`. An account, a token or a client has one or
more roles and may what any of them allows. [How to sign in and give roles](../how-to/roles.md).

A permission about an application is asked with that application. Who may see neither it nor its job is told word for word what is told of
one that is not there, and finds it in no list, log or suggestion; who may see it and lacks the right is told which permission it takes.
Both are in the audit log.

Roles are those of Microsoft Entra of the same names, as far as Provisor has what they are about; Plan Approver is Provisor's own.
"""


def page() -> str:
    """The whole page."""
    return OPENING + _roles() + _table() + _permissions()


def _roles() -> str:
    rows = [f"| {name} | {role.about} |" for name, role in ROLES.items()]
    return "\n## Roles\n\n| Role | May |\n|---|---|\n" + "\n".join(rows) + "\n"


def _table() -> str:
    names = [*ROLES]
    head = f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    rows = [
        f"| `{permission}` | {' | '.join(_cell(name, permission) for name in names)} |" for permission in PERMISSIONS
    ]
    return "\n## Which permissions\n\n" + head + "\n".join(rows) + "\n"


def _cell(name: str, permission: str) -> str:
    role = ROLES[name]
    if permission in role.permissions:
        return "yes"
    return "own" if permission in role.own_permissions else ""


def _permissions() -> str:
    rows = [
        f"| `{permission}` | {'an application' if permission in OF_APPLICATIONS else 'everything'} | {sentence} |"
        for permission, sentence in PERMISSIONS.items()
    ]
    head = "| Permission | Asked about | Allows |\n|---|---|---|\n"
    return "\n## What a permission allows\n\n" + head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
