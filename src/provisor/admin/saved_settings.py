"""Settings of a job in Entra, as somebody saved them there: the answer of Graph's GET …/synchronization/secrets.

Graph shows the values of what is a setting and hides what is a secret (spec/graph-synchronization-api.md section 6):
scope, skipped deletions, notification and accidental-deletion prevention can be taken over, credentials cannot.
"""

from provisor.admin import credential_keys as keys
from provisor.admin.errors import AdminError
from provisor.scim.values import Json


def saved_settings(document: Json) -> tuple[dict[str, str], list[str]]:
    """The settings by Graph's keys, and the keys of the rest. Raises AdminError for what has none."""
    listed = document.get("value") if isinstance(document, dict) else document
    pairs = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    held = {str(one.get("key")): one.get("value") for one in pairs if one.get("key") is not None}
    settings = {name: str(held[name]) for name in sorted(keys.SETTINGS & held.keys()) if held[name] not in (None, "")}
    if not settings:
        raise AdminError(
            "no-saved-settings",
            f"None of {', '.join(sorted(keys.SETTINGS))} has a value there.",
            "Save the answer of GET https://graph.microsoft.com/v1.0/servicePrincipals/ID/synchronization/secrets.",
        )
    return settings, sorted(held.keys() - settings.keys())
