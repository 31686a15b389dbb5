"""A pull as a stream of bytes, page by page, in the format that was asked for. In constant memory."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from survey_service.foundation.services import Services
from survey_service.registers.entries import FeedEntry
from survey_service.registers.feed import Pull, pages
from survey_service.registers.fhir_lines import ending_line, fhir_lines
from survey_service.registers.formats import (
    LONG_COLUMNS,
    CsvWriter,
    Format,
    Layout,
    dumps,
    ending_as_json,
    ndjson_lines,
    wide_columns,
)

# Fast rather than small: rows repeat themselves, and level 1 already takes away nine tenths.
_GZIP_LEVEL = 1
_GZIP_FORMAT = 31


def stream(services: Services, pull: Pull, chosen: Format, layout: Layout) -> Iterator[bytes]:
    """The whole pull. The first piece is made before it returns, so that a refusal can still be told as one."""
    pieces = _csv(services, pull, layout) if chosen is Format.CSV else _lines(services, pull, chosen, layout)
    first = next(pieces)
    return _following(first, pieces)


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in gzip."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def units_by_variable(services: Services) -> Mapping[str, str]:
    return {
        variable.name: variable.unit
        for instrument in services.library.instruments.values()
        for variable in instrument.variables
    }


def _following(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _lines(services: Services, pull: Pull, chosen: Format, layout: Layout) -> Iterator[bytes]:
    write = _writer(services, chosen, layout)
    for entries in pages(services, pull):
        lines = [line for entry in entries if entry.is_told for line in write(entry)]
        if lines:
            yield ("\n".join(lines) + "\n").encode()
    end = ending_line(pull.ending) if chosen is Format.FHIR else dumps(ending_as_json(pull.ending))
    yield f"{end}\n".encode()


def _writer(services: Services, chosen: Format, layout: Layout) -> Callable[[FeedEntry], Iterator[str]]:
    if chosen is Format.FHIR:
        units = units_by_variable(services)
        return lambda entry: fhir_lines(entry, units=units)
    return lambda entry: ndjson_lines(entry, layout)


def _csv(services: Services, pull: Pull, layout: Layout) -> Iterator[bytes]:
    columns = LONG_COLUMNS if layout is Layout.LONG else wide_columns(pull.variables)
    writer = CsvWriter(columns, layout)
    yield writer.page([]).encode()
    for entries in pages(services, pull):
        yield writer.page([entry for entry in entries if entry.is_told]).encode()
