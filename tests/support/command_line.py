"""The command line as a person meets it: every command there is, a terminal to show one on, a prompt to answer."""

import os
import pty
import re
import select
import sys
import threading
from importlib import import_module

from typer.core import TyperGroup
from typer.main import get_command

from provisor.main import NOUNS

CTRL_C = b"\x03"


def leaves():
    """(words, command) of every command there is."""
    for noun, (module, attribute, _) in NOUNS.items():
        yield from below((noun,), get_command(getattr(import_module(module), attribute)))


def below(words, command):
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from below((*words, name), inner)
    else:
        yield words, command


COMMANDS = list(leaves())


def on_screen(monkeypatch, command):
    """What a command writes on a terminal that standard output and error are."""
    reading, writing = pty.openpty()
    pieces = []

    def read():
        while True:
            try:
                pieces.append(os.read(reading, 65536))
            except OSError:  # the other end was closed
                return

    reader = threading.Thread(target=read)
    with os.fdopen(writing, "w", encoding="utf-8") as file, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", file)
        patched.setattr(sys, "stderr", file)
        reader.start()
        command()
    reader.join()
    os.close(reading)
    return b"".join(pieces).decode().replace("\r\n", "\n")


def at_a_prompt(prompt, answers, *arguments, folder):
    """The command on a terminal of its own, given one answer at each prompt; its code, what standard output had."""
    out = folder / "stdout"
    child, terminal = pty.fork()
    if child == 0:  # nothing but the command from here on
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.environ["PROVISOR_DATA"] = str(folder / "data")
        os.execv(sys.executable, [sys.executable, "-m", "provisor", *arguments])
    seen, left = b"", list(answers)
    try:
        while True:
            # Python loses a signal that comes right before it begins to read; a person would press the keys again.
            while not select.select([terminal], [], [], 5)[0] and answers[-1] == CTRL_C:
                os.write(terminal, CTRL_C)
            seen += os.read(terminal, 4096)
            if left and re.search(prompt, seen):
                os.write(terminal, left.pop(0))
                seen = b""
    except OSError:  # the command has ended
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), out.read_text()
