"""Extension schemas from files, checked before a tenant is made of them (RFC 7643 section 7).

Strict where scim's reading is lenient: what a server advertises must be what it does, so anything it would not do is
refused, by the file, the attribute and the characteristic.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from provisor.provider.store.tables import TargetError
from provisor.scim.errors import ScimError, shown
from provisor.scim.schemas.resource_types import ENTERPRISE_URN, GROUP_URN, USER_URN
from provisor.scim.schemas.schema import Attribute, AttributeType, Mutability, Returned, Schema, schema_from_json
from provisor.scim.values import Json, Resource

_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[A-Za-z0-9()+,\-.:=@;$_!*'%/?#]+")
_NAME = re.compile(r"\$?[A-Za-z][A-Za-z0-9_-]*")
_FLAGS = ("multiValued", "required", "caseExact")
_WORDS = {
    "type": get_args(AttributeType),
    "mutability": get_args(Mutability),
    "returned": get_args(Returned),
    "uniqueness": ("none",),
}
_REASONS = {
    "uniqueness": "uniqueness is kept for userName and a group's displayName",
}


def read_schema_files(files: Iterable[Path]) -> list[Schema]:
    """The schemas of some files: each holds one, a list of them, or a ListResponse as /Schemas answers.

    Raises TargetError naming file, attribute and what is wrong.
    """
    found: dict[str, Schema] = {}
    for file in files:
        try:
            document: Json = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TargetError(f"{file}: not a JSON file that can be read: {error}.") from error
        for item in _documents(document):
            schema = _schema(item, file)
            if schema.id.lower() in found:
                raise TargetError(f"{file}: the schema {schema.id} is given twice.")
            found[schema.id.lower()] = schema
    return list(found.values())


def _documents(document: Json) -> list[Json]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and isinstance(document.get("Resources"), list):
        listed = document["Resources"]
        return listed if isinstance(listed, list) else []
    return [document]


def _schema(document: Json, file: Path) -> Schema:
    try:
        schema = schema_from_json(document)
    except ScimError as refusal:
        raise TargetError(f"{file}: {refusal.detail}") from refusal
    if not _URN.fullmatch(schema.id):
        raise TargetError(f"{file}: the id of a schema is a URN such as urn:example:Badge, not {shown(schema.id)}.")
    if schema.id.lower() in (USER_URN.lower(), GROUP_URN.lower(), ENTERPRISE_URN.lower()):
        raise TargetError(f"{file}: {schema.id} is served already; an extension needs its own URN.")
    if not schema.attributes:
        raise TargetError(f"{file}: {schema.id} has no attributes.")
    raw = {name.lower(): value for name, value in document.items()} if isinstance(document, dict) else {}
    _check_all(raw.get("attributes"), schema.attributes, f"{file}: {schema.id}", nested=False)
    return schema


def _check_all(raw: Json, attributes: tuple[Attribute, ...], owner: str, *, nested: bool) -> None:
    names = [attribute.name.lower() for attribute in attributes]
    for item, attribute in zip(raw if isinstance(raw, list) else [], attributes, strict=True):
        where = f"{owner}: {attribute.name}"
        if not _NAME.fullmatch(attribute.name):
            raise TargetError(f"{where}: a name is letters, digits, - and _, with a letter first.")
        if names.count(attribute.name.lower()) > 1:
            raise TargetError(f"{where}: there are two attributes of that name.")
        fields = {name.lower(): (name, value) for name, value in item.items()} if isinstance(item, dict) else {}
        _check_words(dict(fields.values()), where)
        _check_parts(fields.get("subattributes", ("", None))[1], attribute, where, nested=nested)


def _check_words(fields: Resource, where: str) -> None:
    given = {name.lower(): value for name, value in fields.items()}
    for flag in _FLAGS:
        value = given.get(flag.lower())
        if value is not None and not isinstance(value, bool):
            raise TargetError(f"{where}: {flag} is true or false, not {shown(value)}.")
    for word, allowed in _WORDS.items():
        value = given.get(word.lower())
        if value is not None and (not isinstance(value, str) or value.lower() not in map(str.lower, allowed)):
            reason = f": {_REASONS[word]}" if word in _REASONS else ""
            raise TargetError(f"{where}: {word} may be {', '.join(allowed)} here, not {shown(value)}{reason}.")


def _check_parts(raw: Json, attribute: Attribute, where: str, *, nested: bool) -> None:
    if attribute.type != "complex":
        if attribute.sub_attributes:
            raise TargetError(f"{where}: only a complex attribute has subAttributes.")
        return
    if nested:
        raise TargetError(f"{where}: a complex attribute holds no complex one (RFC 7643 section 2.3.8).")
    if not attribute.sub_attributes:
        raise TargetError(f"{where}: a complex attribute needs subAttributes.")
    _check_all(raw, attribute.sub_attributes, where, nested=True)
