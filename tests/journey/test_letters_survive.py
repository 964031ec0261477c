"""`provisor serve`, killed at any stage of a letter and started again: the letter arrives, and is doubted only if handed."""

import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest

from provisor.engine.notice import Notice
from provisor.main import build
from provisor.settings import read_settings
from provisor.storage import outbox
from support.certificates import Identity
from support.mail_sink import PASSWORD, STAGES, USER, MailSink, mail_sink

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def command(folder):
    """A command of provisor in a process of its own."""
    environment = {**os.environ, "PROVISOR_DATA": str(folder)}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "provisor", *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run.serve = lambda: asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "provisor", "serve"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return run


@pytest.fixture
def prepared(folder, command, tmp_path):
    """A service that tells ops of what is about no job, through a sink whose port is given."""
    identity = Identity(tmp_path / "tls")
    (tmp_path / "password").write_text(PASSWORD)

    def run(port):
        command(
            *("mail", "set", "--host", "localhost", "--port", port, "--from", "p@x.ie", "--to", "ops@x.ie"),
            *("--user", USER, "--password-file", tmp_path / "password", "--ca-file", identity.root),
        )
        context = build(read_settings({"PROVISOR_DATA": str(folder)})).mail.context
        notice = Notice(
            trouble="webhook",
            turn="began",
            about="w",
            name="The webhook w",
            job=None,
            reason="gone",
            sentence="It is gone.",
            at=context.now(),
        )
        with context.database.transaction() as connection:
            outbox.put(connection, context.tenant, notice)
        context.database.close()

    run.identity = identity
    return run


def shown(command):
    (letter,) = json.loads(command("mail", "show", "--json"))["letters"]
    return letter


@pytest.mark.test_rows(4)
@pytest.mark.parametrize("stage", STAGES)
def test_a_letter_whose_sender_is_killed_arrives_at_the_next_start(prepared, command, stage):
    first, second = MailSink(fault=(stage, "silence")), MailSink()

    async def run():
        async with mail_sink(first, starttls=prepared.identity.context()):
            await asyncio.to_thread(prepared, first.port)
            process = await command.serve()
            await first.reached.wait()
            process.send_signal(signal.SIGKILL)
            await process.wait()
        second.port = first.port
        async with mail_sink(second, starttls=prepared.identity.context()):
            process = await command.serve()
            while not second.letters or (await asyncio.to_thread(shown, command))["state"] != "sent":
                await asyncio.sleep(0.1)
                assert process.returncode is None
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    asyncio.run(asyncio.wait_for(run(), 100))

    assert shown(command)["doubtful"] == (stage == "LETTER")
    assert len(second.letters) == 1
    messages = {letter["Message-ID"] for letter in first.parsed() + second.parsed()}
    assert len(messages) == 1
