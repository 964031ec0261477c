"""Slows down whoever guesses passwords: per address and account, per address, and per account over all addresses.

Kept in the store, so that several server processes count together. Waiting grows with every failure beyond what
somebody who mistypes needs; a success forgets the failures of that person at that address.
"""

from ipaddress import IPv6Network

from provisor.database import Connection

SECOND = 1_000_000
FORGOTTEN_AFTER = 3600 * SECOND
LONGEST_WAIT = 900 * SECOND
_FIRST_WAIT = 30 * SECOND

# Failures that cost nothing: a person at a desk, an office behind one address, an account attacked from everywhere. The
# last is generous, because whoever knows an address could otherwise lock its owner out.
_FREE = {"both": 5, "address": 30, "account": 100}


def counted_under(address: str, email_key: str) -> dict[str, str]:
    """What failures of a sign-in are counted under."""
    network = _network(address)
    return {
        "both": f"both {network} {email_key[:254]}",
        "address": f"address {network}",
        "account": f"account {email_key[:254]}",
    }


def _network(address: str) -> str:
    """What one household or office has: an address of version 4, or a whole /64 of version 6."""
    try:
        return str(IPv6Network((address, 64), strict=False))
    except ValueError:
        return address


def wait_until(connection: Connection, address: str, email_key: str, now: int) -> int | None:
    """When this sign-in may be tried, or None for now."""
    keys = tuple(counted_under(address, email_key).values())
    row = connection.one("SELECT max(refused_until) FROM sign_in_failure WHERE who IN (?, ?, ?)", keys)
    until = row[0] if row else None
    return until if until is not None and until > now else None


def failed(connection: Connection, address: str, email_key: str, now: int) -> None:
    """Count a failure."""
    connection.execute("DELETE FROM sign_in_failure WHERE last_at <= ?", (now - FORGOTTEN_AFTER,))
    for what, who in counted_under(address, email_key).items():
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


def succeeded(connection: Connection, address: str, email_key: str) -> None:
    """Forget the failures of a person who got in."""
    connection.execute("DELETE FROM sign_in_failure WHERE who = ?", (counted_under(address, email_key)["both"],))
