"""What the XLIFF 2.0 schema and specification ask of a file, as far as ours goes.

From XLIFF Version 2.0, OASIS Standard, 5 August 2014: the core schema, section 4.2 (structure), 4.3 (attributes and
their constraints), and the Metadata module (5.5). Beside what a schema can say, the constraints in words: where ids
are unique, which language and direction a text is in, when a state needs a target, where segments may not be moved,
and that no blank is lost where blanks are not said to be kept.
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
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# 4.3.1.27: only in a segment whose target is there.
_NEED_A_TARGET = ("translated", "reviewed", "final")


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
    "xliff": Rule(
        "(file )+", {"version": r"2\.0", "srcLang": LANGUAGE}, {"trgLang": LANGUAGE, SPACE: "default|preserve"}
    ),
    "file": Rule("(skeleton )?(metadata )?(notes )?((unit|group) )+", {"id": TOKEN}, _COMMON | {"original": ANY}),
    "group": Rule("(metadata )?(notes )?((unit|group) )*", {"id": TOKEN}, _COMMON | {"name": ANY}),
    "unit": Rule(
        "(metadata )?(notes )?(originalData )?((segment|ignorable) )+", {"id": TOKEN}, _COMMON | {"name": ANY}
    ),
    "segment": Rule(
        "source (target )?",
        {},
        {
            "id": TOKEN,
            "canResegment": YES_NO,
            "state": "initial|translated|reviewed|final",
            "subState": r"[\w-]+:.+",
        },
    ),
    "ignorable": Rule("source (target )?", {}, {"id": TOKEN}),
    "notes": Rule("(note )+"),
    "note": Rule(
        "", {}, {"id": TOKEN, "category": ANY, "appliesTo": "source|target", "priority": r"[1-9]|10"}, text=True
    ),
    "source": Rule("", {}, {LANG: LANGUAGE, SPACE: "default|preserve"}, text=True),
    "target": Rule("", {}, {LANG: LANGUAGE, SPACE: "default|preserve", "order": r"[1-9]\d*"}, text=True),
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
    yield from _ids(root)
    for segment in root.iter(_core("segment")):
        yield from (f"line {segment.sourceline}: {problem}" for problem in _problems_of_segment(segment))
    for text in root.iter(_core("source"), _core("target")):
        yield from (f"line {text.sourceline}: {problem}" for problem in _problems_of_text(text, root))
    for unit in root.iter(_core("unit")):
        orders = [target.get("order") for target in unit.iter(_core("target")) if target.get("order")]
        parts = len(unit.findall(_core("segment"))) + len(unit.findall(_core("ignorable")))
        if len(set(orders)) != len(orders) or any(int(order) > parts for order in orders):
            yield f"line {unit.sourceline}: targets cannot be put into their order"
        if unit.find(_core("segment")) is None:
            yield f"line {unit.sourceline}: a unit without a segment"
    if root.get("trgLang") is None and next(root.iter(_core("target")), None) is not None:
        yield "a target without a language"


def _ids(root: etree._Element) -> Iterator[str]:
    """4.3.1.15: of files in the document; of units, and of groups, in their file; of segments, notes in their unit."""
    units = list(root.iter(_core("unit")))
    scopes = [(root, "file", "/"), *((unit, "note", "//") for unit in units)]
    scopes += [(file, tag, "//") for file in root.iter(_core("file")) for tag in ("unit", "group")]
    for scope, tag, depth in scopes:
        ids = [element.get("id") for element in scope.iterfind(f".{depth}{_core(tag)}") if element.get("id")]
        if len(set(ids)) != len(ids):
            yield f"line {scope.sourceline}: a {tag} has an id twice"
    for unit in units:
        # Segments and ignorables share one scope.
        ids = [one.get("id") for one in unit if one.tag in (_core("segment"), _core("ignorable")) and one.get("id")]
        if len(set(ids)) != len(ids):
            yield f"line {unit.sourceline}: a segment has an id twice"


def _problems_of_segment(segment: etree._Element) -> Iterator[str]:
    state, target = segment.get("state"), segment.find(_core("target"))
    if state in _NEED_A_TARGET and target is None:
        yield "a state without a target"
    if segment.get("subState") and state is None:
        yield "a subState without a state"
    if segment.get("canResegment") == "yes" and _inherited(segment, "canResegment", above=True) == "no":
        yield "may be split where its unit says that it may not"


def _problems_of_text(text: etree._Element, root: etree._Element) -> Iterator[str]:
    language = root.get("srcLang" if text.tag == _core("source") else "trgLang")
    if text.get(LANG) not in (None, language):
        yield f"is in {text.get(LANG)}, and the file in {language}"
    written = text.text or ""
    if written != " ".join(written.split()) and _inherited(text, SPACE) != "preserve":
        yield "has blanks that a tool may take away"


def _inherited(element: etree._Element, attribute: str, *, above: bool = False) -> str | None:
    """The attribute's value on the element, or on the nearest around it."""
    around = [*([] if above else [element]), *element.iterancestors()]
    return next((str(one.get(attribute)) for one in around if one.get(attribute)), None)


def _core(name: str) -> str:
    return f"{{{CORE}}}{name}"
