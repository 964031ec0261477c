"""App-role assignments: the three functions that read [appRoleAssignments].

Pure. How the two list functions differ on the wire (add against replace) is the engine's business. Rules and samples:
spec/expressions.md section 3.
"""

from provisor.expressions.functions.evaluation import as_assignments, strict1
from provisor.expressions.functions.signature import FunctionInfo, Parameter
from provisor.expressions.values import AppRoleAssignment, Role

_ROLE_TYPE = "WindowsAzureActiveDirectoryRole"


def role_objects(assignments: list[AppRoleAssignment]) -> list[Role]:
    """One SCIM role for each assignment, none of them primary."""
    return [
        {
            "value": _value_of(assignment),
            "display": assignment.get("displayName", ""),
            "type": _ROLE_TYPE,
            "primary": False,
        }
        for assignment in assignments
    ]


def single_role(assignments: list[AppRoleAssignment]) -> str | None:
    """The role of the assignment with the lowest id, so that the answer repeats; null without assignments."""
    if not assignments:
        return None
    return _value_of(min(assignments, key=lambda assignment: assignment.get("id", "")))


def _value_of(assignment: AppRoleAssignment) -> str:
    return assignment.get("value") or assignment.get("displayName", "")


_ASSIGNMENTS = (Parameter(name="source"),)

ROLES: tuple[FunctionInfo, ...] = (
    FunctionInfo(
        name="AppRoleAssignmentsComplex",
        parameters=_ASSIGNMENTS,
        help="All app roles of the user as SCIM roles, added in the target. Not for the scope of all users.",
        example="AppRoleAssignmentsComplex([appRoleAssignments])",
        build=strict1(role_objects, as_assignments),
    ),
    FunctionInfo(
        name="AssertiveAppRoleAssignmentsComplex",
        parameters=_ASSIGNMENTS,
        help="All app roles of the user as SCIM roles, replacing those in the target. Not for the scope of all users.",
        example="AssertiveAppRoleAssignmentsComplex([appRoleAssignments])",
        build=strict1(role_objects, as_assignments),
    ),
    FunctionInfo(
        name="SingleAppRoleAssignment",
        parameters=_ASSIGNMENTS,
        help="The one app role of the user as text; the one with the lowest assignment id when there are several.",
        example="SingleAppRoleAssignment([appRoleAssignments])",
        build=strict1(single_role, as_assignments),
    ),
)
