"""Mappings compiled: the attributes of one record -> the document its account should hold.

Pure, and the hot path of a full evaluation: every mapping becomes one closure over a setter of scim.path, a Mapped is a
plain tuple, and `created` and `wanted` are one document where nothing differs (treat both as frozen).
Rules: spec/provisioning-service.md section 6. Order: what comes out, the mapper, laying over.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from provisor.expressions.values import Candidates, RandomBytes, SourceRecord
from provisor.rules.attributes import AttributeDefinition, written_as_one
from provisor.rules.conversion import converter
from provisor.rules.failure import Failure
from provisor.rules.flow import Flow, Null, compile_flow, default_of, is_redacted, is_reference, name_in, reads_of
from provisor.rules.mapping import SOFT_DELETED, Direct, Nothing, ObjectMapping
from provisor.rules.roles import role_flow
from provisor.scim.path import Getter, getter, remover, resolve, setter
from provisor.scim.schemas.schema import ResourceType
from provisor.scim.values import Json, Resource, fold, is_unassigned

__all__ = ["Mapped", "Mapper", "RandomBytes", "branch", "is_reference", "reads_of"]


class Mapped(NamedTuple):
    """What the rules make of one record.

    `created` is the document of a POST: every mapping, defaults for nulls included. `wanted` is what an existing
    account should hold: only mappings that apply always, null values absent. `cleared` are target paths to empty,
    from mappings that opted in to null. `matching` is in precedence order without empty values. `candidates` come from
    SelectUniqueValue: the runner puts the first free one into the document it creates.
    `unreferenced` are references, such as manager, that the directory does not have (any more): unlike null elsewhere,
    an edge that is gone is removed (spec/scim-wire.md section 5, row 8).
    """

    created: Resource
    wanted: Resource
    cleared: tuple[str, ...]
    matching: tuple[tuple[str, str], ...]
    candidates: tuple[tuple[str, Candidates], ...]
    failures: tuple[Failure, ...]
    unreferenced: tuple[str, ...] = ()


class Mapper:
    """The compiled mappings of one kind of object; keep it for a cycle.

    `resource_type` is as the attribute list, `definitions`, has it (rules.attributes). Raises ScimError for a target
    that `problems` would have named.
    """

    def __init__(
        self, mapping: ObjectMapping, resource_type: ResourceType, definitions: Sequence[AttributeDefinition] = ()
    ) -> None:
        rows = [row for row in mapping.mappings if not is_reference(row)]
        listed = {written_as_one(one.name, resource_type): one for one in definitions}
        flows = [
            compile_flow(row, resource_type, listed.get(written_as_one(row.target, resource_type))) for row in rows
        ]
        self.resource_type = resource_type
        self.kind = mapping.kind
        self.references = tuple(
            (row.target, row.source.attribute)
            for row in mapping.mappings
            if isinstance(row.source, Direct) and row.source.attribute == "manager"
        )
        self.maps_members = any(
            isinstance(row.source, Direct) and row.source.attribute == "members" for row in mapping.mappings
        )
        self.reads = frozenset(name for row in mapping.mappings for name in reads_of(row))
        self.redacted = frozenset(row.target for row in rows if is_redacted(row))
        self.disables = any(
            SOFT_DELETED in reads_of(row) and not flow.only_on_create for flow, row in zip(flows, rows, strict=True)
        )
        self._disabling = tuple(flow for flow, row in zip(flows, rows, strict=True) if SOFT_DELETED in reads_of(row))
        self.always = frozenset(row.target for row in rows if row.flow_behavior == "FlowAlways")
        self.targets = tuple((flow.path, flow.take) for flow in flows)
        self.roles = tuple(found for row in rows if (found := role_flow(row, resource_type)) is not None)
        self._always = tuple((flow.step, flow) for flow in flows if not flow.only_on_create)
        self._on_create = tuple((flow.step, flow) for flow in flows if flow.only_on_create)
        # A mapping of type None does nothing but fill an empty attribute with its default.
        self._filled = tuple(
            (flow, flow.default)
            for flow, row in zip(flows, rows, strict=True)
            if isinstance(row.source, Nothing) and flow.default is not None
        )
        self._matching = tuple(
            (row.target, flow.take)
            for row, flow in sorted(zip(rows, flows, strict=True), key=lambda pair: pair[0].matching_priority)
            if row.matching_priority > 0
        )
        needs = Needs(definitions, resource_type, {written_as_one(row.target, resource_type) for row in rows})
        self._required, self._needed, self._supplied = needs.names, needs.parts, needs.supplied
        self._kept_back = tuple((flow.take, flow.put) for flow in flows if flow.kept_back)

    def map(self, attributes: SourceRecord, now: datetime, random_bytes: RandomBytes) -> Mapped:
        """Map one record, given as provisioning's view of it."""
        wanted: Resource = {}
        left: list[tuple[Flow, Null | Candidates | Failure]] = []
        for step, flow in self._always:
            met = step(attributes, now, random_bytes, wanted)
            if met is not None:
                left.append((flow, met))
        created = wanted
        if self._on_create:
            created = branch(wanted)
            for step, flow in self._on_create:
                met = step(attributes, now, random_bytes, created)
                if met is not None:
                    left.append((flow, met))
        if self._supplied:
            created = branch(wanted) if created is wanted else created
            for put, supplied in self._supplied:
                put(created, supplied)
        cleared: tuple[str, ...] = ()
        candidates: tuple[tuple[str, Candidates], ...] = ()
        failures: tuple[Failure, ...] = ()
        if left:
            created, cleared, candidates, failures = self._settle(wanted, created, left)
        matching = []
        for path, take in self._matching:
            value = take(created)
            if value is not None and value != "":
                matching.append((path, value if type(value) is str else str(value)))
        for name in self._required:
            if name not in created and not any(path == name for path, _ in candidates):
                failures = (*failures, self._missing(name, attributes))
        for path, take in self._needed:
            if is_unassigned(take(created)) and not any(one == path for one, _ in candidates):
                failures = (*failures, self._missing(path, attributes))
        return Mapped(created, wanted, cleared, tuple(matching), candidates, failures)

    def _settle(
        self, wanted: Resource, created: Resource, left: list[tuple[Flow, Null | Candidates | Failure]]
    ) -> tuple[Resource, tuple[str, ...], tuple[tuple[str, Candidates], ...], tuple[Failure, ...]]:
        """The rarer outcomes of a mapping: null with or without a default, candidates, failures."""
        cleared: list[str] = []
        candidates: list[tuple[str, Candidates]] = []
        failures: list[Failure] = []
        for flow, met in left:
            if isinstance(met, Failure):
                failures.append(met)
            elif isinstance(met, Candidates):
                candidates.append((flow.path, met))
            else:
                if flow.default is not None:
                    if created is wanted:
                        created = branch(wanted)
                    flow.put(created, flow.default)
                if flow.clears:
                    cleared.append(flow.path)
        return created, tuple(cleared), tuple(candidates), tuple(failures)

    def _missing(self, name: str, attributes: SourceRecord) -> Failure:
        return Failure(
            code="MandatoryFieldsMissing",
            message=f"{name_in(attributes)} has no value for {name}, which the application requires.",
            hint="Give the source attribute a value, or the mapping a default value.",
        )

    def disabled(self, mapped: Mapped) -> bool:
        """Whether an attribute that marks the account as out of use got its value."""
        return any(flow.take(mapped.wanted) is not None for flow in self._disabling)

    def out_of_use(self, held: Resource, mapped: Mapped) -> Resource:
        """The held document with nothing changed but what marks the account as out of use."""
        after = branch(held)
        for flow in self._disabling:
            value = flow.take(mapped.wanted)
            if value is not None:
                flow.put(after, value)
        return after

    def without_disabling(self, held: Resource) -> Resource:
        """The held document without what says whether the account is in use, which is not known."""
        after = branch(held)
        for flow in self._disabling:
            flow.drop(after)
        return after

    def lay_over(self, held: Resource, mapped: Mapped, *, suppress_case_changes: bool = False) -> Resource:
        """The document after the mapped values are written over what the account holds; `held` is not changed.

        Attributes that are not mapped stay as they are, null changes nothing unless the mapping opted in. Roles are
        left to `role_operations`, which adds to them.
        """
        after = branch(held)
        for _, flow in self._always:
            value = flow.take(mapped.wanted)
            if value is None or (self.roles and any(roles.target == flow.path for roles in self.roles)):
                continue
            before = flow.take(after)
            if before == value:
                continue
            if flow.flow_type == "AttributeAddOnly" and not is_unassigned(before):
                continue
            if flow.flow_type == "MultiValueAddOnly" and isinstance(value, list) and isinstance(before, list):
                value = before + [item for item in value if item not in before]
            elif suppress_case_changes and not flow.exact and _differ_in_case(value, before):
                continue
            flow.put(after, value)
        for flow, default in self._filled:
            if is_unassigned(flow.take(after)):
                flow.put(after, default)
        for _, flow in self._always:
            if flow.path in mapped.cleared:
                flow.drop(after)
        for path in mapped.unreferenced:
            remover(path, self.resource_type)(after)
        return after

    def remembered(self, held: Resource, sent: Resource) -> Resource:
        """What an account was read to hold, with the values that no answer shows as they were last sent."""
        if not self._kept_back:
            return held
        after = branch(held)
        for take, put in self._kept_back:
            value = take(sent)
            if value is not None:
                put(after, value)
        return after

    def replaced(self, document: Resource, text: str) -> Resource:
        """The document with `text` wherever it holds a value of a redacted mapping."""
        after = branch(document)
        for path, take in self.targets:
            if path in self.redacted and take(document) is not None:
                setter(path, self.resource_type)(after, text)
        return after

    def without(self, document: Resource, path: str) -> Resource:
        """The document without the value at `path`."""
        after = branch(document)
        remover(path, self.resource_type)(after)
        return after

    def put(self, document: Resource, path: str, value: Json) -> Resource:
        """The document with one more value: a manager's target id, or the free candidate."""
        after = branch(document)
        setter(path, self.resource_type)(after, value)
        return after


