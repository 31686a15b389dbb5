"""Protocols as TOML files: the form is in ``docs/protocols.md``. Pure."""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from survey_service.errors import BadInput, mark

_LARGEST = 200_000
# A reader meets who and why before the plan.
_ORDER = (
    "code", "anchor_kind", "side", "procedure", "purpose", "registers", "receipt", "notices", "names", "reasons",
    "inclusion", "exclusion", "occasions",
)  # fmt: skip


def read_file(text: str) -> dict[str, Any]:
    """The definition in a file, unchecked. Raises ``BadInput`` for what is no TOML, with the line."""
    if len(text) > _LARGEST:
        raise BadInput("The file is too large for a protocol.", fields=_at(mark("The file is too large.")))
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as refused:
        raise BadInput(
            "The file is not TOML: %(reason)s.",
            fields=_at(mark("The file is not TOML: %(reason)s.")),
            values={"reason": str(refused).replace("%", "")[:200]},
        ) from None
    return found


def _at(sentence: str) -> dict[str, str]:
    return {"file": sentence}


def write_file(definition: Mapping[str, Any]) -> str:
    """A definition as a file that ``read_file`` reads back the same."""
    ordered = {name: definition[name] for name in _ORDER if name in definition}
    ordered |= {name: value for name, value in definition.items() if name not in ordered}
    return tomli_w.dumps(ordered)
