"""$orderby of lists that have one order only."""

from provisor.graph_api.odata.errors import unsupported_query


def is_ascending(order_by: tuple[tuple[str, bool], ...], name: str) -> bool:
    """Whether the list is asked for by this property, ascending; it is descending where nothing is said.

    Raises GraphError for another property.
    """
    if not order_by:
        return False
    if len(order_by) > 1 or order_by[0][0].lower() != name.lower():
        asked = ", ".join(one for one, _ in order_by)
        raise unsupported_query(f"This resource cannot be ordered by {asked[:200]!r}.", f"It can by {name}.")
    return not order_by[0][1]
