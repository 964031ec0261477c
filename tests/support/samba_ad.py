"""A Samba domain for tests: people and groups who are there from the beginning, and an administrator to sign in as.

Person n is u0000n in OU=People; every tenth is disabled, and manages the nine after him. Group m has twenty of them.
"""

import shutil
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from provisor.testing.samba import SambaDomain

PASSWORD = "Sesame-0pen!"
GIVEN = ("Ada", "Barbara", "Cleo", "Donald", "Edsger", "Frances", "Grace", "Hedy")
FAMILY = ("Lovelace", "Liskov", "Shannon", "Knuth", "Dijkstra", "Allen", "Hopper", "Lamarr")
AT_ONCE, MEMBERS = 1000, 20
_MEMORY, _MEMORY_BYTES = Path("/dev/shm"), 2 << 30


@contextmanager
def samba_domain(people=0, groups=0, realm="contoso.com"):
    """A running domain in memory, if there is room."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
    folder = Path(tempfile.mkdtemp(prefix="provisor-samba-", dir=_MEMORY if in_memory else None))
    try:
        with SambaDomain(folder / "domain", realm) as domain:
            domain.set_password(f"CN=Administrator,CN=Users,{domain.base}", PASSWORD)
            seed(domain, people, groups)
            domain.numbers = count()  # for names that nobody else has
            domain.start()
            yield domain
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seed(domain, people, groups):
    steps = [step(f"OU={unit},{domain.base}", objectClass="organizationalUnit") for unit in ("People", "Groups")]
    steps += [person(number, domain) for number in range(people)]
    steps += [group(number, people, domain) for number in range(groups)]
    for first in range(0, len(steps), AT_ONCE):
        domain.write(steps[first : first + AT_ONCE])


def step(dn, **values):
    return {
        "do": "add",
        "dn": dn,
        "values": {name: value if isinstance(value, list) else [value] for name, value in values.items()},
    }


def name(number, domain):
    return f"CN=u{number:05d},OU=People,{domain.base}"


def person(number, domain):
    given, family = GIVEN[number % 8], FAMILY[number // 8 % 8]
    account = f"u{number:05d}"
    return step(
        name(number, domain),
        objectClass="user",
        sAMAccountName=account,
        userPrincipalName=f"{account}@{domain.realm}",
        givenName=given,
        sn=family,
        displayName=f"{given} {family} {number}",
        mail=f"{account}@{domain.realm}",
        employeeID=str(100_000 + number),
        userAccountControl="544" if number % 10 else "546",
        **({"manager": name(number - number % 10, domain)} if number % 10 else {}),
    )


def group(number, people, domain):
    members = [name((number * MEMBERS + one) % people, domain) for one in range(min(MEMBERS, people))]
    return step(
        f"CN=g{number:03d},OU=Groups,{domain.base}",
        objectClass="group",
        sAMAccountName=f"g{number:03d}",
        description=f"Group {number}",
        **({"member": members} if members else {}),
    )
