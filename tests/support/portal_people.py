"""A small company behind the portal's pages of users and groups, and names that pages must survive."""

from dataclasses import dataclass

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.imports import CsvImport
from support.browser import Shown

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


def upload(browser, action, fields, files):
    """Send a form with files, as a browser does; `files` are texts by the names of their fields."""
    token = browser.get(action).document.forms[action]["form_token"]
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in {"form_token": token, **fields}.items()]
    parts += [
        f'name="{name}"; filename="{name} <b>.csv"\r\nContent-Type: text/csv\r\n\r\n{text}'
        for name, text in files.items()
    ]
    body = "".join(f"--edge\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--edge--\r\n"
    headers = {
        "cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        "content-type": "multipart/form-data; boundary=edge",
        "content-length": str(len(body.encode())),
    }
    answer = browser.target.send("POST", action, "", headers, body.encode())
    return Shown(action, answer.status, answer.headers, answer.body.decode())
