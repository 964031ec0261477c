"""Text too long for one step, such as a group with tens of thousands of members, kept in pieces until it is sent.

Every whole copy of such a text holds up all other requests for milliseconds. Pure.
"""

from collections.abc import Sequence
from typing import TypeAlias

Text: TypeAlias = str | list[bytes]  # whole, or in pieces as they are sent


def enclosed(head: str, texts: Sequence[Text], tail: str) -> Text:
    """Head, the texts with commas between them, and tail; whole when all of them are."""
    short = [text for text in texts if isinstance(text, str)]
    if len(short) == len(texts):
        return f"{head}{','.join(short)}{tail}"
    pieces: list[bytes] = []
    waiting = head  # short pieces are sent together
    for number, text in enumerate(texts):
        comma = "," if number else ""
        if isinstance(text, str):
            waiting += comma + text
        else:
            pieces += [(waiting + comma).encode(), *text]
            waiting = ""
    return [*pieces, (waiting + tail).encode()]


def encoded(text: Text) -> list[bytes]:
    """The text as it is sent, in one piece at least."""
    return [text.encode()] if isinstance(text, str) else text
