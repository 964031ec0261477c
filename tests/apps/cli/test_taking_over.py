"""`provisor job take-over`: settings that were saved in Entra, and files that have none."""

import json

import pytest

SAVED = {
    "value": [
        {"key": "BaseAddress", "value": "https://api.example"},
        {"key": "SecretToken", "value": "*"},
        {"key": "SyncAll", "value": "true"},
        {"key": "SyncNotificationSettings", "value": '{"Enabled":true,"Recipients":"ops@contoso.example",'
         '"DeleteThresholdEnabled":true,"DeleteThresholdValue":50}'},
    ]
}  # fmt: skip


APP = "Cisco Umbrella User Management"


@pytest.fixture
def take_over(provisor, tmp_path):
    """Takes a document over as that of a job here."""
    provisor("app", "add", APP)
    provisor("job", "create", APP)

    def taken(document):
        file = tmp_path / "secrets.json"
        file.write_text(json.dumps(document))
        return provisor("job", "take-over", APP, file)

    return taken


def test_settings_are_taken_over(provisor, take_over):
    take_over(SAVED)

    found = json.loads(provisor("job", "settings", APP, "--json").out)
    assert (found["scope"], found["notify"], found["deletionThreshold"]) == ("all", ["ops@contoso.example"], 50)


def test_what_is_secret_is_left_and_named(take_over):
    assert "Not taken over: BaseAddress, SecretToken." in take_over(SAVED).out


@pytest.mark.parametrize(
    "document", [{}, [], {"value": []}, {"value": [{"key": "BaseAddress", "value": "x"}]}, 7, None], ids=str
)
def test_a_file_without_settings_is_refused(take_over, document):
    refused = take_over(document)

    assert (refused.code, "has a value there" in refused.err) == (1, True)
