"""Files of secrets are read as any person would mean them, or refused with a sentence that never shows the secret."""

import io
import json

import pytest

APP = "Cisco Umbrella User Management"
URL = "https://umbrella.example/scim"
SECRET = "s3kret-T0ken.value"
PASSWORD = "correct horse battery"

MEANT = {
    "plain": SECRET.encode(),
    "a line break": f"{SECRET}\n".encode(),
    "Windows' line break": f"{SECRET}\r\n".encode(),
    "several line breaks": f"\n{SECRET}\n\n\n".encode(),
    "a byte order mark": b"\xef\xbb\xbf" + SECRET.encode(),
    "PowerShell's encoding": f"{SECRET}\r\n".encode("utf-16"),
    "blanks around": f"  {SECRET}\t\n".encode(),
    "the word before it": f"Bearer {SECRET}\n".encode(),
    "the whole header": f"Authorization: bearer  {SECRET}\n".encode(),
}
REFUSED = {
    "empty": (b"", "blank"),
    "line breaks alone": (b"\r\n\n", "blank"),
    "blanks alone": (b" \t \n", "blank"),
    "the word alone": (b"Bearer \n", "blank"),
    "two lines": (f"{SECRET}\nother\n".encode(), "2 lines"),
    "two of Windows' lines": (f"{SECRET}\r\n{SECRET}\r\n".encode(), "2 lines"),
    "a comment before it": (f"# token\n{SECRET}\n".encode(), "2 lines"),
    "a blank line between": (f"{SECRET}\n\n{SECRET}".encode(), "3 lines"),
    "two words": (f"{SECRET} {SECRET}".encode(), "holds a blank"),
    "other letters": (f"{SECRET}é".encode(), "outside ASCII"),
    "an invisible letter": (f"{SECRET}\u200b".encode(), "outside ASCII"),
    "no text": (b"\xff\x80" + SECRET.encode(), "is not UTF-8 text"),
    "zeros": (SECRET.encode() + b"\0", "holds a blank"),
    "JSON": (json.dumps({"token": SECRET}).encode(), "blank|brackets"),
    "JSON without blanks": (f'{{"token":"{SECRET}"}}'.encode(), "brackets or quotation marks"),
    "quotation marks": (f'"{SECRET}"'.encode(), "brackets or quotation marks"),
    "an address": (f"{URL}/{SECRET}".encode(), "is an address"),
    "a megabyte": (SECRET.encode() * 60_000, "too many for a secret"),
    "nine thousand letters": (SECRET.encode() * 500, "longer than 8,000"),
}


@pytest.fixture(params=["file", "standard input"])
def save(request, provisor, tmp_path, monkeypatch):
    """Saves credentials with a token of these bytes, from a file or from standard input."""
    provisor("app", "add", APP)
    provisor("job", "create", APP)

    def run(data):
        path = tmp_path / "token"
        path.write_bytes(data)
        if request.param == "file":
            return provisor("job", "credentials", APP, "--url", URL, "--token-file", path)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        return provisor("job", "credentials", APP, "--url", URL, "--token-file", "-")

    return run


@pytest.fixture
def stored(tmp_path):
    """The token that was kept."""
    from provisor.database import open_database
    from provisor.storage import jobs, secrets
    from provisor.storage.schema import migrate

    def read():
        database = open_database(f"sqlite:///{tmp_path / 'data' / 'provisor.sqlite'}")
        try:
            (job,) = jobs.all_jobs(database.reader(), migrate(database))
            key = secrets.load_key(tmp_path / "data" / "secret.key")
            owner = secrets.SecretOwner(tenant=job.tenant, kind="application", id=job.application)
            found = secrets.read(database.reader(), key, owner=owner, name="SecretToken")
            return None if found is None else found.reveal()
        finally:
            database.close()

    return read


@pytest.mark.parametrize("data", MEANT.values(), ids=MEANT)
def test_a_token_is_read_as_it_was_meant(save, stored, data):
    assert save(data).code == 0
    assert stored() == SECRET


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_a_token_that_cannot_be_meant_is_refused_and_never_shown(save, stored, data, said):
    answered = save(data)

    assert answered.code in (1, 2)
    assert any(each in answered.err for each in said.split("|"))
    assert SECRET not in answered.out + answered.err
    assert "Traceback" not in answered.err


PASSWORDS = {
    "plain": PASSWORD.encode(),
    "a line break": f"{PASSWORD}\n".encode(),
    "Windows' line break": f"{PASSWORD}\r\n".encode(),
    "a byte order mark": b"\xef\xbb\xbf" + PASSWORD.encode(),
    "PowerShell's encoding": f"{PASSWORD}\r\n".encode("utf-16"),
}
BAD_PASSWORDS = {
    "empty": (b"", "characters or more"),
    "two lines": (f"{PASSWORD}\nother".encode(), "2 lines"),
    "a blank before it": (f" {PASSWORD}".encode(), "begins or ends with a blank"),
    "no text": (b"\xff\x80" + PASSWORD.encode(), "is not UTF-8 text"),
    "a megabyte": (PASSWORD.encode() * 60_000, "too many for a secret"),
}


@pytest.fixture
def account(provisor, tmp_path, monkeypatch):
    """Makes an account whose password is in a file of these bytes."""

    def run(data):
        path = tmp_path / "password"
        path.write_bytes(data)
        return provisor("target", "account", "create", "a@x.example", "--password-file", path)

    return run


@pytest.fixture
def fits(tmp_path):
    """Whether the password of the account is this one."""
    from provisor.provider.dashboard import accounts
    from provisor.provider.store.tables import open_target
    from provisor.provider.store.tenants import find_tenant

    def ask(password):
        database = open_target(f"sqlite:///{tmp_path / 'data' / 'target.sqlite'}")
        try:
            (found,) = accounts.list_accounts(database.reader(), find_tenant(database, "default"))
            return accounts.password_fits(database.reader(), found, password)
        finally:
            database.close()

    return ask


@pytest.mark.parametrize("data", PASSWORDS.values(), ids=PASSWORDS)
def test_a_password_is_read_as_it_was_meant(account, fits, data):
    assert account(data).code == 0
    assert fits(PASSWORD)


@pytest.mark.parametrize(("data", "said"), BAD_PASSWORDS.values(), ids=BAD_PASSWORDS)
def test_a_password_that_cannot_be_meant_is_refused_and_never_shown(account, data, said):
    answered = account(data)

    assert answered.code in (1, 2)
    assert said in answered.err
    assert PASSWORD not in answered.out + answered.err
