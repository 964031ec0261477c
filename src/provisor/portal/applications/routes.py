"""The addresses of enterprise applications; those of their provisioning are another room's."""

from provisor.portal.applications import app_roles, assigning, assignments, gallery, overview, owners
from provisor.portal.applications.gallery import APPLICATIONS, NEW
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import Rule

_ONE = f"{APPLICATIONS}/{{application}}"
_ROLE = f"{_ONE}/app-roles/{{role}}"
_ASSIGNED = f"{_ONE}/users-and-groups"

RULES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=APPLICATIONS, handler=gallery.show, access="signed-in"),
    Rule(method="GET", path=NEW, handler=gallery.browse, access="signed-in"),
    Rule(method="GET", path=f"{NEW}/{{template}}", handler=gallery.begin, access="signed-in"),
    Rule(method="POST", path=f"{NEW}/{{template}}", handler=gallery.create, access="signed-in"),
    Rule(method="GET", path=_ONE, handler=overview.show, access="signed-in"),
    Rule(method="GET", path=f"{_ONE}/properties", handler=overview.properties, access="signed-in"),
    Rule(method="POST", path=f"{_ONE}/properties", handler=overview.save, access="signed-in", long=True),
    Rule(method="GET", path=f"{_ONE}/delete", handler=overview.leaving, access="signed-in"),
    Rule(method="POST", path=f"{_ONE}/delete", handler=overview.delete, access="signed-in", slow=True),
    Rule(method="GET", path=f"{_ONE}/owners", handler=owners.show, access="signed-in"),
    Rule(method="POST", path=f"{_ONE}/owners", handler=owners.add, access="signed-in", long=True),
    Rule(method="POST", path=f"{_ONE}/owners/{{user}}/remove", handler=owners.remove, access="signed-in"),
    Rule(method="GET", path=f"{_ONE}/app-roles", handler=app_roles.show, access="signed-in"),
    Rule(method="GET", path=f"{_ONE}/app-roles/new", handler=app_roles.begin, access="signed-in"),
    Rule(method="POST", path=f"{_ONE}/app-roles/new", handler=app_roles.create, access="signed-in"),
    Rule(method="GET", path=_ROLE, handler=app_roles.edit, access="signed-in"),
    Rule(method="POST", path=_ROLE, handler=app_roles.save, access="signed-in"),
    Rule(method="GET", path=f"{_ROLE}/delete", handler=app_roles.leaving, access="signed-in"),
    Rule(method="POST", path=f"{_ROLE}/delete", handler=app_roles.delete, access="signed-in"),
    Rule(method="GET", path=_ASSIGNED, handler=assignments.show, access="signed-in"),
    Rule(method="POST", path=f"{_ASSIGNED}/remove", handler=assignments.remove, access="signed-in", long=True),
    Rule(method="GET", path=f"{_ASSIGNED}/add", handler=assigning.show, access="signed-in"),
    Rule(method="POST", path=f"{_ASSIGNED}/add", handler=assigning.go_on, access="signed-in", long=True),
)
LIVE: tuple[PortalLiveRule, ...] = ()
