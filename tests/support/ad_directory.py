"""What a domain of Active Directory holds and remembers: objects by GUID, when each attribute and link last changed.

It behaves as spec/entra-connect.md sections 7 and 8 say where Samba does not. Tests change it by its methods, each of
which takes one update sequence number; ldap_server answers questions about it.
"""

import uuid
from dataclasses import dataclass, field

LINKS = {"member": "member", "manager": "manager", "managedby": "managedBy"}
_KEPT_BY_TOMBSTONES = {"objectclass", "samaccountname", "useraccountcontrol", "objectsid", "grouptype"}
_WHEN = b"20260101000000.0Z"


def fold(name):
    """A distinguished name to compare by."""
    return ",".join(part.strip().lower() for part in name.split(","))


@dataclass(eq=False)
class Entry:
    """One object. `changed` has the number at which an attribute (folded) changed; `links` per attribute and GUID of
    the target the number and whether it is still there."""

    directory: object
    number: int
    guid: bytes
    rdn: str
    parent: object
    values: dict = field(default_factory=dict)  # spelled name: list of bytes
    changed: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    created: int = 0
    usn: int = 0
    deleted: bool = False
    recycled: bool = False

    @property
    def name(self):
        """Its distinguished name as it is by now."""
        return f"{self.rdn},{self.parent.name}" if self.parent else self.rdn

    @property
    def text_guid(self):
        return str(uuid.UUID(bytes_le=self.guid))

    @property
    def sid(self):
        return self.values.get("objectSid", [b""])[0]

    def within(self, other):
        return self is other or (self.parent is not None and self.parent.within(other))

    def linked(self, attribute):
        """The entries that a link attribute refers to: none that is deleted."""
        found = (
            self.directory.by_guid[guid] for guid, (_, there) in self.links.get(attribute.lower(), {}).items() if there
        )
        return [] if self.recycled else [one for one in found if not one.deleted]


class ActiveDirectory:
    """A domain. `range_limit` is how many values an answer may hold, `recycle_bin` whether deleted objects keep theirs."""

    def __init__(self, base="DC=contoso,DC=com", *, recycle_bin=True, range_limit=1500):
        self.base, self.recycle_bin, self.range_limit = base, recycle_bin, range_limit
        self.usn, self.by_guid = 1000, {}
        self.root = self._made(base, None, {"objectClass": ["top", "domain", "domainDNS"]})
        self.bin = self.container("CN=Deleted Objects")
        self.configuration = self.container("CN=Configuration", kind="configuration")

    def container(self, rdn, *, under=None, kind=None):
        kind = kind or ("organizationalUnit" if rdn.lower().startswith("ou=") else "container")
        return self.add(rdn, under=under, objectClass=["top", kind])

    def person(self, name, *, under=None, **values):
        """A user whose sAMAccountName is `name`, enabled."""
        given = {
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "objectCategory": [f"CN=Person,CN=Schema,CN=Configuration,{self.base}"],
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@contoso.com",
            "userAccountControl": 512,
        }
        return self.add(f"CN={name}", under=under, **given | values)

    def group(self, name, members=(), *, under=None, **values):
        """A global security group."""
        given = {
            "objectClass": ["top", "group"],
            "objectCategory": [f"CN=Group,CN=Schema,CN=Configuration,{self.base}"],
            "sAMAccountName": name,
            "groupType": -2147483646,
        }
        return self.add(f"CN={name}", under=under, **given | values, member=list(members))

    def add(self, rdn, *, under=None, **values):
        return self._made(rdn, under or self.root, values)

    def set(self, entry, **values):
        """Give attributes new values: text, a number, bytes, an entry, or a list of them; None clears."""
        self._bump(entry)
        for name, value in values.items():
            self._put(entry, name, value)

    def join(self, group, *members):
        self._bump(group)
        for one in members:
            group.links.setdefault("member", {})[one.guid] = (self.usn, True)
        group.changed["member"] = self.usn

    def leave(self, group, *members):
        self._bump(group)
        for one in members:
            group.links["member"][one.guid] = (self.usn, False)
        group.changed["member"] = self.usn

    def rename(self, entry, rdn):
        """Another relative name, such as CN=Anna Berg. What is below follows, and takes no number."""
        self._bump(entry)
        entry.rdn = rdn
        self._named(entry)

    def move(self, entry, under):
        self._bump(entry)
        entry.parent = under
        self._named(entry)

    def delete(self, entry):
        """Into Deleted Objects under a mangled name; groups that it was in take no number."""
        self._bump(entry)
        self._put(entry, "isDeleted", "TRUE")
        self._put(entry, "lastKnownParent", entry.parent.name)
        entry.rdn, entry.parent, entry.deleted = f"{entry.rdn}\\0ADEL:{entry.text_guid}", self.bin, True
        self._named(entry)
        self._put(entry, "objectCategory", None)
        if not self.recycle_bin:
            self._stripped(entry)
            for one in self.by_guid.values():  # nor is it a member of anything any more
                for held in one.links.values():
                    held.pop(entry.guid, None)

    def recycle(self, entry):
        """What becomes of a deleted object when its lifetime ends."""
        self._bump(entry)
        entry.recycled = True
        self._put(entry, "isRecycled", "TRUE")
        self._stripped(entry)

    def restore(self, entry, *, under=None):
        """Back under its name (MS-ADTS 3.1.1.5.3.7.3): lastKnownParent stays, as Samba keeps it, too."""
        self._bump(entry)
        entry.rdn, entry.parent, entry.deleted = entry.rdn.split("\\0ADEL:")[0], under or self.root, False
        self._put(entry, "isDeleted", None)
        self._named(entry)

    def found(self, name):
        """The entry of a distinguished name or of <GUID=…>, None when there is none."""
        if name.lower().startswith("<guid="):
            text = name[6:-1]
            return self.by_guid.get(uuid.UUID(text).bytes_le if "-" in text else bytes.fromhex(text))
        wanted = fold(name)
        return next((one for one in self.by_guid.values() if fold(one.name) == wanted), None)

    def _made(self, rdn, parent, values):
        self.usn += 1
        number = len(self.by_guid) + 1
        guid = uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.base} {number}").bytes_le
        entry = Entry(self, number, guid, rdn, parent, created=self.usn, usn=self.usn)
        self.by_guid[guid] = entry
        self._put(entry, "instanceType", 4)
        self._put(entry, "whenCreated", _WHEN)
        if "sAMAccountName" in values:
            sid = bytes.fromhex("010500000000000515000000") + b"DOMAIN-NUMBR" + (1000 + number).to_bytes(4, "little")
            self._put(entry, "objectSid", sid)
        self._named(entry)
        for name, value in values.items():
            self._put(entry, name, value)
        return entry

    def _named(self, entry):
        attribute, _, text = entry.rdn.partition("=")
        text = text.replace("\\0A", "\n")
        self._put(entry, attribute.lower(), text)
        self._put(entry, "name", text)
        self._put(entry, "parentGUID", entry.parent.guid if entry.parent else entry.guid)

    def _bump(self, entry):
        self.usn += 1
        entry.usn = self.usn

    def _put(self, entry, name, value):
        listed = value if isinstance(value, list) else [] if value is None else [value]
        entry.changed[name.lower()] = self.usn
        if name.lower() in LINKS:
            old = entry.links.get(name.lower(), {})
            kept = {one.guid for one in listed}
            new = {
                guid: (self.usn, False) if there and guid not in kept else (usn, there)
                for guid, (usn, there) in old.items()
            }
            for guid in kept:
                if not new.get(guid, (0, False))[1]:
                    new[guid] = (self.usn, True)
            entry.links[name.lower()] = new
        else:
            entry.values[name] = [one if isinstance(one, bytes) else str(one).encode() for one in listed]

    def _stripped(self, entry):
        for name in list(entry.values):
            if name.lower() not in _KEPT_BY_TOMBSTONES | {
                "name",
                "cn",
                "ou",
                "isdeleted",
                "isrecycled",
                "parentguid",
                "lastknownparent",
                "instancetype",
            }:
                self._put(entry, name, None)
        for name in entry.links:
            self._put(entry, LINKS[name], None)


