"""The requests of signing in by OpenID Connect: what a provider says of itself, its keys, and tokens for a code.

HTTPS or this machine only, no redirect, one limit of time and of size for each. Believes nothing: web.openid judges
what is read here.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from provisor.connectors.addresses import host_of, is_loopback
from provisor.connectors.posting import PostAnswer, get, post, problem_with_post_address
from provisor.engine.ports import Malformed, Rejected

ANSWER_SECONDS: Final = 10.0  # somebody waits before a browser


def problem_with_issuer(issuer: str) -> str | None:
    """Why this cannot be an issuer, in a sentence; None when it can (Discovery 1.0 section 3)."""
    if "?" in issuer:
        return "The address of the issuer has a query; an issuer has none."
    return problem_with_post_address(issuer, "the issuer")


def problem_with_places(issuer: str, places: Mapping[str, str]) -> str | None:
    """Why a provider may not name these addresses, by what each is, in a sentence; None when it may.

    One that is elsewhere has nobody asked on this machine: it could reach what listens here for this machine alone.
    """
    for what, url in places.items():
        problem = problem_with_post_address(url, f"the provider's {what}")
        if problem is not None:
            return problem
        if _inside(url) and not _inside(issuer):
            return f"The provider at {host_of(issuer)} names {host_of(url)} for its {what}, which is this machine."
    return None


def _inside(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return is_loopback(host)
    return address.is_loopback or address.is_link_local or address.is_unspecified


async def read_document(url: str, what: str) -> bytes:
    """A document of the provider's. Raises Unreachable, Rejected or Malformed."""
    _refuse(url, what)
    answer = await get(url, seconds=ANSWER_SECONDS, what=what)
    if answer.status != 200:
        raise Rejected(
            f"{host_of(url)} gave no {what}: it answered {answer.status}; check the issuer.", status=answer.status
        )
    return answer.body


async def ask_for_tokens(url: str, body: bytes, headers: Mapping[str, str]) -> PostAnswer:
    """What the token endpoint says of a code. Raises Unreachable, Rejected or Malformed."""
    _refuse(url, "token endpoint")
    return await post(url, body, {**headers, "User-Agent": "Provisor"}, seconds=ANSWER_SECONDS, what="the code")


def _refuse(url: str, what: str) -> None:
    problem = problem_with_post_address(url, f"the provider's {what}")
    if problem is not None:
        raise Malformed(problem)
