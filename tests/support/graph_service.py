"""A service with a job whose application is in memory, as the routes of jobs are tried with."""

import shutil
from dataclasses import replace

from provisor.admin.actor import LOCAL_OPERATOR as ME
from provisor.admin.bundle import Admin
from provisor.gallery import template
from provisor.main import build
from provisor.settings import read_settings
from provisor.testing.memory_target import MemoryTarget

APP = "Cisco Umbrella User Management"
PEOPLE = [f"p{number}@x.example" for number in range(8)]


def service_in(folder, migrated_file, connect_source=None):
    """All verbs of a service of its own with one application and its job, eight people assigned; and the target.
    `connect_source`: what sources are reached by, where there are any.
    """
    data = folder / "data"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "provisor.sqlite")
    found = template("ciscoUmbrella")
    target = MemoryTarget(found.user_type, found.group_type)
    context = build(read_settings({"PROVISOR_DATA": str(data)})).users.context
    admin = Admin(replace(context, connect=lambda job: target, connect_source=connect_source))
    admin.applications.add(ME, APP)
    admin.jobs.create(ME, APP)
    admin.jobs.save_credentials(ME, APP, url="http://127.0.0.1/scim", token="t" * 20)
    for name in PEOPLE:
        admin.users.create(ME, {"userPrincipalName": name, "displayName": name.partition("@")[0]})
    admin.applications.assign(ME, APP, users=PEOPLE)
    return admin, target
