"""JSON in one way only, to be signed: RFC 8785 for the values that we send (ASCII keys, numbers of few digits)."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Keys in order, no space between, numbers without an exponent, UTF-8."""
    return "".join(_pieces(value)).encode()


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield "{"
        for position, name in enumerate(sorted(value)):
            yield ("," if position else "") + json.dumps(name) + ":"
            yield from _pieces(value[name])
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for position, inner in enumerate(value):
            yield "," if position else ""
            yield from _pieces(inner)
        yield "]"
    elif isinstance(value, float):
        yield str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"
    else:
        yield json.dumps(value, ensure_ascii=False)
