"""Puts many people and groups into a Samba domain that does not run: `python3 samba_seed.py CONFIG PEOPLE GROUPS`.

Run by the Python that Samba's own modules are installed for. Straight into the database, a thousand objects in one
transaction: five times as fast as through LDAP. Person n is u0000n in OU=People; group m has twenty of them.
"""

import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

GIVEN = ("Ada", "Barbara", "Cleo", "Donald", "Edsger", "Frances", "Grace", "Hedy")
FAMILY = ("Lovelace", "Liskov", "Shannon", "Knuth", "Dijkstra", "Allen", "Hopper", "Lamarr")
AT_ONCE, MEMBERS = 1000, 20


def main():
    config, people, groups = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    settings = LoadParm()
    settings.load(config)
    domain = SamDB(url=settings.private_path("sam.ldb"), session_info=system_session(), lp=settings)
    base, suffix = str(domain.domain_dn()), settings.get("realm").lower()
    for unit in ("People", "Groups"):
        domain.add({"dn": f"OU={unit},{base}", "objectClass": "organizationalUnit"})
    for first in range(0, people, AT_ONCE):
        domain.transaction_start()
        for number in range(first, min(people, first + AT_ONCE)):
            domain.add(person(number, base, suffix))
        domain.transaction_commit()
    domain.transaction_start()
    for number in range(groups):
        domain.add(group(number, people, base))
    domain.transaction_commit()


def name(number, base):
    return f"CN=u{number:05d},OU=People,{base}"


def person(number, base, suffix):
    given, family = GIVEN[number % 8], FAMILY[number // 8 % 8]
    values = {
        "dn": name(number, base),
        "objectClass": "user",
        "sAMAccountName": f"u{number:05d}",
        "userPrincipalName": f"u{number:05d}@{suffix}",
        "givenName": given,
        "sn": family,
        "displayName": f"{given} {family} {number}",
        "mail": f"u{number:05d}@{suffix}",
        "employeeID": str(100_000 + number),
        "userAccountControl": "544" if number % 10 else "546",  # every tenth is disabled
    }
    if number % 10:
        values["manager"] = name(number - number % 10, base)
    return values


def group(number, people, base):
    members = [name((number * MEMBERS + one) % people, base) for one in range(min(MEMBERS, people))]
    values = {
        "dn": f"CN=g{number:03d},OU=Groups,{base}",
        "objectClass": "group",
        "sAMAccountName": f"g{number:03d}",
        "description": f"Group {number}",
    }
    return values | ({"member": members} if members else {})


if __name__ == "__main__":
    main()
