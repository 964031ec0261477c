"""What Provisor makes on a disk is readable by who runs it alone, whichever command comes first."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "user list": ["user", "list"],
    "log list": ["log", "list"],
    "target token create": ["target", "token", "create", "--label", "a"],
    "target tenant list": ["target", "tenant", "list"],
    "target account list": ["target", "account", "list"],
}


def run(command, folder, **environment):
    result = subprocess.run(
        ["bash", "-c", 'umask 000; exec "$@"', "bash", sys.executable, "-m", "provisor", *command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def open_to_others(folder: Path):
    return sorted(
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:04o}"
        for path in folder.rglob("*")
        if path.stat().st_mode & 0o077
    )


@pytest.mark.fast_rows(1)
@pytest.mark.parametrize("command", COMMANDS)
def test_whichever_command_comes_first_the_data_is_ours_alone(tmp_path, command):
    run(COMMANDS[command], tmp_path)

    assert any(tmp_path.rglob("*.sqlite"))
    assert open_to_others(tmp_path) == []


def test_a_data_folder_is_ours_alone_with_the_folders_above_it(tmp_path):
    run(COMMANDS["target tenant list"], tmp_path, PROVISOR_DATA="deep/below/data")

    assert open_to_others(tmp_path) == []


@pytest.mark.slow
def test_a_database_elsewhere_and_a_key_elsewhere_are_ours_alone(tmp_path):
    run(
        ["user", "list"],
        tmp_path,
        PROVISOR_DATABASE_URL="sqlite:///base/one.sqlite",
        PROVISOR_SECRET_KEY_FILE="keys/secret.key",
    )

    assert open_to_others(tmp_path) == []


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    (tmp_path / "provisor-data").mkdir(mode=0o755)

    run(COMMANDS["target tenant list"], tmp_path)

    assert open_to_others(tmp_path) == ["provisor-data 0755"]
