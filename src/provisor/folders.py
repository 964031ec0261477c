"""Makes the folders and files that hold what nobody else may read: mode 0700 and 0600, whoever makes them first.

A file is made where there was none, not through a link that somebody else put there.
"""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and the parents it lacks, readable by us alone; existing ones stay as they are. Raises OSError."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)  # another process may make it at the same time; a file there is an error


def make_file(file: Path) -> int:
    """Make a new file that only we may read, and return its descriptor, open for writing. Raises FileExistsError."""
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
