"""The addresses of the settings: of people, of programs, of notices, of the service itself."""

from provisor.portal.settings import administrators, api_clients, notifications, service, sign_in_elsewhere
from provisor.portal.settings.administrators import ADMINISTRATORS
from provisor.portal.settings.api_clients import API_CLIENTS
from provisor.portal.settings.notifications import NOTIFICATIONS
from provisor.portal.settings.service import KEYS, RETENTION
from provisor.portal.settings.sign_in_elsewhere import OPENID
from provisor.portal.visits import PortalLiveRule, PortalRule
from provisor.web.site import Rule

_ACCOUNT = f"{ADMINISTRATORS}/{{account}}"
_MACHINE = f"{API_CLIENTS}/{{kind}}/{{account}}"
_MAIL = f"{NOTIFICATIONS}/mail"
_WEBHOOK = f"{NOTIFICATIONS}/webhooks/{{webhook}}"

_OF_PEOPLE: tuple[PortalRule, ...] = (
    Rule(method="GET", path=ADMINISTRATORS, handler=administrators.show, access="signed-in"),
    Rule(method="GET", path=f"{ADMINISTRATORS}/new", handler=administrators.begin, access="signed-in"),
    Rule(method="POST", path=f"{ADMINISTRATORS}/new", handler=administrators.add, access="signed-in"),
    Rule(method="GET", path=OPENID, handler=sign_in_elsewhere.show, access="signed-in"),
    Rule(method="POST", path=OPENID, handler=sign_in_elsewhere.save, access="signed-in", slow=True),
    Rule(method="POST", path=f"{OPENID}/test", handler=sign_in_elsewhere.test, access="signed-in", slow=True),
    Rule(method="GET", path=f"{OPENID}/remove", handler=sign_in_elsewhere.leaving, access="signed-in"),
    Rule(method="POST", path=f"{OPENID}/remove", handler=sign_in_elsewhere.remove, access="signed-in"),
    Rule(method="GET", path=_ACCOUNT, handler=administrators.one, access="signed-in"),
    Rule(method="POST", path=_ACCOUNT, handler=administrators.save, access="signed-in"),
    Rule(method="POST", path=f"{_ACCOUNT}/disable", handler=administrators.disable, access="signed-in"),
    Rule(method="POST", path=f"{_ACCOUNT}/enable", handler=administrators.enable, access="signed-in"),
    Rule(method="GET", path=f"{_ACCOUNT}/set-up-link", handler=administrators.reset, access="signed-in"),
    Rule(method="POST", path=f"{_ACCOUNT}/set-up-link", handler=administrators.make_link, access="signed-in"),
    Rule(method="GET", path=f"{_ACCOUNT}/delete", handler=administrators.leaving, access="signed-in"),
    Rule(method="POST", path=f"{_ACCOUNT}/delete", handler=administrators.delete, access="signed-in"),
)
_OF_PROGRAMS: tuple[PortalRule, ...] = (
    Rule(method="GET", path=API_CLIENTS, handler=api_clients.show, access="signed-in"),
    Rule(method="GET", path=f"{API_CLIENTS}/{{kind}}/new", handler=api_clients.begin, access="signed-in"),
    Rule(method="POST", path=f"{API_CLIENTS}/{{kind}}/new", handler=api_clients.create, access="signed-in"),
    Rule(method="GET", path=f"{_MACHINE}/rotate", handler=api_clients.renewing, access="signed-in"),
    Rule(method="POST", path=f"{_MACHINE}/rotate", handler=api_clients.rotate, access="signed-in"),
    Rule(method="GET", path=f"{_MACHINE}/revoke", handler=api_clients.leaving, access="signed-in"),
    Rule(method="POST", path=f"{_MACHINE}/revoke", handler=api_clients.revoke, access="signed-in"),
)
_OF_NOTICES: tuple[PortalRule, ...] = (
    Rule(method="GET", path=NOTIFICATIONS, handler=notifications.show, access="signed-in"),
    Rule(method="GET", path=_MAIL, handler=notifications.edit_mail, access="signed-in"),
    Rule(method="POST", path=_MAIL, handler=notifications.save_mail, access="signed-in"),
    Rule(method="POST", path=f"{_MAIL}/test", handler=notifications.test_mail, access="signed-in", slow=True),
    Rule(method="GET", path=f"{_MAIL}/remove", handler=notifications.leaving_mail, access="signed-in"),
    Rule(method="POST", path=f"{_MAIL}/remove", handler=notifications.remove_mail, access="signed-in"),
    Rule(method="POST", path=f"{NOTIFICATIONS}/webhooks", handler=notifications.add_webhook, access="signed-in"),
    Rule(method="POST", path=f"{_WEBHOOK}/test", handler=notifications.test_webhook, access="signed-in", slow=True),
    Rule(method="GET", path=f"{_WEBHOOK}/delete", handler=notifications.leaving_webhook, access="signed-in"),
    Rule(method="POST", path=f"{_WEBHOOK}/delete", handler=notifications.delete_webhook, access="signed-in"),
)
_OF_THE_SERVICE: tuple[PortalRule, ...] = (
    Rule(method="GET", path=RETENTION, handler=service.retention, access="signed-in"),
    Rule(method="POST", path=RETENTION, handler=service.save_retention, access="signed-in"),
    Rule(method="GET", path=KEYS, handler=service.keys, access="signed-in"),
    Rule(method="GET", path=f"{KEYS}/rotate", handler=service.renewing, access="signed-in"),
    Rule(method="POST", path=f"{KEYS}/rotate", handler=service.rotate, access="signed-in", slow=True),
    Rule(method="GET", path=f"{KEYS}/forget", handler=service.forgetting, access="signed-in"),
    Rule(method="POST", path=f"{KEYS}/forget", handler=service.forget, access="signed-in"),
    Rule(method="GET", path="/settings/about", handler=service.about, access="signed-in"),
    Rule(method="POST", path="/settings/about/clock", handler=service.believe, access="signed-in"),
)
RULES: tuple[PortalRule, ...] = (*_OF_PEOPLE, *_OF_PROGRAMS, *_OF_NOTICES, *_OF_THE_SERVICE)
LIVE: tuple[PortalLiveRule, ...] = ()
