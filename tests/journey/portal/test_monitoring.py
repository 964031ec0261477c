"""Step 7 when something is wrong: a token that was revoked, what the portal and the mail say, and the way back."""

import pytest

from support.beside import beside
from support.chromium import needs_chromium
from support.mail_sink import MailSink, mail_sink
from support.tutorial_walk import EMAIL

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.timeout(400)]


def set_mail_server(person, port):
    person.follow("Notifications", to="Notifications", within=person.there("navigation", "Main"))
    person.follow("Set the mail server", to="Mail server")
    person.fill("Server", "127.0.0.1")
    person.page.get_by_label("TLS", exact=True).select_option(label="None, to this machine only (port 25)")
    person.fill("Port", str(port))
    person.fill("From", "provisor@contoso.example")
    person.press("Save", to="Notifications")
    person.reads("Letters go through 127.0.0.1")


def revoke_token(person):
    person.follow("API Keys", to="API Keys", within=person.there("navigation", "Main"))
    card = person.page.locator("details#entra")
    card.get_by_role("heading", name="Microsoft Entra").click()
    person.click("link", "Revoke Microsoft Entra ID", within=card, exact=False)
    person.press("Revoke the token", to="API Keys")
    person.reads("The token was revoked")


def first_letter(person, sink):
    """Waited for."""
    for _ in range(120):
        if sink.letters:
            return sink.parsed()[0]
        person.page.wait_for_timeout(500)
    raise TimeoutError("no letter came")


def test_a_revoked_token_is_told_of_and_a_new_one_ends_it(provisioned):
    walk, sink = provisioned, MailSink()
    person, at_umbrella = walk.portal, walk.dashboard
    with beside(lambda: mail_sink(sink)):
        set_mail_server(person, sink.port)
        revoke_token(at_umbrella)
        walk.open_job()

        person.click("button", "Run now")

        person.sees("heading", "In quarantine")
        banner = person.there("region", "In quarantine")
        person.reads("401", within=banner)
        banner.get_by_text("The request and the answer that caused it").click()
        person.reads("GET http://127.0.0.1", within=banner)
        trouble = first_letter(person, sink)
        assert trouble["To"] == EMAIL
        assert "quarantine" in trouble["Subject"].lower()

        walk.generate_token()
        person.follow("Provisioning", to="Admin Credentials", within=person.there("navigation", "Provisioning"))
        person.fill("Secret Token", walk.token)
        person.click("button", "Test Connection")
        person.reads("The supplied credentials are authorized to enable provisioning.")
        walk.save_settings()
        person.follow("Overview", to="Current cycle status", within=person.there("navigation", "Provisioning"))

        # Saved credentials are tried at once. Letters are five minutes apart, so that of the end is not waited for.
        banner.wait_for(state="detached")
        person.reads("100 % complete")
