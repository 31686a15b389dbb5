"""Labels shown side by side before anybody accepts them: the concept, the demonstration wording, the label.

As text for a terminal, and as one HTML file that fetches nothing. Not for accepting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from babel import Locale

from instruments import Instrument
from translations.catalogue import InstrumentWording, WordingKind
from translations.contexts import ordered
from translations.labels import CheckedLabels

_STYLE = (
    "body{font:16px/1.5 system-ui;margin:2em;color:#1a1a1a}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #bbb;padding:.5em;text-align:start;vertical-align:top;width:28%;white-space:pre-wrap}"
    "th[scope=row]{width:16%;font-family:monospace;font-weight:400}td.label{background:#f4f8ff}"
    "li{color:#8a3b00}code{overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the instrument in the three columns. ``known`` is empty where there is no demonstration wording."""

    context: str
    concept: str
    known: str
    label: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What is shown for acceptance; ``known_locale`` is the language of the demonstration wording, empty for none."""

    instrument: str
    checked: CheckedLabels
    known_locale: str
    lines: tuple[Line, ...]


def preview(instrument: Instrument, checked: CheckedLabels, shipped: Sequence[InstrumentWording]) -> Preview:
    """Set the labels beside what the project ships: its wording in that language, else in English."""
    known = _beside(checked.wording, shipped)
    texts = checked.wording.texts
    return Preview(
        instrument=f"{instrument.id} {instrument.version}",
        checked=checked,
        known_locale=known.locale if known else "",
        lines=tuple(
            Line(
                context=context,
                concept=known.concepts.get(context, "") if known else "",
                known=known.texts.get(context, "") if known else "",
                label=texts[context],
            )
            for context in ordered(instrument)
            if context in texts
        ),
    )


def as_text(shown: Preview, *, width: int = 100) -> str:
    """Three columns for a terminal, then the warnings and the hash that acceptance asks for."""
    column = max(20, (width - 6) // 3)
    rule = "-" * (3 * column + 6)
    out = [*_facts(shown), "", _columns(("concept", _known_title(shown), "label"), column), rule]
    for line in shown.lines:
        out += [line.context, _columns((line.concept, line.known, line.label), column), rule]
    out += [f"warning: {warning}" for warning in shown.checked.warnings]
    out.append(f"hash: {shown.checked.wording.content_hash}")
    return "\n".join(out) + "\n"


def as_html(shown: Preview) -> str:
    """The same as one page that needs nothing else."""
    wording = shown.checked.wording
    direction = Locale.parse(wording.locale.replace("-", "_")).text_direction
    rows = "".join(
        f'<tr><th scope="row">{escape(line.context)}</th><td>{escape(line.concept)}</td>'
        f'<td lang="{escape(shown.known_locale)}">{escape(line.known)}</td>'
        f'<td class="label" lang="{escape(wording.locale)}" dir="{direction}">{escape(line.label)}</td></tr>\n'
        for line in shown.lines
    )
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in shown.checked.warnings)
    facts = "<br>".join(escape(fact) for fact in _facts(shown))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(shown.instrument)}, '
        f"{escape(wording.locale)}: labels to accept</title><style>{_STYLE}</style></head><body>"
        f"<h1>Labels to accept</h1><p>{facts}</p><p>Hash: <code>{wording.content_hash}</code></p>"
        f"<ul>{warnings}</ul><table><thead><tr><th>Part</th><th>Concept</th><th>{escape(_known_title(shown))}</th>"
        f"<th>Label</th></tr></thead><tbody>\n{rows}</tbody></table></body></html>\n"
    )


def _beside(wording: InstrumentWording, shipped: Sequence[InstrumentWording]) -> InstrumentWording | None:
    same = {
        each.locale: each
        for each in shipped
        if (each.instrument, each.version, each.respondent) == (wording.instrument, wording.version, wording.respondent)
        and each.kind is WordingKind.DEMONSTRATION
    }
    return same.get(wording.locale) or same.get("en")


def _facts(shown: Preview) -> list[str]:
    wording = shown.checked.wording
    return [
        f"{shown.instrument}, language {wording.locale}, respondent {wording.respondent}, "
        f"language version {shown.checked.language_version}",
        f"{len(shown.lines)} labels, {len(shown.checked.warnings)} warnings",
    ]


def _known_title(shown: Preview) -> str:
    return f"demonstration ({shown.known_locale})" if shown.known_locale else "demonstration (none)"


def _columns(texts: Sequence[str], column: int) -> str:
    wrapped = [[part for line in text.splitlines() for part in wrap(line, column) or [""]] for text in texts]
    height = max(1, *map(len, wrapped))
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return "\n".join(" | ".join(part.ljust(column) for part in row).rstrip() for row in zip(*padded, strict=True))
