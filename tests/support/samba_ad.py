"""A throwaway Active Directory: Samba's domain controller in a folder and on a loopback address of its own.

    with SambaDomain(people=1000, groups=50) as domain:
        anna = domain.person("anna", displayName="Anna Lee")
        domain.rename(anna, "CN=anne")

Uses what Debian's Samba packages install, and needs root: its LDAP ports are fixed (389 and 636), so that two domains
differ by address. Only its LDAP service is started. Ends only the processes it started. Imports no test framework.
"""

import base64
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import ldap3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.certificates import certificate, named

START_SECONDS, STOP_SECONDS = 60.0, 10.0
PASSWORD = "Sesame-0pen!"
SEED = Path(__file__).with_name("samba_seed.py")
HOST, PORTS = "dc1", (389, 636)
_SETUP = Path("/usr/share/samba/setup/ad-schema")
_MEMORY, _MEMORY_BYTES = Path("/dev/shm"), 2 << 30
_SHOW_DELETED = ("1.2.840.113556.1.4.417", True, None)
_REPLICATE_CHANGES = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
_NORMAL_ACCOUNT, _WITHOUT_PASSWORD = 512, 544


class SambaMissing(Exception):
    """There is no domain controller to be had on this machine; the message says what to do."""


class SambaDomain:
    """A running domain; a context manager. `people` and `groups` are there from the beginning (samba_seed)."""

    def __init__(self, realm="contoso.com", *, people=0, groups=0):
        if os.geteuid() != 0:
            raise SambaMissing("Samba's domain controller needs root: its LDAP ports are below 1024.")
        if shutil.which("samba") is None or shutil.which("samba-tool") is None or not _SETUP.is_dir():
            raise SambaMissing("Samba is not installed: run `apt-get install samba-ad-dc samba-ad-provision`.")
        self.realm, self.base = realm, "DC=" + realm.replace(".", ",DC=")
        self.name, self.user = f"{HOST}.{realm}", f"administrator@{realm}"
        in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_BYTES
        self.folder = Path(tempfile.mkdtemp(prefix="provisor-samba-", dir=_MEMORY if in_memory else None))
        self.address, self.ca_file = _free_address(), self.folder / "tls" / "ca.pem"
        self.numbers = count()  # for names that nobody else has
        self._process, self._admin = None, None
        try:
            self._provision()
            if people or groups:
                self._run("/usr/bin/python3", str(SEED), str(self._config), str(people), str(groups))
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "samba",
                    f"--configfile={self._config}",
                    "--foreground",
                    "--no-process-group",
                    "--maximum-runtime=7200",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its children are of its group, and end with it
            )
        until = time.monotonic() + START_SECONDS
        while not self._signed_in():  # it listens a moment before it answers
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Samba did not start: {self._logged()}")
            time.sleep(0.05)

    def stop(self):
        """End it and all its connections at once; what was written is there after `start`."""
        process, self._process, self._admin = self._process, None, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What can be done to it. Names are distinguished names; `under` is one, or the domain.

    def unit(self, name, under=None):
        return self._added(f"OU={name},{under or self.base}", "organizationalUnit")

    def person(self, name, under=None, **values):
        account = {"sAMAccountName": name, "userPrincipalName": f"{name}@{self.realm}"}
        return self._added(
            f"CN={name},{under or self.base}", "user", account | {"userAccountControl": _WITHOUT_PASSWORD} | values
        )

    def group(self, name, members=(), under=None, **values):
        listed = {"member": list(members)} if members else {}
        return self._added(f"CN={name},{under or self.base}", "group", {"sAMAccountName": name} | listed | values)

    def set(self, dn, **values):
        """Replace attributes; None empties one."""
        self._done(
            "modify",
            dn,
            {name: [(ldap3.MODIFY_REPLACE, [] if value is None else _listed(value))] for name, value in values.items()},
        )

    def join(self, group, *members):
        self._done("modify", group, {"member": [(ldap3.MODIFY_ADD, list(members))]})

    def leave(self, group, *members):
        self._done("modify", group, {"member": [(ldap3.MODIFY_DELETE, list(members))]})

    def rename(self, dn, rdn):
        """Give it another name; returns its new distinguished name."""
        self._done("modify_dn", dn, rdn)
        return f"{rdn},{dn.partition(',')[2]}"

    def move(self, dn, under):
        rdn = dn.partition(",")[0]
        self._done("modify_dn", dn, rdn, new_superior=under)
        return f"{rdn},{under}"

    def delete(self, dn):
        self._done("delete", dn)

    def restore(self, anchor, dn):
        """Bring back the deleted object of this anchor, under a name. Without its links, since there is no recycle bin."""
        deleted = f"<GUID={base64.b64decode(anchor).hex()}>"
        change = {"isDeleted": [(ldap3.MODIFY_DELETE, [])], "distinguishedName": [(ldap3.MODIFY_REPLACE, [dn])]}
        admin = self._connection()
        admin.search(self.base, f"(objectGUID={_escaped(anchor)})", controls=[_SHOW_DELETED])
        name = next((one["dn"] for one in admin.response if one["type"] == "searchResEntry"), deleted)
        self._done("modify", name, change, controls=[_SHOW_DELETED])

    def anchor(self, dn):
        """objectGUID as a record has it."""
        return base64.b64encode(self._octets(dn, "objectGUID")).decode()

    def account(self, name, password=PASSWORD):
        """Somebody who can sign in and has no other right; returns the name to sign in with."""
        dn = self.person(name)
        self._done("modify", dn, {"unicodePwd": [(ldap3.MODIFY_REPLACE, [f'"{password}"'.encode("utf-16-le")])]})
        self.set(dn, userAccountControl=_NORMAL_ACCOUNT)
        return f"{name}@{self.realm}"

    def allow_replication(self, name):
        """Let an account replicate changes, which is what DirSync takes."""
        sid = _sid(self._octets(f"CN={name},{self.base}", "objectSid"))
        self._run(
            "samba-tool", "dsacl", "set", "-H", str(self.folder / "private" / "sam.ldb"), "-s", str(self._config),
            f"--objectdn={self.base}", f"--sddl=(OA;;CR;{_REPLICATE_CHANGES};;{sid})",
        )  # fmt: skip

    def _added(self, dn, kind, values=None):
        self._done("add", dn, [kind], values or {})
        return dn

    def _done(self, verb, *arguments, **options):
        admin = self._connection()
        if not getattr(admin, verb)(*arguments, **options):
            raise RuntimeError(f"Samba did not {verb} {arguments[0]}: {admin.result}")

    def _octets(self, dn, name):
        admin = self._connection()
        admin.search(dn, "(objectClass=*)", search_scope=ldap3.BASE, attributes=[name])
        return admin.response[0]["raw_attributes"][name][0]

    def _signed_in(self):
        try:
            return self._connection().bound
        except (ldap3.core.exceptions.LDAPException, OSError):
            return False

    def _connection(self):
        if self._admin is None:  # encrypted, because a password may be set only then
            server = ldap3.Server(self.address, use_ssl=True, get_info=ldap3.NONE, connect_timeout=5)
            self._admin = ldap3.Connection(server, self.user, PASSWORD, auto_bind=True, receive_timeout=30)
        return self._admin

    @property
    def _config(self):
        return self.folder / "smb.conf"

    def _provision(self):
        for name in ("run", "log", "tls"):
            (self.folder / name).mkdir()
        domain = self.realm.partition(".")[0].upper()
        self._run(
            "samba-tool", "domain", "provision", f"--realm={self.realm.upper()}", f"--domain={domain}",
            "--server-role=dc", f"--adminpass={PASSWORD}", "--dns-backend=NONE", f"--targetdir={self.folder}",
            f"--host-name={HOST}", f"--host-ip={self.address}",
        )  # fmt: skip
        self._config.write_text(_configuration(self.folder, self.realm, domain, self.address))
        self._certify()

    def _certify(self):
        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = named("an authority")
        root = certificate(issuer, issuer, authority.public_key(), authority, until=2099, ca=True)
        leaf = certificate(named(self.name), issuer, own.public_key(), authority, until=2099, dns=self.name)
        pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self.ca_file.write_bytes(root.public_bytes(pem))
        (self.folder / "tls" / "cert.pem").write_bytes(leaf.public_bytes(pem))
        key = self.folder / "tls" / "key.pem"
        key.touch(mode=0o600)  # Samba reads no key that others may read
        key.write_bytes(own.private_bytes(pem, plain, serialization.NoEncryption()))

    def _run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} {command[1]} failed: {(done.stderr or done.stdout)[-2000:]}")

    def _logged(self):
        return "\n".join(path.read_text(errors="replace")[-1000:] for path in self.folder.glob("*.log"))


