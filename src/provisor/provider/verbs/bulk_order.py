"""The references between the operations of a bulk request: `bulkId:` made an id, and an order that suits them.

Pure. RFC 7644 section 3.7.2 lets references point forwards and in circles. Order: replacing, ordering.
"""

from collections.abc import Iterator, Mapping, Sequence

from provisor.scim.errors import invalid_value, shown
from provisor.scim.values import Json

REFERENCE = "bulkId:"


def resolved(value: Json, ids: Mapping[str, str], named: set[str], key: str = "") -> Json:
    """The value with ids in place of references; the bulkIds met are added to `named`.

    A text that merely begins like a reference stays as it is, but where an id must stand (`value`) and in the path
    of a PATCH operation. Raises ScimError invalidValue for a reference there that nothing in the request makes.
    """
    if isinstance(value, dict):
        return {name: resolved(item, ids, named, name.lower()) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, ids, named, key) for item in value]
    if not isinstance(value, str) or REFERENCE not in value:
        return value
    if key == "path":
        for name, id_ in ids.items():
            if (quoted := f'"{REFERENCE}{name}"') in value:
                named.add(name)
                value = value.replace(quoted, f'"{id_}"')
        return value
    if not value.startswith(REFERENCE):
        return value
    name = value[len(REFERENCE) :]
    if name in ids:
        named.add(name)
        return ids[name]
    if key in ("value", "members", "manager"):
        raise invalid_value(f"No operation of this request has the bulkId {shown(name)}.")
    return value


def in_order(uses: Sequence[Sequence[int]]) -> list[list[int]]:
    """The numbers of the operations, each after those it uses, otherwise as given; circles stand together.

    Tarjan's strongly connected components, without recursion: a request may chain a thousand groups.
    """
    order: list[list[int]] = []
    met: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_: list[int] = []
    is_open: set[int] = set()
    for root in range(len(uses)):
        if root in met:
            continue
        path: list[tuple[int, Iterator[int]]] = [(root, iter(uses[root]))]
        met[root] = lowest[root] = len(met)
        open_.append(root)
        is_open.add(root)
        while path:
            node, rest = path[-1]
            following = next((other for other in rest if other not in met or other in is_open), None)
            if following is not None and following not in met:
                met[following] = lowest[following] = len(met)
                open_.append(following)
                is_open.add(following)
                path.append((following, iter(uses[following])))
            elif following is not None:
                lowest[node] = min(lowest[node], met[following])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == met[node]:
                    order.append(_closed(open_, is_open, node))
    return order


def _closed(open_: list[int], is_open: set[int], node: int) -> list[int]:
    at = open_.index(node)
    unit = sorted(open_[at:])
    del open_[at:]
    is_open.difference_update(unit)
    return unit
