"""Bundles to files and back, by the format's name or the file's ending."""

from enum import StrEnum
from pathlib import PurePath

from translations.exchange.bundle import MOST_BYTES, Bundle, NotExchangeable
from translations.po import WordingError
from translations.sentences import mark


class FileFormat(StrEnum):
    """A format of exchange; the value is the ending of its files."""

    PO = "po"
    XLIFF = "xlf"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    FileFormat.PO: "text/x-gettext-translation",
    FileFormat.XLIFF: "application/xliff+xml",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ENDINGS = {f".{each.value}": each for each in FileFormat} | {".xliff": FileFormat.XLIFF}


def file_name(bundle: Bundle, form: FileFormat) -> str:
    """A name that tells people what the file holds: ``instrument-prem-visit-1.0-self.fi.xlf``."""
    return f"{bundle.subject.replace(':', '-')}.{bundle.locale}.{form.value}"


def write_bundle(bundle: Bundle, form: FileFormat) -> bytes:
    """The file. ``read_bundle`` gives back an equal bundle.

    Raises
    ------
    NotExchangeable
        Naming the text that the format cannot carry, or the subject if it has none.
    """
    if not bundle.segments:
        raise NotExchangeable(bundle.subject, "has no texts to give out")
    match form:
        case FileFormat.PO:
            from translations.exchange.po_file import write_po

            return write_po(bundle)
        case FileFormat.XLIFF:
            from translations.exchange.xliff_file import write_xliff

            return write_xliff(bundle)
        case FileFormat.XLSX:
            # Imported late: openpyxl is the slowest import of the service.
            from translations.exchange.xlsx_file import write_xlsx

            return write_xlsx(bundle)


def read_bundle(content: bytes, *, file: str) -> Bundle:
    """What a file that was given out here holds now; ``file`` is its name, whose ending says what it is.

    Raises
    ------
    WordingError
        Naming file, place and reason. Nothing is half-read.
    """
    form = _ENDINGS.get(PurePath(file).suffix.lower())
    if len(content) > MOST_BYTES:
        raise WordingError(file, "", mark("is larger than %(most)s MB"), values={"most": MOST_BYTES // 1024**2})
    match form:
        case FileFormat.PO:
            from translations.exchange.po_file import read_po

            return read_po(content, file=file)
        case FileFormat.XLIFF:
            from translations.exchange.xliff_file import read_xliff

            return read_xliff(content, file=file)
        case FileFormat.XLSX:
            from translations.exchange.xlsx_file import read_xlsx

            return read_xlsx(content, file=file)
        case None:
            raise WordingError(file, "", mark("is not one of %(endings)s"), values={"endings": ", ".join(_ENDINGS)})
