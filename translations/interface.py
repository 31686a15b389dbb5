"""Texts of the interface: the gettext catalogues of every language found, compiled in memory.

For buttons, headings and messages of the service. Not for wording of instruments.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from babel import UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from translations.plurals import plural_index
from translations.po import WordingError, read_lines

SHIPPED = Path(__file__).parent / "ui"
FILE = Path("LC_MESSAGES") / "messages.po"


def interface_translations(folder: Path | str = SHIPPED) -> Mapping[str, Translations]:
    """By locale, for every ``<locale>/LC_MESSAGES/messages.po``; untranslated texts are left in the source.

    Raises
    ------
    WordingError
        If a catalogue cannot be read.
    """
    found = sorted(Path(folder).glob(f"*/{FILE.as_posix()}"))
    return MappingProxyType({path.parent.parent.name: _compile(path) for path in found})


def shipped_locales(folder: Path | str = SHIPPED) -> tuple[str, ...]:
    """The languages that have a catalogue, without reading any."""
    return tuple(path.parent.parent.name for path in sorted(Path(folder).glob(f"*/{FILE.as_posix()}")))


def overlaid(under: Translations | None, texts: Mapping[str, Sequence[str]], *, locale: str) -> Translations:
    """A catalogue of these texts, over another one that is asked for the rest.

    ``texts`` are by context (gettext's key), each as one text or as its plural forms in CLDR's order.
    """
    found = Translations()
    found.plural = plural_index(locale)  # type: ignore[assignment]  # because counts are whole numbers here
    # The form that gettext keeps read catalogues in: by the text, or by the text and the number of the form.
    for context, forms in texts.items():
        found._catalog.update({(context, place): form for place, form in enumerate(forms)})
        # In a language with one form for every count, there is no telling a text with forms from one without.
        if len(forms) == 1:
            found._catalog[context] = forms[0]
    if under is not None:
        found.add_fallback(under)
    return found


def _compile(path: Path) -> Translations:
    locale = path.parent.parent.name
    name = f"ui/{locale}/{FILE.as_posix()}"
    compiled = BytesIO()
    try:
        write_mo(compiled, read_po(read_lines(path, file=name), locale=locale, abort_invalid=True))
    except (PoFileError, UnknownLocaleError) as error:
        raise WordingError(name, "", str(error)) from error
    compiled.seek(0)
    return Translations(compiled)
