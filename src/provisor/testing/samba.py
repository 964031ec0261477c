"""A throwaway Active Directory: Samba's domain controller in a folder and on a loopback address of its own.

    with SambaDomain(folder, "contoso.com") as domain:
        anna = domain.person("anna", displayName="Anna Lee")
        domain.start()
        domain.rename(anna, "CN=anne")

Uses what Debian's Samba packages install, and needs root: its LDAP ports are fixed (389 and 636), so that two domains
differ by address. Only its LDAP service is started; it ends with the process that started it. Ends only what it
started. Order: the controller, what can be done to its objects, how it is set up.
"""

import json
import os
import random
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisor.testing.certificates import certificate, named

SambaStep: TypeAlias = Mapping[str, object]  # `do`, `dn`, and what it takes: see samba_hand

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
LONGEST_PATH: Final = 107  # of a socket, as Linux has it
_LONGEST_SOCKET: Final = "private/ldap_priv/ldapi"
PACKAGES: Final = "samba-ad-dc samba-ad-provision python3-samba"
HOST: Final = "dc1"
PLAIN_PORT: Final = 389
TLS_PORT: Final = 636
_PYTHON: Final = "/usr/bin/python3"  # for which Debian installs Samba's modules
_HAND: Final = Path(__file__).with_name("samba_hand.py")
_SAMBA: Final = "usr/sbin/samba"
_TOOL: Final = "usr/bin/samba-tool"
_SETUP: Final = "usr/share/samba/setup/ad-schema"
_NOBODY: Final = bytes.fromhex("300c020101600702010304008000")  # RFC 4511 section 4.2: a bind without a name
_REPLICATE_CHANGES: Final = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"  # the right, of the domain
_NORMAL_ACCOUNT: Final = 512
_WITHOUT_PASSWORD: Final = 544


class SambaMissing(Exception):
    """There is no domain controller to be had on this machine; the message says what to do."""


