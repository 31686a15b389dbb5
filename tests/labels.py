"""Label files for tests: made-up labels, never a sentence of anybody's instrument."""

from pathlib import Path
from xml.sax.saxutils import escape

from instruments import Instrument
from translations.labels import template, write_csv

LANGUAGE_VERSION = "test-sv-1"
FOOTER = f"© Nobody. {LANGUAGE_VERSION}"


def made_up(instrument: Instrument, **changes: str) -> dict[str, str]:
    """A label for every part that needs one."""
    contexts = [context for context, *_ in template(instrument, {})[1:]]
    labels = {context: f"Label {number}" for number, context in enumerate(contexts, start=1)}
    return labels | {"footer": FOOTER} | changes


def write_labels(path: Path, labels: dict[str, str]) -> Path:
    """As CSV."""
    path.write_text(write_csv([("context", "text"), *labels.items()]), encoding="utf-8", newline="")
    return path


def xliff_1(labels: dict[str, str], *, language: str = "sv") -> str:
    units = "".join(
        f'<trans-unit id="{number}" resname="{escape(context)}"><source>x</source><target>{escape(text)}</target>'
        "</trans-unit>\n"
        for number, (context, text) in enumerate(labels.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
        f'<file original="x" datatype="plaintext" source-language="en" target-language="{language}"><body>{units}'
        "</body></file></xliff>"
    )


def xliff_2(labels: dict[str, str], *, language: str = "sv", version: str = "2.0") -> str:
    units = "".join(
        f'<unit id="u{number}" name="{escape(context)}"><segment><source>x</source><target>{escape(text)}</target>'
        "</segment></unit>\n"
        for number, (context, text) in enumerate(labels.items())
    )
    return (
        f'<xliff version="{version}" srcLang="en" trgLang="{language}" xmlns="urn:oasis:names:tc:xliff:document:2.0">'
        f'<file id="f">{units}</file></xliff>'
    )


def po(labels: dict[str, str], *, language: str = "sv") -> str:
    entries = "".join(f'\nmsgctxt "{context}"\nmsgid "x"\nmsgstr "{text}"\n' for context, text in labels.items())
    return f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n{entries}'
