"""Writes storage/migrations/versions/0001_service.py anew from storage/tables.py: one function a table.

Only while nothing is released. Afterwards a migration that someone has run never changes again.
"""

import textwrap
from pathlib import Path

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from provisor.storage.tables import metadata

FILE = Path(__file__).parents[1] / "src/provisor/storage/migrations/versions/0001_service.py"
LONGEST_LINE = 120
HEADER = '''"""All tables of the service; tools/regenerate_migration.py makes this file from tables.py."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=null)


def _bytes(name: str, *, null: bool = False) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary, nullable=null)


def _number(name: str, *, null: bool = False, default: str | None = None) -> "sa.Column[int]":
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    value = sa.text(default) if default else None
    return sa.Column(name, kind, nullable=null, autoincrement=False, server_default=value)


def upgrade() -> None:
    """Make every table with its indexes."""
'''


def main() -> None:
    """Render the creation of every table and its indexes, packed as densely as lines allow."""
    tables = metadata.sorted_tables
    lines = [HEADER + "\n".join(f"    _create_{table.name}()" for table in tables), "\n\n# fmt: off"]
    for table in tables:
        lines += ["", "", f"def _create_{table.name}() -> None:", *create(table)]
    FILE.write_text("\n".join(lines) + "\n")


def create(table: Table) -> list[str]:
    """The statements that make one table."""
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    parts = [f'"{table.name}"', *(render(column) for column in table.columns), f"sa.PrimaryKeyConstraint({keys})"]
    statements = ["    op.create_table(", *(f"        {line}" for line in packed(parts, 110)), "    )"]
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        statements += create_index(table, index)
    return statements


def render(column: "Column[object]") -> str:
    """One column."""
    word = "_text" if isinstance(column.type, Text) else "_bytes" if isinstance(column.type, LargeBinary) else "_number"
    null = ", null=True" if column.nullable else ""
    default = f', default="{column.server_default.arg.text}"' if column.server_default is not None else ""
    return f'{word}("{column.name}"{null}{default})'


def create_index(table: Table, index: Index) -> list[str]:
    """One index, on as many lines as it needs."""
    columns = ", ".join(f'"{column.name}"' for column in index.columns)
    parts = [f'"{index.name}"', f'"{table.name}"', f"[{columns}]"]
    if index.unique:
        parts.append("unique=True")
    where = index.dialect_options["sqlite"]["where"]
    if where is not None:
        condition = str(where.compile(compile_kwargs={"literal_binds": True})).replace(f"{table.name}.", "")
        parts.append(f'sqlite_where=sa.text("{condition}")')
    start = "    op.create_index("
    lines = packed(parts, LONGEST_LINE - len(start) - 1)
    lines[-1] += ")"
    return [start + lines[0], *(" " * len(start) + line for line in lines[1:])]


def packed(parts: list[str], width: int) -> list[str]:
    """Arguments on as few lines as they fit on; none is broken in two."""
    text = ", ".join(part.replace(" ", "\0") for part in parts)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


if __name__ == "__main__":
    main()
