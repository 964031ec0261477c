"""Active Directory as a source of identities: a domain read by DirSync, or by uSNChanged where that is refused.

Tells every person, group and container of the domain's naming context in the domain's own words; whom the directory
takes over, and as what, is decided in directory.inbound. Facts: spec/entra-connect.md sections 2 to 8.
"""

from provisor.connectors.active_directory.source import ActiveDirectory

__all__ = ["ActiveDirectory"]
