"""What tests of LDAP directories share: servers of their own."""

from support.slapd_fixture import new_slapd

__all__ = ["new_slapd"]
