"""What is translated, named by a text that every language shares: one instrument for one respondent, or the interface.

For the names, and for what a text's sources come to. Not for states and people.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from instruments import Respondent

INTERFACE = "interface"
SOURCE_LOCALE = "en"
# Between the context and the text in the key of an interface text, as gettext has it.
CONTEXT_END = "\x04"


class SubjectKind(StrEnum):
    """Whose words a subject's translations are. The rights-holder's are not translated here: they come in whole."""

    OWN = "own"
    """The project's own instrument: linguistically validated before it is approved."""
    DEMONSTRATION = "demonstration"
    """In place of the rights-holder's wording, in a demonstration."""
    INTERFACE = "interface"


@dataclass(frozen=True, slots=True)
class InstrumentSubject:
    """The wording of one instrument version for one respondent; ``str`` is the subject's name."""

    instrument: str
    version: str
    respondent: Respondent = Respondent.SELF

    def __str__(self) -> str:
        return f"instrument:{self.instrument}:{self.version}:{self.respondent}"


def instrument_of(subject: str) -> InstrumentSubject | None:
    """The instrument that a subject names; None for the interface.

    Raises
    ------
    ValueError
        If it names neither.
    """
    if subject == INTERFACE:
        return None
    match subject.split(":"):
        case ["instrument", str(instrument), str(version), str(respondent)] if instrument and version:
            return InstrumentSubject(instrument, version, Respondent(respondent))
    raise ValueError(f"{subject!r} names neither an instrument nor the interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """One part of a subject in the source language: one text, or the singular and the plural.

    ``needed`` is false for a part that may be left out; ``position`` is its place in the form.
    """

    context: str
    position: int
    forms: tuple[str, ...]
    concept: str = ""
    needed: bool = True


def content_hash(forms: Sequence[str]) -> str:
    """What tells one text from another. The database computes it in the same way from its ``jsonb``."""
    return "sha256:" + hashlib.sha256(json.dumps(list(forms), ensure_ascii=False).encode()).hexdigest()


def version_hash(origin: Sequence[str], texts: Mapping[str, str | Sequence[str]]) -> str:
    """What tells one approved version from another: what it is of, and its texts by context.

    The database computes the same (``hash_of_texts`` in ``main_0011``).
    """
    content = json.dumps([list(origin), sorted(texts.items())], ensure_ascii=False)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
