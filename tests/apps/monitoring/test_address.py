"""The address that `provisor serve --port` prints and its refusals: what somebody copies into a browser, and mends."""

import socket

import pytest

from provisor.admin.actor import LOCAL_OPERATOR
from provisor.admin.errors import AdminError
from provisor.admin.health import Pulse
from provisor.admin.session import Listening
from provisor.main import build
from provisor.settings import read_settings
from provisor.site import site
from support.certificates import Identity


@pytest.fixture
def admin(tmp_path):
    made = build(read_settings({"PROVISOR_DATA": str(tmp_path / "data")}))
    yield made
    made.health.context.database.close()


@pytest.fixture
def address(admin):
    def address(**named):
        with site(admin, LOCAL_OPERATOR, Pulse(), Listening(port=0, **named)) as url:
            return url.rpartition(":")[0]

    return address


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "http://127.0.0.1"), ("localhost", "http://localhost"), ("::1", "http://[::1]")]
)
def test_an_address_names_the_host_that_was_named(address, host, shown):
    assert address(host=host) == shown


def test_a_certificate_fits_the_address_that_is_shown(address, tmp_path):
    Identity(tmp_path / "identity")
    files = {"certificate": tmp_path / "identity/chain.pem", "key": tmp_path / "identity/key.pem"}

    assert address(host="localhost", **files) == "https://localhost"


def test_every_address_of_the_machine_is_shown_as_its_name(address):
    assert address(host="0.0.0.0") == f"http://{socket.gethostname()}"


def test_a_file_that_is_not_there_is_named(address, tmp_path):
    there = tmp_path / "there.pem"
    there.write_text("")

    with pytest.raises(AdminError, match=r"no file .*nowhere\.pem"):
        address(host="127.0.0.1", certificate=there, key=tmp_path / "nowhere.pem")


def test_a_host_that_is_none_of_the_machine_is_told_of_with_the_port(address):
    with pytest.raises(AdminError) as refused:
        address(host="192.0.2.1")

    assert "192.0.2.1 port 0" in refused.value.message
    assert "--host" in refused.value.hint
