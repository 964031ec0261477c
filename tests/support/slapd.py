"""A throwaway OpenLDAP server: slapd with a database of its own on loopback ports, gone with the test that started it.

Uses the program and the schemas of Debian's package `slapd`; nothing of that installation is changed or started. Ends
only the process it started. Imports no test framework.
"""

import base64
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import ldap3

SUFFIX = "dc=example,dc=org"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "root of the tests"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
READER, PASSWORD = f"cn=provisor,{SUFFIX}", "correct horse"
LONG_AGO = "20200101000000Z"
START_SECONDS = 20.0
_SCHEMAS = Path("/etc/ldap/schema")
_MODULES = Path("/usr/lib/ldap")
_MEMORY = Path("/dev/shm")


class SlapdMissing(Exception):
    """There is no slapd on this machine; the message says how to install it."""


def program():
    """Where slapd is. Raises SlapdMissing."""
    found = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/libexec")
    if found is None or not _SCHEMAS.is_dir():
        raise SlapdMissing("slapd is not installed: run `apt-get install slapd`; its service need not run.")
    return found


class Slapd:
    """A running server; a context manager. `port` speaks LDAP and StartTLS, `tls_port` LDAPS where it has an identity.

    `entries` is LDIF, `counted`: whether it keeps contextCSN (overlay syncprov), `limits` what READER may ask for.
    """

    def __init__(self, entries="", *, identity=None, counted=True, limits="size.prtotal=unlimited"):
        self._program, self._identity = program(), identity
        self._folder = Path(tempfile.mkdtemp(prefix="provisor-slapd-", dir=_MEMORY if _MEMORY.is_dir() else None))
        self._process = None
        self.port, self.tls_port = _free_port(), _free_port() if identity else 0
        (self._folder / "database").mkdir()
        (self._folder / "slapd.conf").write_text(self._configuration(counted, limits))
        try:
            self.load(_beginning() + entries)
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def load(self, entries):
        """Put entries into the database without the server, which must not run."""
        with (self._folder / "log").open("ab") as log:
            subprocess.run(
                [str(Path(self._program).with_name("slapadd")), "-q", "-f", str(self._folder / "slapd.conf")],
                input=entries.encode(), stdout=log, stderr=log, check=True,
            )  # fmt: skip

    def start(self):
        """Start it; after `stop` on the same ports, with the data it had."""
        urls = f"ldap://127.0.0.1:{self.port}/" + (f" ldaps://127.0.0.1:{self.tls_port}/" if self.tls_port else "")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-d", "0", "-h", urls, "-f", str(self._folder / "slapd.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"slapd did not start: {(self._folder / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)

    def stop(self):
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def administrator(self):
        """A connection that may change everything; it raises when something is refused."""
        return ldap3.Connection(
            ldap3.Server("127.0.0.1", self.port, get_info=ldap3.NONE),
            ROOT,
            ROOT_PASSWORD,
            auto_bind=True,
            raise_exceptions=True,
        )

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def _configuration(self, counted, limits):
        lines = [f"include {_SCHEMAS}/{name}.schema" for name in ("core", "cosine", "inetorgperson", "nis")]
        lines += [f"modulepath {_MODULES}", "moduleload back_mdb", "moduleload syncprov"]
        lines += [f"pidfile {self._folder}/pid", f"argsfile {self._folder}/args", "loglevel 0"]
        if self._identity is not None:
            lines += [
                f"TLSCertificateFile {self._identity.chain}",
                f"TLSCertificateKeyFile {self._identity.key}",
                "TLSVerifyClient never",
            ]
        lines += [
            "database mdb",
            f"suffix {SUFFIX}",
            f"rootdn {ROOT}",
            f'rootpw "{ROOT_PASSWORD}"',
            f"directory {self._folder}/database",
            "maxsize 268435456",
            "dbnosync",
            "index objectClass,entryUUID,entryCSN,uid,cn eq",
            "access to attrs=userPassword by anonymous auth by * none",
            "access to * by users read",
            *([f'limits dn.exact="{READER}" {limits}'] if limits else []),
            *(["overlay syncprov"] if counted else []),
        ]
        return "\n".join(lines) + "\n"


def person(name, *, under=PEOPLE, **values):
    """LDIF of an inetOrgPerson whose uid is `name`."""
    given = {"objectClass": ["inetOrgPerson"], "uid": name, "cn": name, "sn": name, "mail": f"{name}@example.org"}
    return entry(f"uid={name},{under}", **given | values)


def group(name, members, *, under=GROUPS, **values):
    """LDIF of a groupOfNames."""
    return entry(f"cn={name},{under}", **{"objectClass": ["groupOfNames"], "cn": name, "member": members} | values)


def _beginning():
    return (
        entry(SUFFIX, objectClass=["dcObject", "organization"], o="Example", dc="example")
        + entry(
            READER, objectClass=["organizationalRole", "simpleSecurityObject"], cn="provisor", userPassword=PASSWORD
        )
        + entry(PEOPLE, objectClass="organizationalUnit", ou="people")
        + entry(GROUPS, objectClass="organizationalUnit", ou="groups")
    )


def entry(dn, **values):
    """LDIF of any entry, unless told otherwise of long ago; values are text or lists of it."""
    lines = [("dn", dn)]
    for name, value in ({"createTimestamp": LONG_AGO, "modifyTimestamp": LONG_AGO} | values).items():
        lines += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return "\n" + "".join(f"{name}:: {base64.b64encode(value.encode()).decode()}\n" for name, value in lines)


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