class DomainController:
    """One server of a domain: numbers are its own (`ahead` of those of the first), and so is its invocation id.

    `replicating`: whether accounts may replicate directory changes. `foreign_cookies`: what happens to a cookie of
    another controller: "refused", or "repeated" (everything is told again). `page_objects`: how many a DirSync page has.
    """

    def __init__(
        self, directory, name="DC1", *, ahead=0, replicating=True, foreign_cookies="refused", page_objects=100
    ):
        self.directory, self.name, self.ahead = directory, name, ahead
        self.replicating, self.foreign_cookies, self.page_objects = replicating, foreign_cookies, page_objects
        self.invocation = uuid.uuid5(uuid.NAMESPACE_DNS, f"{directory.base} {name}").bytes_le
        self._service = directory.container(f"CN={name}", under=directory.configuration, kind="server")
        settings = directory.add("CN=NTDS Settings", under=self._service, objectClass=["top", "nTDSDSA"])
        directory.set(settings, invocationId=self.invocation)

    def restored_from_backup(self):
        """Another invocation id, as a controller takes when it is put back to how it was."""
        self.invocation = uuid.uuid5(uuid.UUID(bytes_le=self.invocation), "restored").bytes_le
        self.directory.set(self.directory.found(f"CN=NTDS Settings,{self._service.name}"), invocationId=self.invocation)

    def root(self):
        """The rootDSE."""
        base = self.directory.base
        return {
            "currentTime": [_WHEN],
            "defaultNamingContext": [base.encode()],
            "rootDomainNamingContext": [base.encode()],
            "configurationNamingContext": [f"CN=Configuration,{base}".encode()],
            "schemaNamingContext": [f"CN=Schema,CN=Configuration,{base}".encode()],
            "namingContexts": [base.encode(), f"CN=Configuration,{base}".encode()],
            "dnsHostName": [f"{self.name}.contoso.com".lower().encode()],
            "dsServiceName": [f"CN=NTDS Settings,{self._service.name}".encode()],
            "highestCommittedUSN": [str(self.directory.usn + self.ahead).encode()],
            "isGlobalCatalogReady": [b"TRUE"],
            "supportedLDAPVersion": [b"3"],
            "supportedCapabilities": [b"1.2.840.113556.1.4.800", b"1.2.840.113556.1.4.1670"],
            "supportedControl": [
                b"1.2.840.113556.1.4.319", b"1.2.840.113556.1.4.841", b"1.2.840.113556.1.4.417",
                b"1.2.840.113556.1.4.2064", b"1.2.840.113556.1.4.529",
            ],
            "supportedExtension": [b"1.3.6.1.4.1.1466.20037"],
        }  # fmt: skip

    def values(self, entry):
        """All attributes of an entry but its links, spelled."""
        return entry.values | {
            "objectGUID": [entry.guid],
            "distinguishedName": [entry.name.encode()],
            "uSNChanged": [str(entry.usn + self.ahead).encode()],
            "uSNCreated": [str(entry.created + self.ahead).encode()],
            "whenChanged": [_WHEN],
        }
