"""A throwaway domain: it outlives nobody who made it, and says where it cannot be made."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from provisor.testing.samba import TLS_PORT, SambaDomain, SambaMissing

SECONDS = 60
MAKER = """
import sys
from pathlib import Path
from provisor.testing.samba import SambaDomain
with SambaDomain(Path(sys.argv[1]) / "domain", "contoso.com") as domain:
    domain.start()
    print(domain.address, flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.xdist_group("samba")
def test_a_domain_whose_maker_is_killed_ends(with_samba):
    with tempfile.TemporaryDirectory(prefix="ad-", ignore_cleanup_errors=True) as folder:
        maker = subprocess.Popen(
            [sys.executable, "-c", MAKER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with maker:
            address = maker.stdout.readline().strip()
            assert answers(address)
            maker.send_signal(signal.SIGKILL)
            maker.wait()

            until = time.monotonic() + SECONDS
            while answers(address):
                assert time.monotonic() < until
                time.sleep(0.05)


def answers(address):
    with suppress(OSError):
        socket.create_connection((address, TLS_PORT), timeout=5).close()
        return True
    return False


def test_a_folder_that_its_sockets_do_not_fit_into_is_refused(with_samba):
    with pytest.raises(SambaMissing, match="at most 83 letters"):
        SambaDomain(Path("/tmp") / ("long" * 20), "contoso.com")
