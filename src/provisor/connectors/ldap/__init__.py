"""Directories that speak LDAP and are no Active Directory, as a source of identities: OpenLDAP and the like.

LDAP tells no client what changed or who was deleted. So what changed is asked for by modifyTimestamp, and who is still
there by reading everything from time to time; what is made of the answers is decided elsewhere (directory.inbound).
Rules: RFC 4511 to 4519, RFC 4530 (entryUUID), spec/entra-connect.md sections 7 and 8.
"""

from provisor.connectors.ldap.source import LdapDirectory

__all__ = ["LdapDirectory"]
