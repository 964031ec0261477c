"""Slows down password guessing: per address and account, per address, and per account over all addresses.

Kept in the store, so that several server processes count together. Waiting grows with every failure beyond what
somebody who mistypes needs; a success forgets the failures of that person at that address.
"""

from ipaddress import IPv6Address, IPv6Network

from provisor.database import Connection

SECOND = 1_000_000
FORGOTTEN_AFTER = 3600 * SECOND
LONGEST_WAIT = 900 * SECOND
_FIRST_WAIT = 30 * SECOND

# Failures that cost nothing: a person at a desk, an office behind one address, an account attacked from everywhere. The
# last is generous, because anybody who knows an address could otherwise lock its owner out.
_FREE = {"both": 5, "address": 30, "account": 100}


def counted_under(address: str, key: str | None) -> dict[str, str]:
    """What failures of a sign-in are counted under; the address alone, where nobody was named."""
    where = network(address)
    if key is None:
        return {"address": f"address {where}"}
    return {
        "both": f"both {where} {key[:254]}",
        "address": f"address {where}",
        "account": f"account {key[:254]}",
    }


def network(address: str) -> str:
    """What one household or office has: an IPv4 address, or a whole IPv6 /64."""
    try:
        known = IPv6Address(address)
    except ValueError:
        return address
    if known.ipv4_mapped is not None:  # an IPv4 client of a socket that takes both
        return str(known.ipv4_mapped)
    return str(IPv6Network((int(known), 64), strict=False))


def wait_until(connection: Connection, address: str, key: str | None, now: int) -> int | None:
    """When this sign-in may be tried, or None for now."""
    keys = tuple(counted_under(address, key).values())
    marks = ", ".join("?" * len(keys))
    row = connection.one(f"SELECT max(refused_until) FROM sign_in_failure WHERE who IN ({marks})", keys)
    until = row[0] if row else None
    return until if until is not None and until > now else None


def failed(connection: Connection, address: str, key: str | None, now: int) -> None:
    """Count a failure."""
    connection.execute("DELETE FROM sign_in_failure WHERE last_at <= ?", (now - FORGOTTEN_AFTER,))
    for what, who in counted_under(address, key).items():
        row = connection.one("SELECT failures FROM sign_in_failure WHERE who = ?", (who,))
        failures = (row[0] if row else 0) + 1
        beyond = failures - _FREE[what]
        wait = 0 if beyond < 0 else min(_FIRST_WAIT << min(beyond, 20), LONGEST_WAIT)
        connection.execute(
            "INSERT INTO sign_in_failure (who, failures, last_at, refused_until) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (who) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, "
            "refused_until = excluded.refused_until",
            (who, failures, now, now + wait),
        )


def succeeded(connection: Connection, address: str, key: str) -> None:
    """Forget the failures of a person who signed in."""
    connection.execute("DELETE FROM sign_in_failure WHERE who = ?", (counted_under(address, key)["both"],))
