"""What a page of ours may hold of scripts and styles: references to files of ours, and nothing beside them."""

from provisor.web.rendering import SHARED

SCRIPTS = {f"/static/{name}" for name in SHARED if name.endswith(".js")}
OF_SKINS = {"/static/mappings.js"}  # what one of them brings beside those
_EXECUTED = ("style", "iframe", "object", "embed", "base")


def foreign_parts(page):
    """What a page holds beyond that: scripts in the page, styles, handlers; and files that are not ours."""
    found, scripts = [], []
    for tag, attributes in page.document.tags:
        if tag == "script":
            scripts.append(attributes.get("src", "inline").partition("?v=")[0])
        elif tag in _EXECUTED:
            found.append(tag)
        elif tag == "link" and not attributes["href"].startswith("/static/"):
            found.append(attributes["href"])
        found += [f"{tag} {name}" for name in attributes if name.startswith("on") or name == "style"]
        found += [f"{tag} {value}" for value in attributes.values() if (value or "").lower().startswith("javascript:")]
    if not SCRIPTS <= set(scripts) <= SCRIPTS | OF_SKINS or len(scripts) != len(set(scripts)):
        found += scripts
    if page.html.count("<script") != len(scripts):
        found.append("a script that no reader of markup found")
    return found
