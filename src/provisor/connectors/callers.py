"""Who asks whom: what tells an origin and a credential from others, and shows neither.

A limit of a target applies to these two together (runner.asking.rates). The mark is keyed by chance anew in every
process, so that nothing of a token can be learnt from it. A renewed token is the same credential.
"""

import os
from hashlib import blake2b
from typing import Final

from provisor.connectors.addresses import origin_of
from provisor.connectors.oauth import TokenSource
from provisor.engine.ports import Secret

_KEY: Final = os.urandom(32)


def caller_of(address: str, credential: Secret | TokenSource) -> str:
    """The mark of who asks there with this."""
    named = (credential.reveal(),) if isinstance(credential, Secret) else credential.named
    mark = blake2b("\n".join(named).encode("utf-8", "replace"), key=_KEY, digest_size=16).hexdigest()
    return f"{origin_of(address)} {mark}"
