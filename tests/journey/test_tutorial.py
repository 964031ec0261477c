"""Every command of the tutorial page runs, in the order of the page, in a folder of its own, as real processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "README.md"
PORT_ON_THE_PAGE = "8020"
COMMAND_SECONDS = 60

pytestmark = pytest.mark.slow


def commands():
    """(runs in the background, command) of every line that begins with a prompt, in order."""
    for info, block in re.findall(r"^```console([^\n]*)\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            yield "background" in info, line[2:]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(port)


def run(command, folder, environment):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )


def test_every_command_of_the_tutorial_runs(tmp_path):
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    background = []
    outputs = {}
    try:
        for stays, command in commands():
            command = command.replace(PORT_ON_THE_PAGE, port)
            if stays:
                background.append(
                    subprocess.Popen(command.split(), cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
                )
                wait_for(port)
                continue
            done = run(command, tmp_path, environment)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            outputs.setdefault(command, []).append(done.stdout)
    finally:
        for process in background:
            process.send_signal(signal.SIGTERM)
            process.wait(10)

    cycles = outputs['provisor job run "Cisco Umbrella User Management"']
    assert "Initial cycle" in cycles[0]
    assert "Requests sent: 1 GET." in cycles[3]
    assert "1 user delete" in cycles[4]
    assert all("fail" not in cycle for cycle in cycles)


def test_the_tutorial_walks_steps_3_to_7():
    headings = re.findall(r"^## (Step \d)", PAGE.read_text(), flags=re.MULTILINE)

    assert headings == [f"Step {number}" for number in range(3, 8)]
