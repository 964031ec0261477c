"""Directories that speak LDAP: one connection, its questions, and its failures as an administrator reads them.

Only session.py knows the library (ldap3), so that another one can take its place. What the entries mean is known to
connectors.active_directory and connectors.ldap. Rules: RFC 4511, RFC 2696 (pages), MS-ADTS 3.1.1.3.4.1 (controls).
"""

from provisor.connectors.ldap_session.entries import DirSyncPage, LdapControl, LdapEntry, filter_value
from provisor.connectors.ldap_session.session import LdapSession

__all__ = ["DirSyncPage", "LdapControl", "LdapEntry", "LdapSession", "filter_value"]
