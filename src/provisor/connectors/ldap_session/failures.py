"""What a directory server's refusals mean, as the errors of `engine` with a sentence for an administrator.

Knows codes and words, no connection. Rules: RFC 4511 section 4.1.9 and appendix A; the sub-codes of a refused sign-in
are those of Windows that Active Directory puts into its text.
"""

import re
import socket
import ssl
from typing import Final

from provisor.connectors.ldap_session.certificates import WrongName
from provisor.engine.ports import ConnectorError, Rejected, Unauthorized, Unreachable

SUCCESS: Final = 0
TIME_LIMIT: Final = 3
NO_SUCH_OBJECT: Final = 32
INSUFFICIENT_RIGHTS: Final = 50
_STRONGER_SIGN_IN: Final = frozenset({8, 13})
_REFUSED_SIGN_IN: Final = frozenset({7, 48, 49})
_LATER: Final = frozenset({51, 52})
_LONGEST_DETAIL: Final = 200
_SUB_CODE: Final = re.compile(r"\bdata ([0-9a-f]{3,4})\b")
_SIGN_IN: Final = {
    "525": "there is no such user",
    "52e": "the password is wrong",
    "530": "the user may not sign in at this time",
    "531": "the user may not sign in from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
}
_MEANINGS: Final = {
    1: "it could not work on the request",
    2: "it did not understand the request",
    4: "it returns fewer entries than there are",
    10: "that belongs to another server",
    11: "the request exceeds a limit that its administrator set",
    12: "it does not know a control of the request",
    16: "there is no such attribute",
    17: "there is no such attribute",
    NO_SUCH_OBJECT: "there is no such object",
    34: "the distinguished name is not written as one",
    INSUFFICIENT_RIGHTS: "the account lacks the right to do that",
    53: "it is unwilling to",
}


def refusal(named: str, doing: str, code: int, said: str) -> ConnectorError:
    """Why a server did not do something; `doing` completes "did not …". Its own words are kept short."""
    detail = _shortened(said)
    quoted = f" ({detail})" if detail else ""
    if code in _LATER:
        return Unreachable(f"{named} did not {doing}: it is busy{quoted}. Try again later.")
    if code == TIME_LIMIT:
        return Unreachable(f"{named} did not {doing}: it took longer than it allows itself{quoted}.", timed_out=True)
    if code in _STRONGER_SIGN_IN:
        return Rejected(f"{named} did not {doing}: it wants TLS; choose LDAPS or StartTLS.", status=code)
    why = _MEANINGS.get(code, f"it answered {code}")
    return Rejected(f"{named} did not {doing}: {why}{quoted}.", status=code)


def refused_sign_in(named: str, user: str, code: int, said: str) -> ConnectorError:
    """Why a server did not let the service account in. Its text is not quoted: it could repeat what was sent."""
    if code not in _REFUSED_SIGN_IN:
        return refusal(named, f"let {user} sign in", code, "")
    sub_code = _SUB_CODE.search(said)
    why = _SIGN_IN.get(sub_code[1], "") if sub_code else ""
    because = why or "user or password is wrong"
    return Unauthorized(f"{named} refused the sign-in of {user}: {because}.")


def unreached(error: Exception) -> str:
    """What went wrong before there was a connection, as the end of a sentence."""
    match error:
        case WrongName():
            return str(error)
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); name the file of its authority"
        case ssl.SSLError():
            return "no TLS came about; check the port, and whether it is LDAPS or StartTLS"
        case TimeoutError():
            return "no answer in time"
        case socket.gaierror():
            return "its name is not known here"
        case ConnectionRefusedError():
            return "nothing listens there"
        case OSError():
            return error.strerror or "the connection broke"
        case _:
            return "what it answered is not LDAP"


def _shortened(said: str) -> str:
    """The server's words, in one short line that no terminal obeys."""
    text = " ".join(said.replace("\0", " ").split())
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST_DETAIL]
