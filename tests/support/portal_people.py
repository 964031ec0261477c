"""A small company behind the portal's pages of users and groups, and names that pages must survive."""

from dataclasses import dataclass

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.imports import CsvImport

UMBRELLA = "Cisco Umbrella User Management"
HOSTILE = "<script>alert(1)</script>"
PASSWORD = "correct horse battery"
RTL = "\u05d0\u05d1\u05d2 \u0645\u062d\u0645\u062f"


@dataclass
class Company:
    admin: object

    def user(self, name, manager=None, **attributes):
        upn = f"{name}@contoso.example"
        given = {"userPrincipalName": upn, "displayName": name.capitalize(), **attributes}
        return self.admin.typed_users.create(ME, given, manager=manager).id

    def group(self, name, members=()):
        return self.admin.typed_groups.create(ME, {"displayName": name}, members=members).id

    def job(self, name=UMBRELLA):
        application = self.admin.applications.add(ME, UMBRELLA, name=name).application
        return application.id, self.admin.jobs.create(ME, application.id).job.id

    def read(self, user):
        return self.admin.typed_users.read(ME, user)

    def take(self, folder, text, **options):
        """Import a file of users."""
        file = folder / "taken.csv"
        file.write_text(text, "utf-8")
        return self.admin.imports.csv(ME, CsvImport(users=file, **options))
