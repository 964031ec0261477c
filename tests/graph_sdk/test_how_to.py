"""Whoever follows docs/how-to/graph-clients.md gets what it says: its blocks are run as they stand there, one after the
other, against `provisor serve` over TLS. Only the port is another one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("msgraph")

from provisor.demo.umbrella import Umbrella

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/graph-clients.md").read_text()
REQUIRED = os.environ.get("PROVISOR_TEST_SERVICES") == "required"
PROGRAMS = ("bash", "curl", "jq", "openssl")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not REQUIRED and not all(map(shutil.which, PROGRAMS)), reason="a program is not installed"),
]


def block(language):
    """All blocks of a language on the page, as one program."""
    return "\n".join(re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("how-to")


@pytest.fixture(scope="module")
def run(folder):
    """Runs a program in the page's folder, and gives what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"PATH": path, "PROVISOR_DATA": str(folder / "data")}

    def run(command, **more):
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **settings, **more}, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(["bash", "-euo", "pipefail", "-c", block("sh server")])
    run(["provisor", "demo", "--write-files", "."])
    files = [word for kind in ("users", "groups", "members") for word in (f"--{kind}", f"{kind}.csv")]
    run(["provisor", "import", "csv", *files])
    return run


@pytest.fixture(scope="module")
def service(run, folder):
    """The service as the page starts it; gives its address."""
    (command,) = re.findall(r"^\$ (provisor serve .*)$", PAGE, re.MULTILINE)
    running = subprocess.Popen(
        [sys.executable, "-m", *command.replace("8021", "0").split()],
        cwd=folder, env={**os.environ, "PROVISOR_DATA": str(folder / "data")}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield re.search(r"https://\S+?:\d+", running.stdout.readline())[0]
    running.terminate()
    running.communicate(timeout=30)


@pytest.fixture(scope="module")
def follow(run, service, folder):
    """Follows the blocks of a language, with what the page has set before them; gives what they print."""
    target = folder / "target"
    target.mkdir(mode=0o700)
    with Umbrella(target) as running:
        token = running.generate_token("how-to")
        reader = {"UMBRELLA_URL": token.url, "UMBRELLA_TOKEN": token.secret}

        def follow(program):
            before = block("sh environment").replace("https://localhost:8021", service)
            return run(["bash", "-euo", "pipefail", "-c", f"{before}\n{program}"], **reader)

        yield follow


def test_the_page_is_followed_with_curl(follow):
    printed = follow(block("sh curl"))

    assert "Succeeded\n" in printed
    assert printed.count("create\tsuccess\t") >= 2
    assert printed.endswith("\nSkipped\n")


def test_the_page_is_followed_with_python(follow, folder):
    (folder / "page.py").write_text(block("python"))

    printed = follow("python page.py").splitlines()

    assert (printed[0], printed[-1]) == ("Succeeded", "Request_ResourceNotFound")
    assert [line for line in printed if line.endswith(" Administrative")]


def test_what_the_page_says_of_the_client_is_all_that_it_has(run, folder):
    assert {*json.loads((folder / "client.json").read_text())} == {"clientId", "clientSecret", "tenantId"}
    assert (folder / "client.json").stat().st_mode & 0o077 == 0
