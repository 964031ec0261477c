"""The key under which links of pages and changes are sealed, of the tenant; made at first use.

Whoever has the database can make such links; what they show, they may read there anyway.
"""

from provisor.admin.context import Context
from provisor.storage import tenants

_NAME = "linkKey"


def link_key(context: Context) -> bytes:
    """256 bits."""
    known = tenants.setting(context.database.reader(), context.tenant, _NAME)
    if known is None:
        with context.database.transaction() as connection:
            known = tenants.setting(connection, context.tenant, _NAME)
            if known is None:
                known = context.random_bytes(32).hex()
                tenants.save_setting(connection, context.tenant, _NAME, known)
    return bytes.fromhex(known)
