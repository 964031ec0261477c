"""The noun `group`: groups of the directory, created and changed by hand."""

from provisor.cli.directory_verbs import Words, add_verbs
from provisor.terminal import noun

app = noun("Groups of the directory, named by displayName or id.")
add_verbs(
    app,
    lambda admin: admin.groups,
    Words(
        noun="group",
        named_by="displayName",
        example="Sales",
        attributes_of_new='displayName=Sales description="Everyone who sells"',
        attributes_to_set='description="Everyone who sells"',
        search="sales",
    ),
)
