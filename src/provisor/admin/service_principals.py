"""Verbs on applications as programs name them: by one of their ids. Only the command line says that it has a name.

An application and its service principal are two objects in Graph and one here: removing either removes both, and what
is changed in one is changed in the other (spec/graph-synchronization-api.md section 1). A name may be given twice, as
in Entra, but not by who names applications by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypedDict, Unpack, assert_never

from provisor.admin.actor import APPLICATION_CREATE, APPLICATION_READ, APPLICATION_WRITE, Actor
from provisor.admin.app_roles import ACTIVITY, GivenRole, replaced_roles
from provisor.admin.applications import DEFAULT_ROLES
from provisor.admin.context import Change, Context
from provisor.admin.errors import AdminError, acceptable_name
from provisor.admin.removals import REMOVAL, Outlook, Removals
from provisor.database import Connection
from provisor.directory.objects import DirectoryObject
from provisor.gallery.template import Template
from provisor.scim.values import Json
from provisor.storage import applications, objects
from provisor.storage.applications import Application, ApplicationBrief, ApplicationChanges

__all__ = ["ApplicationBrief", "ApplicationKey", "GivenProperties", "ServicePrincipalShown", "ServicePrincipals"]

LONGEST_NOTES: Final = 1024  # characters, as in Entra
MOST_TAGS: Final = 100
LONGEST_KEY: Final = 200  # characters of a key that are told

KeyKind: TypeAlias = Literal["service principal", "application", "appId", "named"]


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """By what an application is found: one of its three ids, or the id or name that a person types."""

    kind: KeyKind
    value: str


class GivenProperties(TypedDict, total=False):
    """What `change` may set; what is not there stays."""

    display_name: str
    account_enabled: bool
    assignment_required: bool
    notes: str | None
    tags: Sequence[str]
    roles: Sequence[GivenRole]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipalShown:
    """An application with the gallery's template that it was made from; None: the gallery no longer has it."""

    application: Application
    template: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipals:
    """Enterprise applications by their ids."""

    context: Context
    templates: Sequence[Template]
    removals: Removals

    def gallery(self, actor: Actor) -> Sequence[Template]:
        """The applications that can be added."""
        self.context.needs(actor, APPLICATION_READ)
        return self.templates

    def template(self, actor: Actor, gallery_id: str) -> Template:
        """One application of the gallery."""
        self.context.needs(actor, APPLICATION_READ)
        return self._template(gallery_id)

    def instantiate(self, actor: Actor, gallery_id: str, name: str) -> ServicePrincipalShown:
        """An application of the gallery, with its service principal."""
        with self.context.change(actor, APPLICATION_CREATE, "Add service principal") as change:
            chosen = self._template(gallery_id)
            made = applications.create(
                change.connection,
                tenant=self.context.tenant,
                template=chosen.id,
                display_name=_name(name),
                roles=DEFAULT_ROLES,
                now=change.now,
            )
            change.target, change.detail = made.id, {"name": made.display_name, "template": chosen.id}
            return self._shown(made)

    def all(self, actor: Actor) -> Sequence[ApplicationBrief]:
        """Every application that the actor may read in short, oldest first."""
        connection = self.context.read(actor, APPLICATION_READ)
        every = applications.briefs(connection, self.context.tenant)
        return [each for each in every if actor.may(APPLICATION_READ, each.id)]

    def several(self, actor: Actor, ids: Sequence[str]) -> Mapping[str, ServicePrincipalShown]:
        """Those of a page, of which the actor has read in short; without what is gone since."""
        connection = self.context.read(actor, APPLICATION_READ)
        found = applications.of_ids(connection, [each for each in ids if actor.may(APPLICATION_READ, each)])
        return {each: self._shown(one) for each, one in found.items() if one.tenant == self.context.tenant}

    def assigned(self, actor: Actor, ids: Sequence[str], *, most: int = 1_000) -> Mapping[str, int]:
        """How many users and groups are assigned to each of these applications that the actor may read; counted up to
        `most`, so that a list costs the same however many there are.
        """
        connection = self.context.read(actor, APPLICATION_READ)
        found = self.several(actor, ids)
        return {each: applications.count_up_to(connection, each, most) for each in found}

    def show(self, actor: Actor, key: ApplicationKey) -> ServicePrincipalShown:
        """One application."""
        connection = self.context.read(actor, APPLICATION_READ)
        return self._shown(self.find(connection, key, actor, APPLICATION_READ))

    def change(self, actor: Actor, key: ApplicationKey, **given: Unpack[GivenProperties]) -> None:
        """Set properties; `roles` replaces all of them. Events that were written keep their name."""
        with self.context.change(actor, APPLICATION_WRITE, ACTIVITY) as change:
            found = self.find(change.connection, key, actor, APPLICATION_WRITE)
            change.target, detail = found.id, dict[str, Json]()
            changes = _changes(found, given)
            if key.kind == "named" and "display_name" in changes:
                self._distinct(change.connection, actor, changes["display_name"])
            if changes:
                applications.change(change.connection, found.id, **changes)
                detail = {
                    name: {"old": _said(getattr(found, name)), "new": _said(value)} for name, value in changes.items()
                }
            if "roles" in given and (after := replaced_roles(change.connection, found, given["roles"])) != found.roles:
                applications.set_roles(change.connection, found, after)
                detail["roles"] = {"old": [_role.display_name for _role in found.roles],
                                   "new": [_role.display_name for _role in after]}  # fmt: skip
            change.detail = detail
            if not detail:
                change.nothing()

    def delete(self, actor: Actor, key: ApplicationKey) -> Outlook:
        """Remove an application with its jobs, assignments and owners. Nothing is sent: accounts stay as they are."""
        self.context.needs(actor, APPLICATION_WRITE, REMOVAL)
        found = self.find(self.context.database.reader(), key, actor, APPLICATION_WRITE, REMOVAL)
        return self.removals.delete_application(actor, found.id)

    def owners(self, actor: Actor, key: ApplicationKey) -> Sequence[DirectoryObject]:
        """Who owns an application."""
        connection = self.context.read(actor, APPLICATION_READ)
        found = self.find(connection, key, actor, APPLICATION_READ)
        people = (self._user(connection, user) for user, _ in applications.owners(connection, found.id))
        return [one for one in people if one is not None]

    def add_owner(self, actor: Actor, key: ApplicationKey, user: str) -> None:
        """Make a user an owner. Raises AdminError for one who is, and for what is no user."""
        with self.context.change(actor, APPLICATION_WRITE, "Add owner to service principal") as change:
            found = self.find(change.connection, key, actor, APPLICATION_WRITE)
            who = self._user(change.connection, user)
            if who is None:
                raise self._no_user(change, user)
            change.target, change.detail = found.id, {"owner": who.name}
            if not applications.add_owner(change.connection, self.context.tenant, found.id, who.id):
                raise AdminError(
                    "already-there",
                    f"{who.name} is one of the owners of {found.display_name} already.",
                    "Nothing to do.",
                )

    def remove_owner(self, actor: Actor, key: ApplicationKey, user: str) -> None:
        """Remove an owner. Raises AdminError for somebody who is none."""
        with self.context.change(actor, APPLICATION_WRITE, "Remove owner from service principal") as change:
            found = self.find(change.connection, key, actor, APPLICATION_WRITE)
            names = dict(applications.owners(change.connection, found.id))
            change.target, change.detail = found.id, {"owner": names.get(user.lower(), user)}
            if not applications.remove_owner(change.connection, found.id, user.lower()):
                raise AdminError("not-found", f"{user[:LONGEST_KEY]!r} is no owner of {found.display_name}.")

    def find(
        self,
        connection: Connection,
        key: ApplicationKey,
        actor: Actor,
        permission: str,
        activity: str | None = None,
    ) -> Application:
        """The application of this id, with which the actor may do this. Raises AdminError; what the actor may not see
        is told of as what is not there.
        """
        if key.kind == "named":
            return self.removals.jobs.applications.find(connection, key.value, actor, permission, activity)
        found = self.read(connection, key)
        if found is None or not actor.sees(found.id, permission):
            if permission not in actor.permissions:  # whether it is there or not: nothing may tell the two apart
                about = key.value[:LONGEST_KEY] if found is None else found.id
                self.context.refused(actor, permission, about, activity)
            raise AdminError(
                "not-found",
                f"There is no {_NOUNS[key.kind]} {key.value[:LONGEST_KEY]!r}.",
                "List them to see which there are.",
            )
        self.context.needs(actor, permission, activity, found.id)
        return found

    def read(self, connection: Connection, key: ApplicationKey) -> Application | None:
        """The application of this id, whoever may see it; None when there is none."""
        value, tenant = key.value.lower(), self.context.tenant
        match key.kind:
            case "service principal" | "named":
                found = applications.read(connection, value)
                return found if found is not None and found.tenant == tenant else None
            case "application":
                return applications.by_object_id(connection, tenant, value)
            case "appId":
                return applications.by_app_id(connection, tenant, value)
            case _:
                assert_never(key.kind)

    def _distinct(self, connection: Connection, actor: Actor, name: str) -> None:
        others = applications.by_name(connection, self.context.tenant, name)
        if any(actor.sees(each.id) for each in others):  # or the refusal would tell of one that the actor does not see
            raise AdminError("name-taken", f"An application is already called {name}.", "Choose another name.")

    def _template(self, gallery_id: str) -> Template:
        for each in self.templates:
            if each.gallery_id == gallery_id.lower():
                return each
        raise AdminError(
            "not-found",
            f"The gallery has no application {gallery_id[:LONGEST_KEY]!r}.",
            "List the application templates to see which there are.",
        )

    def _user(self, connection: Connection, user: str) -> DirectoryObject | None:
        item = objects.read(connection, self.context.tenant, user.lower())
        gone = item is None or item.deleted_at is not None or item.purged_at is not None or item.kind != "user"
        return None if gone else item

    def _no_user(self, change: Change, key: str) -> AdminError:
        item = objects.read(change.connection, self.context.tenant, key.lower())
        if item is not None and item.kind == "group" and item.deleted_at is None and item.purged_at is None:
            return AdminError(
                "invalid-value", f"{item.name} is a group, and only users own applications.", "Name a user."
            )
        return AdminError("not-found", f"There is no user {key[:LONGEST_KEY]!r}.", "Name a user by the id.")

    def _shown(self, application: Application) -> ServicePrincipalShown:
        template = next((each for each in self.templates if each.id == application.template), None)
        return ServicePrincipalShown(application=application, template=template)