class Needed(NamedTuple):
    """An attribute that an account must have, below the top or by a filter."""

    path: str
    take: Getter


class Needs:
    """What an account must have: by the schema at the top (`names`), by the attribute list below it (`parts`).

    `supplied` are defaults of the list where no row writes the attribute.
    """

    def __init__(
        self, definitions: Sequence[AttributeDefinition], resource_type: ResourceType, written: Collection[str]
    ) -> None:
        self.names = tuple(
            attribute.name for urn, attribute in resource_type.attributes() if attribute.required and urn is None
        )
        required = [one for one in definitions if one.required and not one.anchor and one.mutability != "ReadOnly"]
        parts, supplied = [], []
        for one in required:
            place = resolve(one.name, resource_type)
            parts.append(Needed(place.label, getter(one.name, resource_type)))
            default = default_of(one.default, converter(place))
            if default is not None and written_as_one(one.name, resource_type) not in written:
                supplied.append((setter(one.name, resource_type), default))
        self.parts = tuple(one for one in parts if one.path not in self.names)
        self.supplied = tuple(supplied)


def _differ_in_case(one: Json, other: Json) -> bool:
    return isinstance(one, str) and isinstance(other, str) and fold(one) == fold(other)


def branch(value: Resource) -> Resource:
    """A copy of a document that can be changed in place at any depth."""
    return {key: _branch(item) if isinstance(item, dict | list) else item for key, item in value.items()}


def _branch(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _branch(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_branch(item) for item in value]
    return value
