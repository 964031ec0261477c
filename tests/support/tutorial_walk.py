"""Steps 3 to 7 of the tutorial, walked by clicking: the dashboard in one window, the portal in another."""

import re

from support.portal_walk import Person, run

APP = "Cisco Umbrella User Management"
USERS_MAPPING = f"Synchronize Microsoft Entra users to {APP}"
GROUPS_MAPPING = f"Synchronize Microsoft Entra groups to {APP}"
EMAIL, PASSWORD = "admin@contoso.example", "correct horse battery"
NOBODY_YET = "Nobody is assigned yet"
APPLICATIONS, DEPLOYMENTS = "Enterprise applications", "Deployments ▸ Core Identities"
GROUPS = ("Engineering", "Sales", "Support")
NUMBER = 30

_GIVEN = ("Ada", "Bruno", "Carla", "David", "Elena", "Farid", "Grace", "Henrik", "Ines", "Jonas")
_FAMILY = ("Lindgren", "Moreau", "Okafor")


def people():
    """(userPrincipalName, given name, surname, group) of everybody in the sample organisation."""
    for number in range(NUMBER):
        given, family = _GIVEN[number % 10], _FAMILY[number // 10]
        yield f"{given}.{family}@contoso.example".lower(), given, family, GROUPS[number % 3]


def write_organisation(folder):
    """The three files of the sample organisation."""
    users = [f"{name},{given} {family},{given},{family},{group}" for name, given, family, group in people()]
    texts = {
        "users": ["userPrincipalName,displayName,givenName,surname,department", *users],
        "groups": ["displayName", *GROUPS],
        "members": ["group,member", *(f"{group},{name}" for name, _, _, group in people())],
    }
    for name, lines in texts.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


class Tutorial:
    """The walk. `dashboard` and `portal` are the person's two windows; `scripted`: whether they run scripts."""

    def __init__(self, context, ends, folder, *, scripted=True):
        self.ends, self.folder, self.scripted = ends, folder, scripted
        self.dashboard, self.portal = Person(context.new_page()), Person(context.new_page())
        self.url = self.token = ""
        self.checks = []

    def everything(self):
        """Step 3 to the end of step 6: everybody is provisioned."""
        self.sign_in_to_umbrella()
        self.generate_token()
        self.become_administrator()
        self.import_organisation()
        self.add_application()
        self.assign()
        self.begin_provisioning()
        self.enter_credentials()
        self.start()
        self.watch_the_cycle()

    # Step 3

    def sign_in_to_umbrella(self):
        run(self.folder, "target", "account", "create", EMAIL, "--password-file", "-", typed=PASSWORD)
        person = self.dashboard
        person.page.goto(self.ends.umbrella)
        person.fill("E-mail address", EMAIL)
        person.fill("Password", PASSWORD)
        person.press("Sign in", to="Users and Groups")

    def generate_token(self):
        """The URL and the token, copied from the page that shows them once."""
        person = self.dashboard
        person.follow("Users and Groups", to="Users and Groups", within=person.there("list", DEPLOYMENTS))
        card = person.page.locator("details#entra")
        card.get_by_role("heading", name="Microsoft Entra").click()
        person.picture("01-users-and-groups")
        person.follow("API Keys page", to="API Keys", within=card)
        card = person.page.locator("details#entra")
        if not person.there("button", "Generate Token", within=card).is_visible():
            card.get_by_role("heading", name="Microsoft Entra").click()
        person.picture("02-api-keys")
        person.press("Generate Token", to="Your new token", within=card)
        self.url = person.page.get_by_label("Tenant URL", exact=True).input_value()
        self.token = person.page.get_by_label("Secret Token", exact=True).input_value()
        person.picture("03-token")
        person.page.get_by_label("I have copied the URL and the token, and saved them in a safe place").check()
        person.press("Continue", to="API Keys")

    # Before step 4

    def become_administrator(self):
        """By the set-up link; and in again by the password."""
        person = self.portal
        person.page.goto(self.ends.set_up)
        person.fill("Name", EMAIL)
        person.fill("Password", PASSWORD)
        person.fill("The same password again", PASSWORD)
        person.press("Save and sign in", to="Home")
        person.click("button", "Sign out")
        person.sees("heading", "Sign in")
        person.fill("Name", EMAIL)
        person.fill("Password", PASSWORD)
        person.press("Sign in", to="Home")

    def import_organisation(self):
        write_organisation(self.folder)
        person = self.portal
        person.follow("Users", to="All users", within=person.there("navigation", "Main"))
        person.follow("Import from CSV", to="Import from CSV")
        for label in ("Users", "Groups", "Members"):
            field = person.page.get_by_label(label, exact=True).and_(person.page.locator("input[type=file]"))
            field.set_input_files(self.folder / f"{label.lower()}.csv")
        person.click("button", "Preview")
        self._come_to("See what would change")
        person.sees("button", "Import")
        person.reads("What would happen")
        person.picture("04-import")
        person.click("button", "Import")
        self._come_to("See the report")
        person.reads("The files were imported")

    def _come_to(self, link):
        """Past a page that shows how far something is: with scripts it moves by itself, and leads on."""
        person = self.portal
        there = person.there("link", link)
        for _ in range(120):
            if there.count():
                there.click()
                return
            if not person.page.locator("main progress").count():
                return
            person.page.wait_for_timeout(500)
            if not self.scripted:
                person.page.reload()

    # Step 4

    def add_application(self):
        person = self.portal
        person.follow(APPLICATIONS, to=APPLICATIONS, within=person.there("navigation", "Main"))
        person.page.locator(".title").get_by_role("link", name="New application").click()
        person.sees("heading", "Browse the gallery")
        person.picture("05-gallery")
        person.follow(f"Add {APP}", to="Add it")
        person.press("Create", to="Getting started")

    # Step 5

    def assign(self):
        person = self.portal
        person.follow("Users and groups", to=NOBODY_YET, within=person.there("navigation", APP))
        person.click("link", "Add user/group", within=person.page.locator(".title"))
        person.sees("heading", "Add assignment")
        for group in GROUPS:
            person.page.get_by_role("checkbox", name=group).check()
        person.picture("06-users-and-groups")
        person.click("button", "Assign")
        person.sees("region", "Assignments")
        assert len(person.rows("Assignments")) == len(GROUPS)

    # Step 6

    def begin_provisioning(self):
        person = self.portal
        self.open_application()
        person.follow(
            "Provisioning", to="Get started with application provisioning", within=person.there("navigation", APP)
        )
        person.page.get_by_label("Provisioning Mode", exact=True).select_option(label="Automatic")
        person.press("Get started", to="Admin Credentials")

    def enter_credentials(self):
        """Admin Credentials, Notification Email, and Save."""
        person = self.portal
        person.fill("Tenant URL", self.url)
        person.fill("Secret Token", self.token)
        person.click("button", "Test Connection")
        person.reads("The supplied credentials are authorized to enable provisioning.")
        self.checks = [" ".join(one.split()) for one in person.page.locator("#connection ol li").all_inner_texts()]
        person.picture("07-test-connection", at=person.there("heading", "Admin Credentials"))
        person.fill("Notification Email", EMAIL)
        person.page.get_by_label("Send an email notification when a failure occurs", exact=True).check()
        person.picture("08-notification-email", at=person.there("heading", "Notification"))
        self.save_settings()

    def save_settings(self):
        person = self.portal
        person.there("button", "Save").first.click()
        person.reads("Saved: ")

    def review(self, mapping, picture):
        """The table of a mapping, row by row: attribute, type, and whether it is for matching and for filtering."""
        person = self.portal
        person.follow(mapping, to=mapping)
        person.sees("heading", "Attribute Mappings")
        person.picture(picture, at=person.there("heading", "Attribute Mappings"))
        found = [(row[0], row[1], row[3], row[4]) for row in person.rows("Table of attribute mappings")]
        person.follow("Provisioning", to="Admin Credentials", within=person.there("navigation", "Provisioning"))
        return found

    def start(self):
        """Scope, Provisioning Status On, and Save."""
        person = self.portal
        person.page.get_by_label("Scope", exact=True).select_option(label="Sync only assigned users and groups")
        person.picture("11-scope", at=person.there("heading", "Settings"))
        person.there("group", "Provisioning Status").get_by_label("On", exact=True).check()
        person.picture("12-provisioning-status", at=person.there("group", "Behaviour"))
        person.there("button", "Save").first.click()
        person.reads("Provisioning Status is On")

    def watch_the_cycle(self):
        """The progress bar: with scripts it moves while nobody touches the page."""
        person = self.portal
        person.sees("heading", "Current cycle status")
        if not self.scripted:
            person.comes_to_read("100 % complete", "Overview")
            return
        person.page.evaluate("window.untouched = true")
        person.reads(re.compile(r"\b([1-9]\d?) % complete"))
        person.picture("13-overview")
        person.reads("100 % complete")
        assert person.page.evaluate("window.untouched")

    # Step 7

    def logged(self):
        """Who the provisioning logs say was created."""
        person = self.portal
        person.follow("Provisioning logs", to="Provisioning logs", within=person.there("navigation", "Provisioning"))
        person.sees("region", "Events")
        person.picture("14-provisioning-logs")
        events = person.rows("Events")
        return {row[1].split(",")[0].strip() for row in events if row[2:4] == ["Create", "Success"]}

    def at_umbrella(self, kind="Users"):
        """The rows of the dashboard's list."""
        person = self.dashboard
        person.follow("Users and Groups", to="Users and Groups", within=person.there("list", DEPLOYMENTS))
        if kind == "Groups":
            person.click("link", "Groups", within=person.there("navigation", "Users and groups"), exact=False)
        person.sees("columnheader", "Group" if kind == "Groups" else "User name")
        return person.rows(kind)

    def open_application(self):
        """The application's overview, from wherever one is."""
        person = self.portal
        person.follow(APPLICATIONS, to=APPLICATIONS, within=person.there("navigation", "Main"))
        person.follow(APP, to="Getting started", within=person.there("region", "Applications"))

    def open_job(self):
        """The overview of its provisioning."""
        person = self.portal
        self.open_application()
        person.follow("Provisioning", to="Current cycle status", within=person.there("navigation", APP))
