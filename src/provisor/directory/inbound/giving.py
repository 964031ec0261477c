"""What a record gives, gathered value by value: what the directory would refuse is shortened or left away, and said.

Pure. Limits are those of directory.writable and directory.extensions: spec/graph-synchronization-api.md section 11, for
extensions spec/entra-connect.md section 4.
"""

from base64 import b64decode
from binascii import Error
from typing import Final

from provisor.directory.attributes import KNOWN, Unreadable, misfit
from provisor.directory.extensions import MOST_VALUES
from provisor.directory.inbound.arriving import LeftOut, RawValue
from provisor.directory.inbound.values import as_texts
from provisor.directory.objects import NAMING, DirectoryKind, DirectoryValue
from provisor.directory.printable import refused_name
from provisor.directory.writable import LONGEST_TEXT, MOST_IN_A_LIST
from provisor.scim.naming import escaped
from provisor.scim.values import fold

# Part of an address or of an identifier is another one.
_NEVER_SHORTENED: Final = frozenset(
    {"mail", "mailNickname", "proxyAddresses", "otherMails", "imAddresses", "userPrincipalName",
     "onPremisesUserPrincipalName", "onPremisesSamAccountName", "onPremisesDistinguishedName", "onPremisesImmutableId",
     "onPremisesSecurityIdentifier", "employeeId"}
)  # fmt: skip


class Giving:
    """The attributes given so far, under Graph's names, with a sentence for whatever was shortened or left away."""

    def __init__(self, kind: DirectoryKind) -> None:
        self._kind = kind
        self._extensions = 0
        self.given: dict[str, DirectoryValue] = {}
        self.warnings: list[str] = []

    def put(self, name: str, value: DirectoryValue | Unreadable, *, longest: int = LONGEST_TEXT) -> None:
        """Give a property that the directory knows. No value, an empty text or list gives nothing."""
        if isinstance(value, Unreadable):
            self.warn(value.reason)
            return
        if value is None or value in ("", []):
            return
        problem = misfit(name, KNOWN[self._kind][name], value)
        if problem is not None:
            self.warn(f"{name} is left away: it is no {KNOWN[self._kind][name]}.")
        elif isinstance(value, str):
            self._put_text(name, value, longest)
        elif isinstance(value, list):
            self._put_list(name, [one for one in value if isinstance(one, str)], longest)
        else:
            self.given[name] = value

    def put_extension(self, name: str, value: DirectoryValue | Unreadable) -> None:
        """Give an extension under its full name; an object has no more than 100."""
        if isinstance(value, Unreadable):
            self.warn(value.reason)
        elif value is not None and value not in ("", []):
            if self._extensions == MOST_VALUES:
                self.warn(f"{name} is left away: an object has {MOST_VALUES} extensions with a value at most.")
                return
            self._extensions += 1
            self.given[name] = value

    def warn(self, sentence: str) -> None:
        """Say what was not taken as it came."""
        self.warnings.append(sentence)

    def nameless(self, missing: str) -> LeftOut | None:
        """Why nobody can be called what is given; None when it can be. `missing`: where a name would have been."""
        naming = NAMING[self._kind]
        name = self.given.get(naming)
        if not isinstance(name, str) or not name.strip():
            return LeftOut(code="name-blank", message=f"It has no {naming}: {missing}.")
        refusal = refused_name(name, f"a {naming}")
        return None if refusal is None else LeftOut(code=refusal.code, message=refusal.message)

    def _put_text(self, name: str, text: str, longest: int) -> None:
        kept = self._kept(name, text, longest)
        if kept is not None:
            self.given[name] = kept

    def _put_list(self, name: str, texts: list[str], longest: int) -> None:
        kept = [one for text in dict.fromkeys(texts) if text and (one := self._kept(name, text, longest)) is not None]
        if len(kept) > MOST_IN_A_LIST:
            self.warn(f"{name} has {len(kept):,} values, of which the first {MOST_IN_A_LIST} are taken.")
        if kept:
            self.given[name] = kept[:MOST_IN_A_LIST]

    def _kept(self, name: str, text: str, longest: int) -> str | None:
        if name == NAMING[self._kind]:  # judged once all is given
            return text
        reason = unstorable(text)
        if reason is not None:
            self.warn(f"{name} is left away: {escaped(text)} has {reason}.")
            return None
        if len(text) <= longest:
            return text
        if name in _NEVER_SHORTENED:
            self.warn(f"{name} is left away: it has {len(text):,} characters, {longest:,} are the most.")
            return None
        self.warn(f"{name} is shortened from {len(text):,} to {longest:,} characters.")
        return text[:longest]


def unstorable(text: str) -> str | None:
    """What a text has in it that no text in the directory has; None when it can be kept."""
    if text.isascii():
        return "a character U+0000" if "\0" in text else None
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "half of a surrogate pair"
    return "a character U+0000" if "\0" in text else None


def reference_in(value: RawValue) -> str | None:
    """The reference of another record that a value is; None when it can be none."""
    text = next(iter(as_texts(value)), "")
    return text if text and unstorable(text) is None else None


def addresses_in(*texts: str) -> tuple[str, ...]:
    """Those of the texts that are mail addresses, folded."""
    return tuple(fold(text) for text in texts if "@" in text and unstorable(text) is None)


def bytes_of(text: str) -> bytes | None:
    """The bytes that base64 stands for; None when it is no base64."""
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        return None