_NOUNS: Final = {
    "service principal": "service principal",
    "application": "application",
    "appId": "application with the appId",
    "named": "application",
}


def _name(text: str) -> str:
    if not text.strip():
        raise AdminError("name-blank", "The name of the application is blank.", "Give it a name.")
    return acceptable_name(text, "the name of an application")


def _changes(found: Application, given: GivenProperties) -> ApplicationChanges:
    """What differs from what is stored. Raises AdminError for what cannot be."""
    changes = ApplicationChanges()
    if "display_name" in given and given["display_name"] != found.display_name:
        changes["display_name"] = _name(given["display_name"])
    if "account_enabled" in given and given["account_enabled"] != found.account_enabled:
        changes["account_enabled"] = given["account_enabled"]
    if "assignment_required" in given and given["assignment_required"] != found.assignment_required:
        changes["assignment_required"] = given["assignment_required"]
    if "notes" in given and (given["notes"] or None) != found.notes:
        changes["notes"] = _notes(given["notes"])
    if "tags" in given and tuple(dict.fromkeys(given["tags"])) != found.tags:
        changes["tags"] = _tags(given["tags"])
    return changes


def _notes(text: str | None) -> str | None:
    if text and (len(text) > LONGEST_NOTES or not all(each.isprintable() or each in "\n\r\t" for each in text)):
        raise AdminError(
            "invalid-value",
            f"The notes have {len(text):,} characters, or some that cannot be printed.",
            f"Write at most {LONGEST_NOTES:,} of those that can.",
        )
    return text or None


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    if len(tags) > MOST_TAGS:
        raise AdminError("invalid-value", f"There are {len(tags)} tags.", f"Give at most {MOST_TAGS}.")
    for tag in tags:
        if not tag.strip():
            raise AdminError("name-blank", "A tag is blank.", "Leave it out.")
        acceptable_name(tag, "a tag of an application")
    return tuple(dict.fromkeys(tags))


def _said(value: object) -> Json:
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return value if isinstance(value, bool | str) else None
