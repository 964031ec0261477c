"""The verbs on sources as a bundle of their own within admin.bundle, each group imported when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisor.admin.context import Context
    from provisor.admin.foreign_extensions import ForeignExtensions
    from provisor.admin.source_extensions import SourceExtensions
    from provisor.admin.source_preview import SourcePreviews
    from provisor.admin.source_runs import SourceRuns
    from provisor.admin.source_told import SourceReports
    from provisor.admin.sources import Sources


class SourceVerbs:
    """Everything that may be done with where people and groups come from."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def settings(self) -> Sources:
        """The sources there are: add, change, start, pause, delete."""
        from provisor.admin.sources import Sources

        return Sources(self._context)

    @cached_property
    def runs(self) -> SourceRuns:
        """Testing and reading them."""
        from provisor.admin.source_runs import SourceRuns

        return SourceRuns(self._context, self.settings)

    @cached_property
    def previews(self) -> SourcePreviews:
        """What reading them would do."""
        from provisor.admin.source_preview import SourcePreviews

        return SourcePreviews(self._context, self.settings)

    @cached_property
    def told(self) -> SourceReports:
        """How they are, what could not be taken over, what is held back."""
        from provisor.admin.source_told import SourceReports

        return SourceReports(self._context, self.settings)

    @cached_property
    def extensions(self) -> SourceExtensions:
        """Attributes that they give besides the default ones."""
        from provisor.admin.source_extensions import SourceExtensions

        return SourceExtensions(self._context, self.settings)

    @cached_property
    def foreign_extensions(self) -> ForeignExtensions:
        """Extensions that a mirrored tenant has, under its own names."""
        from provisor.admin.foreign_extensions import ForeignExtensions

        return ForeignExtensions(self._context)
