"""The verbs on people, groups and where they come from, as the part of admin.bundle that is about the directory.

Each group of verbs is imported when it is first asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisor.admin.context import Context
    from provisor.admin.directory import Objects
    from provisor.admin.directory_changes import DirectoryChanges
    from provisor.admin.imports import Imports
    from provisor.admin.members import Members
    from provisor.admin.provenance import Provenance
    from provisor.admin.source_verbs import SourceVerbs
    from provisor.admin.typed_members import MembersById
    from provisor.admin.typed_objects import DeletedObjects, TypedObjects


class DirectoryVerbs:
    """What a skin may do with the directory, each verb with its permission and its audit event."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def users(self) -> Objects:
        """People of the directory."""
        from provisor.admin.directory import Objects

        return Objects(self._context, "user")

    @cached_property
    def groups(self) -> Objects:
        """Groups of the directory."""
        from provisor.admin.directory import Objects

        return Objects(self._context, "group")

    @cached_property
    def members(self) -> Members:
        """Who is in which group."""
        from provisor.admin.members import Members

        return Members(self._context)

    @cached_property
    def provenance(self) -> Provenance:
        """Where people and groups came from."""
        from provisor.admin.provenance import Provenance

        return Provenance(self._context)

    @cached_property
    def typed_users(self) -> TypedObjects:
        """People of the directory, by typed values."""
        from provisor.admin.typed_objects import TypedObjects

        return TypedObjects(self._context, "user")

    @cached_property
    def typed_groups(self) -> TypedObjects:
        """Groups of the directory, by typed values."""
        from provisor.admin.typed_objects import TypedObjects

        return TypedObjects(self._context, "group")

    @cached_property
    def members_by_id(self) -> MembersById:
        """Who is in which group, by ids."""
        from provisor.admin.typed_members import MembersById

        return MembersById(self._context)

    @cached_property
    def deleted_objects(self) -> DeletedObjects:
        """The recycle bin."""
        from provisor.admin.typed_objects import DeletedObjects

        return DeletedObjects(self._context)

    @cached_property
    def directory_changes(self) -> DirectoryChanges:
        """What changed in the directory."""
        from provisor.admin.directory_changes import DirectoryChanges

        return DirectoryChanges(self._context)

    @cached_property
    def imports(self) -> Imports:
        """Files into the directory."""
        from provisor.admin.imports import Imports

        return Imports(self._context)

    @cached_property
    def sources(self) -> SourceVerbs:
        """Where people and groups come from on a schedule."""
        from provisor.admin.source_verbs import SourceVerbs

        return SourceVerbs(self._context)
