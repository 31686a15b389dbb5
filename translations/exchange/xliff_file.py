"""A bundle as XLIFF 2.0: a unit for each text, a group of units for a text with plural forms.

What only we need stands in the Metadata module (``mda``), which tools carry along. Targets are plain text: a tool that
turns placeholders into inline codes has to turn them back.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element  # a type only
from xml.sax.saxutils import escape, quoteattr

from translations.exchange.bundle import Bundle, ExchangeSegment, context_shown, shown_context
from translations.exchange.collecting import FormRow, Head, ReadText, collect, form_rows, forms_of, mark_of
from translations.plurals import is_right_to_left
from translations.po import WordingError
from translations.sentences import Place, PlaceKind, mark
from translations.states import State
from translations.xliff import V2, check_language, parse_xml, plain_text

_METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"
_MDA = f"{{{_METADATA}}}"
_CATEGORY = "survey"

# The states of the standard. Ours are finer, and come home in the mark.
_STATES = {
    State.DRAFT: "initial",
    State.TRANSLATED: "translated",
    State.REVIEWED: "reviewed",
    State.LINGUISTICALLY_VALIDATED: "reviewed",
    State.APPROVED: "final",
    State.WITHDRAWN: "initial",
}


def write_xliff(bundle: Bundle) -> bytes:
    """Deterministic: the same bundle gives the same bytes."""
    return "\n".join(_document(bundle)).encode() + b"\n"


def read_xliff(content: bytes, *, file: str) -> Bundle:
    """Raises ``WordingError`` naming the unit."""
    root = parse_xml(content, file=file)
    if root.tag != f"{V2}xliff" or root.get("version") != "2.0":
        raise WordingError(file, "", mark("is not XLIFF 2.0"))
    files = root.findall(f"{V2}file")
    if len(files) != 1:
        problem = mark("has %(found)s file elements; it must have one")
        raise WordingError(file, "", problem, values={"found": len(files)})
    head = _head(root, files[0], file=file)
    return collect(head, _texts(files[0], head, file=file), file=file)


def _document(bundle: Bundle) -> Iterator[str]:
    source, target = (_quoted(code.replace("_", "-")) for code in (bundle.source_locale, bundle.locale))
    directions = f"srcDir={_direction(bundle.source_locale)} trgDir={_direction(bundle.locale)}"
    facts = {
        "subject": bundle.subject,
        "source-language": bundle.source_locale,
        "target-language": bundle.locale,
        "texts": str(len(bundle.segments)),
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<xliff xmlns={_quoted(V2[1:-1])} xmlns:mda="{_METADATA}" version="2.0" srcLang={source} trgLang={target}>'
    yield f'<file id="f1" original={_quoted(bundle.subject)} canResegment="no" {directions}>'
    yield _metadata(facts)
    for number, segment in enumerate(bundle.segments, start=1):
        yield from _text(bundle, segment, number)
    yield "</file>"
    yield "</xliff>"


def _text(bundle: Bundle, segment: ExchangeSegment, number: int) -> Iterator[str]:
    rows, context = form_rows(bundle, segment), _quoted(shown_context(segment.context))
    mark = _metadata({"mark": mark_of(bundle, segment)})
    if len(segment.source) == 1:
        yield f'<unit id="u{number}" name={context}>{mark}'
        yield from _unit(segment, rows[0])
        return
    yield f'<group id="g{number}" name={context}>{mark}'
    for row in rows:
        # A form that the other language has not: the translator sees it, and has nothing to do.
        translate = "" if row.is_wanted else ' translate="no"'
        yield f'<unit id="u{number}.{row.name}" name="{row.name}"{translate}>'
        yield from _unit(segment, row)
    yield "</group>"


def _unit(segment: ExchangeSegment, row: FormRow) -> Iterator[str]:
    if segment.concept:
        yield f'<notes><note category="concept">{escape(segment.concept)}</note></notes>'
    state = f' state="{_STATES[segment.state]}"' if segment.state and row.target else ""
    target = f'<target xml:space="preserve">{escape(row.target)}</target>' if row.target else ""
    yield f'<segment{state}><source xml:space="preserve">{escape(row.source)}</source>{target}</segment>'
    yield "</unit>"


def _metadata(facts: dict[str, str]) -> str:
    metas = "".join(f"<mda:meta type={_quoted(name)}>{escape(value)}</mda:meta>" for name, value in facts.items())
    return f'<mda:metadata><mda:metaGroup category="{_CATEGORY}">{metas}</mda:metaGroup></mda:metadata>'


def _direction(locale: str) -> str:
    return '"rtl"' if is_right_to_left(locale) else '"ltr"'


def _quoted(text: str) -> str:
    return quoteattr(text)


def _head(root: Element, element: Element, *, file: str) -> Head:
    facts = _facts(element)
    try:
        head = Head(facts["subject"], facts["source-language"], facts["target-language"], int(facts["texts"]))
    except (KeyError, ValueError):
        problem = mark("its metadata are missing or damaged: it was not given out here")
        raise WordingError(file, "file", problem) from None
    check_language(file, root.get("srcLang"), "srcLang", head.source_locale)
    check_language(file, root.get("trgLang"), "trgLang", head.locale)
    return head


def _facts(element: Element) -> dict[str, str]:
    metas = element.iterfind(f"{_MDA}metadata/{_MDA}metaGroup[@category='{_CATEGORY}']/{_MDA}meta")
    return {meta.get("type", ""): meta.text or "" for meta in metas}


def _texts(element: Element, head: Head, *, file: str) -> Iterator[ReadText]:
    for child in element:
        if child.tag == f"{V2}unit":
            yield _read_text(child, [child], head, file=file)
        elif child.tag == f"{V2}group":
            yield _read_text(child, child.findall(f"{V2}unit"), head, file=file)


def _read_text(element: Element, units: list[Element], head: Head, *, file: str) -> ReadText:
    kind = PlaceKind.UNIT if element.tag == f"{V2}unit" else PlaceKind.GROUP
    place = Place(kind, element.get("id", ""))
    read = [_read_unit(unit, file=file) for unit in units]
    name_of_only = element is units[0] if units else False
    rows = [
        FormRow("" if name_of_only else unit.get("name", ""), source, target, is_wanted=True)
        for unit, (source, target, _finished) in zip(units, read, strict=True)
    ]
    source, target = forms_of(rows, head, file=file, place=place)
    return ReadText(
        context=context_shown(element.get("name", "")),
        concept=element.findtext(f".//{V2}note[@category='concept']", ""),
        source=source,
        target=target,
        mark=_facts(element).get("mark", ""),
        place=place,
        finished=all(finished for *_texts, finished in read),
    )


def _read_unit(unit: Element, *, file: str) -> tuple[str, str, bool]:
    place = Place(PlaceKind.UNIT, unit.get("id", ""))
    segments = [child for child in unit if child.tag in (f"{V2}segment", f"{V2}ignorable")]
    if len(segments) != 1 or segments[0].tag != f"{V2}segment":
        problem = mark("has %(found)s segments; it must have one, as it was given out")
        raise WordingError(file, place, problem, values={"found": len(segments)})
    source, target = segments[0].find(f"{V2}source"), segments[0].find(f"{V2}target")
    if source is None:
        raise WordingError(file, place, mark("has no source"))
    translated = "" if target is None else plain_text(target, file=file, place=place)
    # A tool that does not tell states leaves none, and none is not "initial".
    return plain_text(source, file=file, place=place), translated, segments[0].get("state") != "initial"
