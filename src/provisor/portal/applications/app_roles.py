"""The roles that an application defines: list, create, edit, enable and disable, delete."""

from dataclasses import dataclass

from provisor.admin.actor import APPLICATION_WRITE
from provisor.admin.app_roles import LONGEST_DESCRIPTION, AppRole
from provisor.admin.errors import AdminError
from provisor.portal.editions import edition_of, overtaken
from provisor.portal.errors import said
from provisor.portal.frames import ApplicationFrame, application_frame
from provisor.portal.visits import PortalVisit
from provisor.web.answers import PageAnswer, Redirect, TemplatePage


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTyped:
    """What the form of a role holds."""

    name: str = ""
    value: str = ""
    description: str = ""
    enabled: bool = True


def show(visit: PortalVisit) -> PageAnswer:
    """The roles in the order in which they were defined."""
    frame = application_frame(visit)
    roles = visit.admin.app_roles.all(visit.actor, frame.id)
    editions = {one.id: edition_of(_told(_stored(one))) for one in roles}
    values = {"frame": frame, "tab": "roles", "roles": roles, "editions": editions}
    return TemplatePage(template="applications/app_roles.html", title=f"{frame.name} - App roles", values=values)


def begin(visit: PortalVisit) -> PageAnswer:
    """The form of a new role."""
    frame = _changeable(visit)
    return _form(frame, "", RoleTyped(), {})


def create(visit: PortalVisit) -> PageAnswer:
    """Define it."""
    frame, typed = _changeable(visit), _typed(visit)
    try:
        visit.admin.app_roles.add(
            visit.actor,
            frame.id,
            typed.name,
            value=typed.value or None,
            description=typed.description,
            enabled=typed.enabled,
        )
    except AdminError as error:
        return _again(frame, "", typed, error)
    return Redirect(to=_list(frame), done=f"The role {typed.name} was created.")


def edit(visit: PortalVisit) -> PageAnswer:
    """The form of a role that there is."""
    frame = _changeable(visit)
    role = _role(visit, frame)
    return _form(frame, role.id, _stored(role), {}, edition_of(_told(_stored(role))))


def save(visit: PortalVisit) -> PageAnswer:
    """Change it; the next cycle updates everyone assigned to it."""
    frame, typed = _changeable(visit), _typed(visit)
    role = _role(visit, frame)
    stored = _told(_stored(role))
    if problem := overtaken(visit, stored, _told(typed)):
        return _form(frame, role.id, typed, {}, edition_of(stored), problem)
    try:
        visit.admin.app_roles.set(
            visit.actor,
            frame.id,
            role.id,
            name=typed.name,
            value=typed.value,
            description=typed.description,
            enabled=typed.enabled,
        )
    except AdminError as error:
        return _again(frame, role.id, typed, error, edition_of(stored))
    return Redirect(to=_list(frame), done=f"The role {typed.name} was saved.")


def _stored(role: AppRole) -> RoleTyped:
    return RoleTyped(name=role.display_name, value=role.value or "", description=role.description, enabled=role.enabled)


def _told(typed: RoleTyped) -> dict[str, str]:
    return {
        "Display name": typed.name,
        "Value": typed.value,
        "Description": typed.description,
        "Enabled": "Yes" if typed.enabled else "No",
    }


def leaving(visit: PortalVisit) -> PageAnswer:
    """Whether a role is to go."""
    frame = _changeable(visit)
    return _leaving(visit, frame, "")


def _leaving(visit: PortalVisit, frame: ApplicationFrame, wrong: str) -> TemplatePage:
    role = _role(visit, frame)
    return TemplatePage(
        template="applications/delete_role.html",
        title=f"Delete {role.display_name}",
        values={"frame": frame, "tab": "roles", "role": role, "wrong": wrong},
        status=400 if wrong else 200,
    )


def delete(visit: PortalVisit) -> PageAnswer:
    """Remove one that is disabled and that nobody is assigned to."""
    frame = _changeable(visit)
    try:
        gone = visit.admin.app_roles.remove(visit.actor, frame.id, visit.names["role"])
    except AdminError as error:
        if error.code not in ("role-in-use", "role-enabled"):
            raise
        return _leaving(visit, frame, said(error))
    return Redirect(to=_list(frame), done=f"The role {gone.display_name} was deleted.")


def _changeable(visit: PortalVisit) -> ApplicationFrame:
    frame = application_frame(visit)
    visit.actor.needs(APPLICATION_WRITE, frame.id)
    return frame


def _role(visit: PortalVisit, frame: ApplicationFrame) -> AppRole:
    """The one that the address names."""
    wanted = visit.names["role"].lower()
    found = next((one for one in frame.shown.application.roles if one.id == wanted), None)
    if found is None:
        raise AdminError("not-found", f"{frame.name} has no such role.", "It may have been deleted since.")
    return found


def _typed(visit: PortalVisit) -> RoleTyped:
    form = visit.form
    return RoleTyped(
        name=form.get("name", "").strip(),
        value=form.get("value", "").strip(),
        description=form.get("description", "").strip(),
        enabled=form.get("enabled") == "yes",
    )


def _form(
    frame: ApplicationFrame, role: str, typed: RoleTyped, wrong: dict[str, str], edition: str = "", problem: str = ""
) -> TemplatePage:
    return TemplatePage(
        template="applications/app_role.html",
        title="Edit app role" if role else "Create app role",
        values={
            "frame": frame,
            "tab": "roles",
            "role": role,
            "typed": typed,
            "edition": edition,
            "problem_said": problem,
            "wrong": {"name": "", "value": "", "description": ""} | wrong,
            "longest": LONGEST_DESCRIPTION,
        },
        status=409 if problem else 400 if wrong else 200,
    )


def _again(frame: ApplicationFrame, role: str, typed: RoleTyped, error: AdminError, edition: str = "") -> TemplatePage:
    """The form with what was typed, and what is wrong beside the field that it is about."""
    if error.code in ("permission-denied", "not-found"):
        raise error
    field = "name"
    if "the value of the role" in error.message or (error.code == "name-taken" and typed.value):
        field = "value"
    elif error.message.startswith("The description"):
        field = "description"
    return _form(frame, role, typed, {field: said(error)}, edition)


def _list(frame: ApplicationFrame) -> str:
    return f"{frame.address}/app-roles"
