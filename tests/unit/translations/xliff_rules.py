"""What the XLIFF 2.0 schema and specification ask of a file, as far as ours goes.

From XLIFF Version 2.0, OASIS Standard, 5 August 2014: the core schema, section 4.2 (structure), 4.3 (attributes and
their constraints), and the Metadata module (5.5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

CORE = "urn:oasis:names:tc:xliff:document:2.0"
METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"

TOKEN = r"[\w.:-]+"
LANGUAGE = r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"
YES_NO = "yes|no"
DIRECTION = "ltr|rtl|auto"
ANY = "(?s).*"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@dataclass(frozen=True, slots=True)
class Rule:
    """``children`` is a pattern over their names, each followed by a blank; ``text`` whether it holds characters."""

    children: str
    needed: dict[str, str] = field(default_factory=dict)
    allowed: dict[str, str] = field(default_factory=dict)
    text: bool = False


_COMMON = {
    "translate": YES_NO,
    "canResegment": YES_NO,
    "srcDir": DIRECTION,
    "trgDir": DIRECTION,
    SPACE: "default|preserve",
}
RULES = {
    "xliff": Rule("(file )+", {"version": r"2\.0", "srcLang": LANGUAGE}, {"trgLang": LANGUAGE}),
    "file": Rule("(skeleton )?(metadata )?(notes )?((unit|group) )+", {"id": TOKEN}, _COMMON | {"original": ANY}),
    "group": Rule("(metadata )?(notes )?((unit|group) )*", {"id": TOKEN}, _COMMON | {"name": ANY}),
    "unit": Rule(
        "(metadata )?(notes )?(originalData )?((segment|ignorable) )+", {"id": TOKEN}, _COMMON | {"name": ANY}
    ),
    "segment": Rule("source (target )?", {}, {"id": TOKEN, "state": "initial|translated|reviewed|final"}),
    "notes": Rule("(note )+"),
    "note": Rule("", {}, {"id": TOKEN, "category": ANY, "appliesTo": "source|target"}, text=True),
    "source": Rule("", {}, {SPACE: "default|preserve"}, text=True),
    "target": Rule("", {}, {SPACE: "default|preserve", "order": r"[1-9]\d*"}, text=True),
    "metadata": Rule("(metaGroup )+", {}, {"id": TOKEN}),
    "metaGroup": Rule("((metaGroup|meta) )+", {}, {"id": TOKEN, "category": ANY, "appliesTo": "source|target"}),
    "meta": Rule("", {"type": ANY}, text=True),
}  # fmt: skip
_METADATA_NAMES = {"metadata", "metaGroup", "meta"}


def breaches(content: bytes) -> list[str]:
    """Every rule that the file breaks, with the line."""
    root = etree.fromstring(content)
    return [f"line {element.sourceline}: {problem}" for element in root.iter() for problem in _problems(element)] + [
        *_problems_of_file(root)
    ]


def _problems(element: etree._Element) -> Iterator[str]:
    name = etree.QName(element).localname
    rule = RULES.get(name)
    namespace = METADATA if name in _METADATA_NAMES else CORE
    if rule is None or etree.QName(element).namespace != namespace:
        yield f"{element.tag} is not known"
        return
    children = "".join(f"{etree.QName(child).localname} " for child in element)
    if not re.fullmatch(rule.children, children):
        yield f"{name} holds {children}"
    yield from (f"{name} lacks {attribute}" for attribute in rule.needed if attribute not in element.attrib)
    for attribute, value in element.attrib.items():
        pattern = (rule.needed | rule.allowed).get(str(attribute))
        if pattern is None or not re.fullmatch(pattern, str(value)):
            yield f"{name} has {attribute}={value!r}"
    if not rule.text and "".join([element.text or "", *(child.tail or "" for child in element)]).strip():
        yield f"{name} holds characters"


def _problems_of_file(root: etree._Element) -> Iterator[str]:
    core = f"{{{CORE}}}"
    for tag in ("unit", "group"):
        ids = [element.get("id") for element in root.iter(f"{core}{tag}")]
        if len(set(ids)) != len(ids):
            yield f"a {tag} has an id twice"
    for segment in root.iter(f"{core}segment"):
        if segment.get("state", "initial") != "initial" and segment.find(f"{core}target") is None:
            yield f"line {segment.sourceline}: a state without a target"
    if root.get("trgLang") is None and next(root.iter(f"{core}target"), None) is not None:
        yield "a target without a language"
