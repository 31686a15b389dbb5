"""Reading labels from XLIFF 1.2 and 2.0/2.1.

For the form of these files only. The context of a label is the unit's ``resname`` (1.2) or ``name`` (2.0), or its
``id`` where it has no other name.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element  # a type only

from translations.label_files import Label
from translations.po import WordingError
from translations.xliff import V1, V2, check_language, parse_xml, plain_text

# States that the standards keep for what is not finished.
_UNFINISHED_V1 = ("new", "needs-")
_UNFINISHED_V2 = ("initial",)


def read_xliff(path: Path, locale: str) -> Iterator[Label]:
    """The targets of all units. Raises ``WordingError`` naming the unit."""
    root = parse_xml(path.read_bytes(), file=path.name)
    match root.tag, root.get("version", ""):
        case tag, "1.2" if tag == f"{V1}xliff":
            yield from _read_v1(path.name, root, locale)
        case tag, "2.0" | "2.1" if tag == f"{V2}xliff":
            yield from _read_v2(path.name, root, locale)
        case _:
            raise WordingError(path.name, "", "is not XLIFF 1.2, 2.0 or 2.1")


def _read_v1(file: str, root: Element, locale: str) -> Iterator[Label]:
    for each in root.iter(f"{V1}file"):
        check_language(file, each.get("target-language"), "target-language", locale)
    for unit in root.iter(f"{V1}trans-unit"):
        context = unit.get("resname") or unit.get("id") or ""
        target = unit.find(f"{V1}target")
        if target is None:
            raise WordingError(file, f"unit {context}", "has no target")
        if target.get("state", "").startswith(_UNFINISHED_V1):
            raise WordingError(file, f"unit {context}", f"its target is {target.get('state')!r}, not final")
        yield Label(context, plain_text(target, file=file, place=f"unit {context}"), f"unit {context}")


def _read_v2(file: str, root: Element, locale: str) -> Iterator[Label]:
    check_language(file, root.get("trgLang"), "trgLang", locale)
    for unit in root.iter(f"{V2}unit"):
        context = unit.get("name") or unit.get("id") or ""
        parts = []
        for segment in unit:
            if segment.tag not in (f"{V2}segment", f"{V2}ignorable"):
                continue
            target = segment.find(f"{V2}target")
            if target is None:
                raise WordingError(file, f"unit {context}", "has no target")
            if target.get("order") or segment.get("state", "").startswith(_UNFINISHED_V2):
                raise WordingError(file, f"unit {context}", "its target is reordered or not final")
            parts.append(plain_text(target, file=file, place=f"unit {context}"))
        if not parts:
            raise WordingError(file, f"unit {context}", "has no segment")
        yield Label(context, "".join(parts), f"unit {context}")
