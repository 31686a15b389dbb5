"""Reading labels from XLIFF 1.2 and 2.0/2.1, the exchange formats of translation tools.

For the form of these files only. Parsed with defusedxml: a document type, an entity or a reference to elsewhere refuses
the file (lxml could be told the same, but openpyxl needs defusedxml anyway, and one parser is enough to keep safe).

The context of a label is the unit's ``resname`` (1.2) or ``name`` (2.0), or its ``id`` where it has no other name.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError  # types only: defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from translations.label_files import Label
from translations.po import WordingError

_V1 = "{urn:oasis:names:tc:xliff:document:1.2}"
_V2 = "{urn:oasis:names:tc:xliff:document:2.0}"

# States that the standards keep for what is not finished.
_UNFINISHED_V1 = ("new", "needs-")
_UNFINISHED_V2 = ("initial",)


def read_xliff(path: Path, locale: str) -> Iterator[Label]:
    """The targets of all units. Raises ``WordingError`` naming the unit."""
    root = _parse(path)
    match root.tag, root.get("version", ""):
        case tag, "1.2" if tag == f"{_V1}xliff":
            yield from _read_v1(path.name, root, locale)
        case tag, "2.0" | "2.1" if tag == f"{_V2}xliff":
            yield from _read_v2(path.name, root, locale)
        case _:
            raise WordingError(path.name, "", "is not XLIFF 1.2, 2.0 or 2.1")


def _parse(path: Path) -> Element:
    try:
        root: Element = fromstring(path.read_bytes(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise WordingError(path.name, "", "has a document type or entities, which are not taken") from None
    except ParseError as error:
        raise WordingError(path.name, f"line {error.position[0]}", "is no well-formed XML") from None
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise WordingError(path.name, "line 1", "is in an encoding that is not known") from None
    return root


def _read_v1(file: str, root: Element, locale: str) -> Iterator[Label]:
    for each in root.iter(f"{_V1}file"):
        _check_language(file, each.get("target-language"), "target-language", locale)
    for unit in root.iter(f"{_V1}trans-unit"):
        context = unit.get("resname") or unit.get("id") or ""
        target = unit.find(f"{_V1}target")
        if target is None:
            raise WordingError(file, f"unit {context}", "has no target")
        if target.get("state", "").startswith(_UNFINISHED_V1):
            raise WordingError(file, f"unit {context}", f"its target is {target.get('state')!r}, not final")
        yield Label(context, _plain(file, context, target), f"unit {context}")


def _read_v2(file: str, root: Element, locale: str) -> Iterator[Label]:
    _check_language(file, root.get("trgLang"), "trgLang", locale)
    for unit in root.iter(f"{_V2}unit"):
        context = unit.get("name") or unit.get("id") or ""
        parts = []
        for segment in unit:
            if segment.tag not in (f"{_V2}segment", f"{_V2}ignorable"):
                continue
            target = segment.find(f"{_V2}target")
            if target is None:
                raise WordingError(file, f"unit {context}", "has no target")
            if target.get("order") or segment.get("state", "").startswith(_UNFINISHED_V2):
                raise WordingError(file, f"unit {context}", "its target is reordered or not final")
            parts.append(_plain(file, context, target))
        if not parts:
            raise WordingError(file, f"unit {context}", "has no segment")
        yield Label(context, "".join(parts), f"unit {context}")


def _check_language(file: str, named: str | None, attribute: str, locale: str) -> None:
    if named is None or named.replace("-", "_").lower() != locale.replace("-", "_").lower():
        raise WordingError(file, attribute, f"{named or ''!r} is not {locale!r}")


def _plain(file: str, context: str, target: Element) -> str:
    if len(target):
        raise WordingError(file, f"unit {context}", "its target holds inline codes; a label is plain text")
    return target.text or ""
