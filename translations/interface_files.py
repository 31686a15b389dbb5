"""The interface's files as texts: the template as sources, the catalogue of a language as its translations; and back.

For seeding and for export. Not for the texts at run time: that is `interface`.
"""

from collections.abc import Mapping
from pathlib import Path

from babel.messages.catalog import Message

from translations.interface import FILE, SHIPPED
from translations.placeholders import wanted_forms
from translations.plurals import NoPluralForms, agrees_with_cldr, plural_header
from translations.po import Entries, WordingError, parse_into
from translations.po_writing import PoEntry, po_text
from translations.subjects import CONTEXT_END, SourceText

TEMPLATE = "messages.pot"

Forms = tuple[str, ...]


def read_template(folder: Path = SHIPPED) -> tuple[SourceText, ...]:
    """Every text of the interface, in the order of the files that show it; the concept is where it is shown.

    Raises
    ------
    WordingError
        If the template cannot be read.
    """
    entries = _read(folder / TEMPLATE, f"ui/{TEMPLATE}")
    return tuple(
        SourceText(
            context=_context(message),
            position=position,
            forms=(message.id,) if isinstance(message.id, str) else tuple(message.id),
            concept=" ".join((*message.auto_comments, *sorted({place for place, _line in message.locations}))),
        )
        for position, message in enumerate(entries.messages)
    )


def read_catalogues(folder: Path = SHIPPED) -> dict[str, dict[str, Forms]]:
    """By locale and context, every text that is translated and not marked fuzzy.

    Raises
    ------
    WordingError
        If a catalogue cannot be read, or has its plural forms in another order than CLDR.
    """
    found = sorted(folder.glob(f"*/{FILE.as_posix()}"))
    return {path.parents[1].name: _translated(path) for path in found}


def interface_file(locale: str, sources: Mapping[str, Forms], texts: Mapping[str, Forms]) -> str:
    """The catalogue of a language as a file that `read_catalogues` reads back as the same texts."""
    headers = {
        "Project-Id-Version": "survey-service",
        "Language": locale,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plural_header(locale),
    }
    entries = (_entry(context, source, texts.get(context, ()), locale) for context, source in sources.items())
    return po_text(headers, entries, file=f"ui/{locale}/{FILE.as_posix()}")


def _entry(context: str, source: Forms, forms: Forms, locale: str) -> PoEntry:
    named, end, _source = context.rpartition(CONTEXT_END)
    is_plural = len(source) > 1
    return PoEntry(
        context=named if end else None,
        source=source[0],
        source_plural=source[1] if is_plural else "",
        text=forms[0] if forms and not is_plural else "",
        plural=(forms or ("",) * len(wanted_forms(source, locale))) if is_plural else (),
        flags=("python-format",) if any("%(" in form for form in source) else (),
    )


def _translated(path: Path) -> dict[str, Forms]:
    locale = path.parents[1].name
    name = f"ui/{locale}/{FILE.as_posix()}"
    entries = _read(path, name)
    if any(not isinstance(message.id, str) for message in entries.messages):
        _check_plural_forms(entries, locale)
    return {
        _context(message): forms
        for message in entries.messages
        if all(forms := _forms(message)) and forms and not message.fuzzy
    }


def _forms(message: Message) -> Forms:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _check_plural_forms(entries: "_Texts", locale: str) -> None:
    try:
        agrees = agrees_with_cldr(entries.header("Plural-Forms"), locale)
    except NoPluralForms:
        agrees = False
    if not agrees:
        raise WordingError(entries.file, "Plural-Forms", f"is not that of {locale}: {plural_header(locale)}")


class _Texts(Entries):
    """The entries in their order, with and without contexts and plural forms."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.messages: list[Message] = []

    def keep(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        self.messages.append(message)


def _read(path: Path, name: str) -> _Texts:
    if not path.is_file():
        raise WordingError(name, "", "is not there")
    return parse_into(_Texts(name), path.read_bytes())


def _context(message: Message) -> str:
    source = message.id if isinstance(message.id, str) else message.id[0]
    return source if message.context is None else f"{message.context}{CONTEXT_END}{source}"