class SambaDomain:
    """A domain; a context manager, within which it exists. It is empty, and answers from `start` on."""

    def __init__(self, folder: Path, realm: str) -> None:
        refuse_without_samba()
        if len(str(folder / _LONGEST_SOCKET)) > LONGEST_PATH:
            longest = LONGEST_PATH - len(_LONGEST_SOCKET) - 1
            raise SambaMissing(f"Samba's sockets do not fit into {folder}: take one of at most {longest} letters.")
        self.folder = folder
        self.realm, self.base = realm, "DC=" + realm.replace(".", ",DC=")
        self.name, self.administrator = f"{HOST}.{realm}", f"administrator@{realm}"
        self.address, self.ca_file = _free_address(), folder / "tls" / "ca.pem"
        self._controller: subprocess.Popen[bytes] | None = None
        self._hand: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._provision()
        except BaseException:  # Ctrl-C among them: nobody else would end it
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.kill()
            hand.communicate()

    def start(self) -> None:
        """Have it answer. Raises RuntimeError with the end of its log where it does not."""
        with (self.folder / "out.log").open("ab") as log:
            self._controller = subprocess.Popen(  # noqa: S603 - with our own arguments
                [f"/{_SAMBA}", f"--configfile={self.config}", "--interactive"],
                stdin=subprocess.PIPE,  # which ends it when it is closed, however we end
                stdout=log,
                stderr=log,
                start_new_session=True,  # its children are of its group, and end with it
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._controller.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Samba did not start: {self._logged()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it and all its connections at once; what was written is there after `start`."""
        controller, self._controller = self._controller, None
        if controller is not None:
            with suppress(ProcessLookupError):
                os.killpg(controller.pid, signal.SIGKILL)
            controller.communicate(timeout=STOP_SECONDS)

    def restart(self) -> None:
        """End it, and have it answer again."""
        self.stop()
        self.start()

    def write(self, steps: Sequence[SambaStep]) -> list[str | None]:
        """Do these steps in one transaction; what each told: base64 of the objectGUID of what was added."""
        if self._hand is None:
            self._hand = self._taken_up()
        wire_in, wire_out = self._hand.stdin, self._hand.stdout
        if wire_in is None or wire_out is None:
            raise RuntimeError("What writes into Samba has no pipes.")
        wire_in.write(json.dumps(steps) + "\n")
        wire_in.flush()
        line = wire_out.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": self._logged()}
        if "error" in answer:
            raise RuntimeError(f"Samba did not {answer['error']}")
        return list(answer["told"])

    # Names are distinguished names; `under` is one, or the domain.

    def unit(self, name: str, under: str | None = None) -> str:
        """Add an organizational unit; returns its name, as all that add do."""
        return self._added(f"OU={name},{under or self.base}", {"objectClass": "organizationalUnit"})

    def person(self, name: str, under: str | None = None, **values: object) -> str:
        """Add somebody who has no password."""
        account = {"objectClass": "user", "sAMAccountName": name, "userPrincipalName": f"{name}@{self.realm}"}
        account["userAccountControl"] = str(_WITHOUT_PASSWORD)
        return self._added(f"CN={name},{under or self.base}", account | values)

    def group(self, name: str, members: Sequence[str] = (), under: str | None = None, **values: object) -> str:
        """Add a group with members."""
        listed = {"member": list(members)} if members else {}
        group = {"objectClass": "group", "sAMAccountName": name}
        return self._added(f"CN={name},{under or self.base}", group | listed | values)

    def set(self, dn: str, **values: object) -> None:
        """Replace attributes; None empties one."""
        replaced = {name: [] if value is None else _listed(value) for name, value in values.items()}
        self.write([{"do": "replace", "dn": dn, "values": replaced}])

    def join(self, group: str, *members: str) -> None:
        """Add members to a group."""
        self.write([{"do": "more", "dn": group, "values": {"member": list(members)}}])

    def leave(self, group: str, *members: str) -> None:
        """Take members out of a group."""
        self.write([{"do": "less", "dn": group, "values": {"member": list(members)}}])

    def rename(self, dn: str, rdn: str) -> str:
        """Give it another name; returns its new distinguished name, as `move` does."""
        return self._renamed(dn, f"{rdn},{dn.partition(',')[2]}")

    def move(self, dn: str, under: str) -> str:
        """Move it into another container."""
        return self._renamed(dn, f"{dn.partition(',')[0]},{under}")

    def delete(self, dn: str) -> None:
        """Delete it."""
        self.write([{"do": "delete", "dn": dn}])

    def restore(self, anchor: str, dn: str) -> None:
        """Bring back the deleted object of this anchor, under a name; without its links: there is no recycle bin."""
        self.write([{"do": "restore", "dn": dn, "anchor": anchor}])

    def anchor(self, dn: str) -> str:
        """objectGUID as a record has it: base64 of its bytes."""
        return self.write([{"do": "read", "dn": dn, "attribute": "objectGUID"}])[0] or ""

    def account(self, name: str, password: str) -> str:
        """Somebody who can sign in and has no other right; returns the name to sign in with."""
        dn = self.person(name)
        self.set_password(dn, password)
        self.set(dn, userAccountControl=_NORMAL_ACCOUNT)
        return f"{name}@{self.realm}"

    def set_password(self, dn: str, password: str) -> None:
        """Give an account a password, which must be as long and as mixed as the domain wants it."""
        self.write([{"do": "password", "dn": dn, "to": password}])

    def allow_replication(self, name: str) -> None:
        """Let an account replicate changes, which is what DirSync takes."""
        self._allowed(name, self.base, f"(OA;;CR;{_REPLICATE_CHANGES};;{{sid}})")

    def allow_deletions(self, name: str) -> None:
        """Let an account list and read the container of what was deleted."""
        self._allowed(name, f"CN=Deleted Objects,{self.base}", "(A;;LCRP;;;{sid})")

    def _allowed(self, name: str, dn: str, ace: str) -> None:
        self.write([{"do": "allow", "dn": dn, "who": f"CN={name},{self.base}", "ace": ace}])

    def _added(self, dn: str, values: Mapping[str, object]) -> str:
        listed = {name: _listed(value) for name, value in values.items()}
        self.write([{"do": "add", "dn": dn, "values": listed}])
        return dn

    def _renamed(self, dn: str, to: str) -> str:
        self.write([{"do": "rename", "dn": dn, "to": to}])
        return to

    def _answers(self) -> bool:
        """Whether it answers a bind over TLS: it listens a moment before that."""
        with suppress(OSError):
            context = ssl.create_default_context(cafile=self.ca_file)
            with (
                socket.create_connection((self.address, TLS_PORT), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname=self.name) as channel,
            ):
                channel.sendall(_NOBODY)
                return bool(channel.recv(64))
        return False

    def _taken_up(self) -> "subprocess.Popen[str]":
        with (self.folder / "hand.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - as above
                [_PYTHON, "-I", str(_HAND), str(self.config)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for us
            )

    @property
    def config(self) -> Path:
        """The file that Samba's own tools take as --configfile."""
        return self.folder / "smb.conf"

    def _provision(self) -> None:
        for name in ("run", "log", "tls"):
            (self.folder / name).mkdir(parents=True)
        domain = self.realm.partition(".")[0].upper()
        made = subprocess.run(  # noqa: S603 - as above
            [
                f"/{_TOOL}", "domain", "provision", f"--realm={self.realm.upper()}", f"--domain={domain}",
                "--server-role=dc", "--dns-backend=NONE", f"--targetdir={self.folder}",
                f"--host-name={HOST}", f"--host-ip={self.address}",
            ],
            capture_output=True,  # a password that nobody needs is in it
            text=True,
            check=False,
            start_new_session=True,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"Samba did not make the domain: {made.stderr[-2000:]}")
        self.config.write_text(_configuration(self.folder, self.realm, domain, self.address), encoding="utf-8")
        _certify(self.folder / "tls", self.name)

    def _logged(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-1000:] for path in self.folder.glob("*.log"))


def refuse_without_samba(system: Path = Path("/"), user: int | None = None) -> None:
    """Raise SambaMissing where no domain can be made: in the file system below `system`, by this user (us)."""
    if not all((system / each).exists() for each in (_SAMBA, _TOOL, _SETUP)):
        raise SambaMissing(f"Samba is not installed: run `apt-get install {PACKAGES}` (names of Debian's packages).")
    if (os.geteuid() if user is None else user) != 0:
        raise SambaMissing("Samba's domain controller needs root: its LDAP ports are below 1024.")


def _free_address() -> str:
    """A loopback address where nothing listens on the ports of LDAP."""
    for _ in range(50):
        address = f"127.77.{random.randint(1, 254)}.{random.randint(1, 254)}"  # noqa: S311 - no secret
        with suppress(OSError):
            for port in (PLAIN_PORT, TLS_PORT):
                socket.create_server((address, port)).close()
            return address
    raise SambaMissing("On no loopback address are the LDAP ports 389 and 636 free; end what listens on all of them.")


def _certify(folder: Path, name: str) -> None:
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = named("an authority")
    root = certificate(issuer, issuer, authority.public_key(), authority, until=2099, ca=True)
    leaf = certificate(named(name), issuer, own.public_key(), authority, until=2099, dns=name)
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "ca.pem").write_bytes(root.public_bytes(pem))
    (folder / "cert.pem").write_bytes(leaf.public_bytes(pem))
    key = folder / "key.pem"
    key.touch(mode=0o600)  # Samba reads no key that others may read
    key.write_bytes(own.private_bytes(pem, plain, serialization.NoEncryption()))


def _listed(value: object) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list | tuple) else [value])]


def _configuration(folder: Path, realm: str, domain: str, address: str) -> str:
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
