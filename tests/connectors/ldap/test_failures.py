"""A source that fails or lies: what is told, what goes on, and that nobody seems to be gone."""

import ldap3
import pytest

from provisor.engine.ports import Malformed, Rejected, Unauthorized, Unreachable
from provisor.rules.source_settings import Server
from support.certificates import Identity
from support.ldap_following import Following, alike
from support.ldap_server import Fault, LdapServer
from support.slapd import GROUPS, PEOPLE, READER, SUFFIX, entry, group, person

