"""The mappings of a job: one entry for users and one for groups, the schema as a file, and back to the defaults."""

from provisor.admin.actor import JOB_WRITE
from provisor.admin.rule_differences import differences, filter_words
from provisor.admin.rules import readable
from provisor.portal.mappings.drafting import Desk, back, desk, refusing, title_of
from provisor.portal.visits import PortalVisit
from provisor.rules.mapping import ObjectMapping
from provisor.web.answers import PageAnswer, TemplatePage


def show(visit: PortalVisit) -> PageAnswer:
    """Both mappings at a glance."""
    here = desk(visit)
    entries = [_entry(here, mapping) for mapping in (here.ruleset.users, here.ruleset.groups)]
    return here.page("overview.html", "Mappings", {"entries": entries})


def _entry(here: Desk, mapping: ObjectMapping) -> dict[str, object]:
    return {
        "address": here.address_of(mapping.kind),
        "title": title_of(mapping),
        "enabled": mapping.enabled,
        "rows": len(mapping.mappings),
        "matching": [row.target for row in mapping.mappings if row.matching_priority],
        "filters": [filter_words(group) for group in mapping.scope.groups],
        "kind": mapping.kind,
    }


def ask_to_restore(visit: PortalVisit) -> PageAnswer:
    """What the template's mappings would replace, before anybody decides."""
    return _restoring(desk(visit, JOB_WRITE))


def _restoring(here: Desk, problem: str = "", status: int = 200) -> TemplatePage:
    found = differences(here.ruleset, readable(here.surroundings.defaults))
    return here.page("restore.html", "Restore default mappings", {"differences": found}, problem=problem, status=status)


def restore(visit: PortalVisit) -> PageAnswer:
    """The template's mappings, in the draft."""
    here = desk(visit, JOB_WRITE)

    def restored() -> PageAnswer:
        here.changed(here.surroundings.defaults)
        return back(f"{here.address}/changes", "The default mappings are in the draft. Nothing is saved yet.")

    return refusing(restored, lambda text, status: _restoring(here, text, status))