def _configuration(folder, realm, domain, address):
    return f"""[global]
realm = {realm.upper()}
workgroup = {domain}
netbios name = {HOST.upper()}
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}/run
ncalrpc dir = {folder}/run/ncalrpc
winbindd socket directory = {folder}/run/winbindd
binddns dir = {folder}/bind-dns
ntp signd socket directory = {folder}/run/ntp
usershare path =
log file = {folder}/log/samba.log
logging = file
log level = 0
ldap server require strong auth = no
tls enabled = yes
tls keyfile = {folder}/tls/key.pem
tls certfile = {folder}/tls/cert.pem
tls cafile = {folder}/tls/ca.pem
"""


def _free_address():
    """A loopback address where nothing listens on the ports of LDAP."""
    for _ in range(50):
        address = f"127.77.{random.randint(1, 254)}.{random.randint(1, 254)}"
        with suppress(OSError):
            for port in PORTS:
                socket.create_server((address, port)).close()
            return address
    raise SambaMissing("On no loopback address are the LDAP ports 389 and 636 free; end what listens on all of them.")


def _listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _escaped(anchor):
    return "".join(f"\\{octet:02x}" for octet in base64.b64decode(anchor))


def _sid(raw):
    parts = [int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4)]
    return f"S-{raw[0]}-{int.from_bytes(raw[2:8], 'big')}-" + "-".join(map(str, parts))
