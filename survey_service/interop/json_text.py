"""JSON read strictly and written with every decimal as it was.

Keys that occur twice, NaN, halves of characters and numbers beyond reason are refused with their place; Python's own
reader lets the first three through. Not for what the fields mean.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from survey_service.interop.errors import FhirError

# The largest questionnaire shipped takes 300 kB in two languages.
LARGEST_FILE = 20_000_000
_MOST_DIGITS = 40
# More than any float of Python's has.
_LARGEST_EXPONENT = 400


class _Unusable(str):
    """Stands in the place of a value that cannot be used, and says why."""

    __slots__ = ()


def read_json(content: bytes, *, root: str) -> Any:
    """What the file holds; fractions are Decimal. ``root`` is the name of the outermost place.

    Raises
    ------
    FhirError
        Naming the place; the line and column where the file is no JSON at all.
    """
    if len(content) > LARGEST_FILE:
        raise FhirError(root, f"is larger than {LARGEST_FILE} bytes")
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_number,
            parse_constant=lambda name: _Unusable(f"{name} is not a number"),
        )
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FhirError(f"line {line}", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise FhirError(f"line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from None
    except RecursionError:
        raise FhirError(root, "is nested too deeply") from None
    for place, problem in _problems(value, root):
        raise FhirError(place, problem)
    return value


def write_json(value: Any) -> str:
    """Indented by two, a Decimal digit by digit, other letters as they are; a newline at the end."""
    return "".join(_pieces(value, "\n")) + "\n"


def _object(pairs: list[tuple[str, Any]]) -> Any:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        return _Unusable(f"the key {next(name for name in names if names.count(name) > 1)!r} occurs twice")
    return fields


def _number(text: str) -> Any:
    """A huge exponent is written in few letters and takes the memory of a book."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _Unusable("is not a number that can be kept")
    if len(text) > _MOST_DIGITS or abs(number.adjusted()) > _LARGEST_EXPONENT:
        return _Unusable("is a number beyond all measure")
    return int(text) if text.lstrip("-").isdigit() else number


def _problems(value: Any, place: str) -> Iterator[tuple[str, str]]:
    waiting = [(value, place)]
    while waiting:
        each, where = waiting.pop()
        if isinstance(each, _Unusable):
            yield where, str(each)
        elif isinstance(each, str) and not each.isascii() and any("\ud800" <= letter <= "\udfff" for letter in each):
            yield where, "holds half a character"
        elif isinstance(each, dict):
            waiting += [(inner, f"{where}.{name}") for name, inner in each.items()]
        elif isinstance(each, list):
            waiting += [(inner, f"{where}[{number}]") for number, inner in enumerate(each)]


def _pieces(value: Any, line: str) -> Iterator[str]:
    if isinstance(value, Decimal):
        yield str(value)
    elif isinstance(value, Mapping) and value:
        for number, (name, inner) in enumerate(value.items()):
            yield ("," if number else "{") + f"{line}  {json.dumps(name, ensure_ascii=False)}: "
            yield from _pieces(inner, f"{line}  ")
        yield f"{line}}}"
    elif isinstance(value, Sequence) and value and not isinstance(value, str):
        for number, inner in enumerate(value):
            yield ("," if number else "[") + f"{line}  "
            yield from _pieces(inner, f"{line}  ")
        yield f"{line}]"
    else:
        yield json.dumps(value, ensure_ascii=False)
