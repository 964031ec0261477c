"""`provisor demo --ad`: the tutorial from a real Active Directory (Samba), step 2 included."""

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from provisor.testing.samba import PACKAGES, SambaMissing, refuse_without_samba

pytestmark = pytest.mark.slow
DEMO = (sys.executable, "-m", "provisor", "demo")
SECONDS = 280  # it took 40 at a load of 4


@pytest.fixture
def short_folder(with_samba):
    """Samba's sockets do not fit into a folder of pytest's."""
    folder = tempfile.mkdtemp(prefix="ad-")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.xdist_group("samba")
def test_the_tutorial_is_verified_from_active_directory_on(short_folder, run_demo):
    ended = run_demo("--ad", seconds=SECONDS, folder=short_folder)

    assert (ended.code, ended.report["verified"], ended.report["differences"]) == (0, True, 0), ended.text
    assert ended.report["users"] == {
        "created": 990,
        "updated": 2,
        "disabled": 2,
        "deleted": 1,
        "failed": 0,
        "skipped": 13,
    }
    assert ended.report["groups"]["created"] == 35
    assert ended.report["domain"]["nativeObjectIds"] == 989  # every account: one of 990 was deleted for good
    assert ended.report["domain"]["secondsToTarget"] < 60
    assert "objectguid: nothing" in ended.text
    assert "Switch Umbrella's on-premises AD Connector off" in ended.text
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address_in(ended.text), 636), timeout=5)


def address_in(text):
    return text.partition("dc1.apporchard.example at ")[2].partition(" ")[0]


def test_files_and_a_domain_are_wrong_usage(tmp_path):
    done = subprocess.run([*DEMO, "--ad", "--users", "users.csv"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 2
    assert "--ad fills a domain with the sample" in done.stderr


def test_who_is_not_root_is_told_so(tmp_path):
    for path in ("usr/sbin/samba", "usr/bin/samba-tool", "usr/share/samba/setup/ad-schema"):
        (tmp_path / path).mkdir(parents=True)

    with pytest.raises(SambaMissing, match="needs root"):
        refuse_without_samba(tmp_path, user=1000)


def test_the_packages_that_are_missing_are_named(tmp_path):
    with pytest.raises(SambaMissing, match=f"apt-get install {PACKAGES}"):
        refuse_without_samba(tmp_path)
