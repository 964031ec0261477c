"""Where Microsoft Graph and its sign-in answer: one pair of addresses for each of Microsoft's clouds.

From learn.microsoft.com: *Microsoft Graph national cloud deployments* and *National clouds*. GCC uses the global
service. The sign-in of China has an older name, login.chinacloudapi.cn, which can be given as `login`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from provisor.connectors.posting import problem_with_post_address
from provisor.rules.source_settings import Cloud, EntraSettings


class CloudPlaces(NamedTuple):
    """The roots of Graph and of its sign-in, without a slash at their ends."""

    graph: str
    login: str


CLOUDS: Final[Mapping[Cloud, CloudPlaces]] = {
    "global": CloudPlaces("https://graph.microsoft.com", "https://login.microsoftonline.com"),
    "us-government": CloudPlaces("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    "us-government-dod": CloudPlaces("https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    "china": CloudPlaces("https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
}
_VERSION: Final = "/v1.0"


def places_of(settings: EntraSettings) -> CloudPlaces:
    """The addresses that these settings mean. Raises ValueError for one to which no secret may be sent."""
    cloud = CLOUDS[settings.cloud]
    graph = (settings.graph or cloud.graph).strip().rstrip("/").removesuffix(_VERSION)
    login = (settings.login or cloud.login).strip().rstrip("/")
    for what, address in (("Microsoft Graph", graph), ("its sign-in", login)):
        problem = problem_with_post_address(address, what)
        if problem is not None:
            raise ValueError(problem)
    return CloudPlaces(graph, login)
