"""When a job is quarantined: spec/provisioning-service.md section 11."""

from typing import get_args

import pytest

from provisor.engine.health import (
    SENTENCES,
    QuarantineReason,
    Thresholds,
    judge_failures,
    judge_stop,
    thresholds_of,
)

TOTAL, BASE = "EncounteredTotalEscrowThreshold", "EncounteredBaseEscrowThreshold"
PROPORTION, EXCEPTION = "EncounteredEscrowProportionThreshold", "EncounteredQuarantineException"

# failures, references, successes -> reason
SECTION_11_1 = {
    "4,000 failures": (4_000, 0, 0, None),
    "45,000 failures": (45_000, 0, 900_000, BASE),
    "30,000 failed, 5,000 done": (30_000, 0, 5_000, PROPORTION),
    "20,000 failed, 100,000 done": (20_000, 0, 100_000, None),
    "40,000 and 21,000 references": (40_000, 21_000, 900_000, TOTAL),
    "nothing": (0, 0, 0, None),
    "60,000 in all": (1_000, 59_000, 0, None),
    "60,001 in all": (1_000, 59_001, 0, TOTAL),
    "40,000 of a million": (40_000, 0, 960_000, None),
    "5,000 of which none was done": (5_000, 0, 0, PROPORTION),
    "4,999 of which none was done": (4_999, 0, 0, None),
    "just 40 %": (6_000, 0, 9_000, None),
    "just above 40 %": (6_001, 0, 9_000, PROPORTION),
    "references are no part of the proportion": (5_000, 20_000, 10_000, None),
}


@pytest.mark.parametrize(("failures", "references", "done", "reason"), SECTION_11_1.values(), ids=SECTION_11_1)
def test_section_11_1_thresholds(failures, references, done, reason):
    assert judge_failures(failures, references, done, Thresholds()) == reason


def test_section_11_1_thresholds_are_settings():
    thresholds = thresholds_of({"quarantine": {"least": 3, "percent": 10}, "scope": "all"})

    assert thresholds == Thresholds(least=3, percent=10)
    assert judge_failures(3, 0, 5, thresholds) == PROPORTION


STOPS = {
    "Unauthorized": EXCEPTION,
    "WebExceptionProtocolError": EXCEPTION,
    "Timeout": EXCEPTION,
    "SystemForCrossDomainIdentityManagementServiceIncompatible": EXCEPTION,
    "InsufficientRights": EXCEPTION,
    "InternalServerError": EXCEPTION,
    "TooManyRequests": None,
    "InternalError": None,
    "too-many-deletions": None,
    "cycle-interrupted": None,
    "job-restarted": None,
}


@pytest.mark.parametrize(("code", "reason"), STOPS.items(), ids=STOPS)
def test_section_11_1_a_cycle_that_failed_as_a_whole_quarantines_where_the_target_is_to_blame(code, reason):
    assert judge_stop(code) == reason


def test_section_11_1_every_reason_that_is_given_has_a_sentence_and_the_reserved_ones_are_not_given():
    assert set(SENTENCES) == set(get_args(QuarantineReason))
    assert set(SENTENCES) & {"IngestionInterrupted", "Unknown"} == set()
