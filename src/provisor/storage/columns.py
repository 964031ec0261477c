"""What the tables of the service are made of: their metadata, and the two kinds of column that nearly all have."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text

metadata = MetaData()


def text_column(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    """A column of text; never null unless it says so."""
    return Column(name, Text, primary_key=key, nullable=null)


def number_column(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[int]:
    """A column of a number of 64 bits."""
    kind = BigInteger().with_variant(Integer, "sqlite")
    return Column(
        name,
        kind,
        primary_key=key,
        nullable=null,
        autoincrement=False,
        server_default=text(default) if default else None,
    )
