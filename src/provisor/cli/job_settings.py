"""How the settings of a job are shown: each by the option that changes it."""

from collections.abc import Iterator, Mapping
from typing import Any

from provisor.terminal import print_table


def print_settings(found: Mapping[str, Any]) -> None:
    """A row for each option of `job settings`, with what is in force."""
    print_table(("Option", "In force"), list(_rows(found)))


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    threshold, above = found["deletionThreshold"], found["approveAbove"]
    yield "--scope", found["scope"]
    yield "--interval", f"{found['intervalSeconds']} seconds"
    yield "--behaviour", found["behaviour"]
    yield "--change-driven", _YES_OR_NO[found["changeDriven"]]
    yield "--nested-groups", found["nestedGroups"]
    yield "--leavers", found["leavers"]
    if found["deleteAfterDays"] is not None:
        yield "--days", str(found["deleteAfterDays"])
    yield "--skip-out-of-scope-deletions", _YES_OR_NO[found["skipOutOfScopeDeletions"]]
    for kind, limit in found["deletionLimits"].items():
        yield f"--limit-{kind}", limit
    yield "--prevent-accidental-deletions", _YES_OR_NO[found["preventAccidentalDeletions"]]
    yield "--deletion-threshold", "off" if threshold is None else str(threshold)
    yield "--approve-above", "-1 (never asks)" if above is None else str(above)
    yield "--approver-differs", _YES_OR_NO[found["approverDiffers"]]
    yield "--capacity-order", found["capacityOrder"]
    yield "--capacity-first", ", ".join(found["capacityFirst"]) or "none"
    yield "--notify", ", ".join(found["notify"]) or "nobody"
    for name, number in found["quarantine"].items():
        yield f"--quarantine-{name}", f"{number}"
    yield "--keep-exchanges", f"{found['keepExchangesDays']} days"


_YES_OR_NO = {True: "yes", False: "no"}
