"""What may be chosen to be read of a tenant besides the default properties: more of Graph's, and its extensions.

The extensions of all applications of the tenant, those that Entra Connect registered among them, come from
directoryObjects/getAvailableExtensionProperties. Facts: spec/graph-synchronization-api.md section 11.
"""

from typing import Final, get_args

from provisor.connectors.graph.choices import EXTENSION, PeopleKind, choosable
from provisor.connectors.graph.client import GraphClient
from provisor.connectors.graph.refusals import GraphAsked
from provisor.engine.sources import SourceAttribute
from provisor.rules.source_settings import ExtensionType
from provisor.scim.values import Json

_PATH: Final = "/directoryObjects/getAvailableExtensionProperties"
_ASKED: Final = GraphAsked("tell the directory extensions of the tenant", "Application.Read.All or Directory.Read.All")
_TARGETS: Final[dict[str, PeopleKind]] = {"User": "user", "Group": "group"}
_TYPES: Final[dict[str, ExtensionType]] = {each: each for each in get_args(ExtensionType)}


def available(client: GraphClient) -> list[SourceAttribute]:
    """In the order of names. What is neither of users nor of groups, or cannot be understood, is left out."""
    found = {each.name: each for each in choosable()}
    for page in client.pages(_PATH, _ASKED, body={}):
        for entry in page:
            extension = _extension(entry)
            if extension is not None:
                found[extension.name] = extension
    return [found[name] for name in sorted(found)]


def _extension(entry: Json) -> SourceAttribute | None:
    if not isinstance(entry, dict):
        return None
    name, type_, targets = entry.get("name"), entry.get("dataType"), entry.get("targetObjects")
    if not isinstance(name, str) or not name.startswith(EXTENSION) or not isinstance(targets, list):
        return None
    kinds = tuple(kind for target, kind in _TARGETS.items() if target in targets)
    known = _TYPES.get(type_) if isinstance(type_, str) else None
    if not kinds or known is None:
        return None
    return SourceAttribute(name=name, type=known, multi_valued=entry.get("isMultiValued") is True, kinds=kinds)
