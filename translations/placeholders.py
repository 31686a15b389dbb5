"""Whether a translation can stand in for its source: every placeholder, every plural form, no stray character.

For what a program would stumble over. Not for whether the translation is right, nor for how long it may be.

Placeholders are ``%(name)s`` and ``{name}``. They are names: they may change places, and stand there twice.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from translations.characters import control_characters
from translations.plurals import cldr_locale, plural_forms

# A placeholder of either kind, an escaped percent sign, or one that would be taken for a placeholder.
_TOKEN = re.compile(
    r"%\((?P<name>\w+)\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|(?P<brace>\{[A-Za-z_]\w*\})|(?P<escaped>%%)|(?P<lone>%)"
)
# The count that the plural form was chosen by (flask-babel's and Jinja's name for it).
COUNT = "num"


class Fault(StrEnum):
    """What is wrong with a form."""

    FORMS = "forms"
    """The number of plural forms is not the language's; ``what`` names those that it has."""
    EMPTY = "empty"
    LOST = "lost"
    """The placeholder ``what`` of the source is not there."""
    FOREIGN = "foreign"
    """The placeholder ``what`` is not in the source."""
    PERCENT = "percent"
    """``what`` (``%`` or ``%%``) is not in the source, and the program would read it as a placeholder's beginning."""
    CHARACTER = "character"
    """``what`` (as U+202E) may not be in a text."""


_SENTENCES = {
    Fault.FORMS: "must have the plural forms {what}",
    Fault.EMPTY: "is empty",
    Fault.LOST: "lacks the placeholder {what}",
    Fault.FOREIGN: "has the placeholder {what}, which the source has not",
    Fault.PERCENT: "has the sign {what}, which the source has not: write it as a word",
    Fault.CHARACTER: "holds the control character {what}",
}


@dataclass(frozen=True, slots=True)
class FormProblem:
    """One thing wrong with one form: ``form`` is CLDR's name of it, empty where there is only one or all are meant."""

    fault: Fault
    form: str
    what: str = ""

    def __str__(self) -> str:
        subject = f"the form {self.form!r}" if self.form else "the text"
        return f"{subject} {_SENTENCES[self.fault].format(what=self.what)}"


def wanted_forms(source: Sequence[str], locale: str) -> tuple[str, ...]:
    """Names of the forms that a translation must have: the language's, or one without a name."""
    return plural_forms(locale) if len(source) > 1 else ("",)


def problems(
    source: Sequence[str], target: Sequence[str], *, locale: str, formatted: bool, paragraphs: bool = False
) -> tuple[FormProblem, ...]:
    """What keeps ``target`` from standing in for ``source``, both as their plural forms (or as one text).

    ``formatted`` texts (the interface's) are handed to ``%`` by the program, so that a percent sign in them is more
    than a character. ``paragraphs`` may have line feeds even if the source has none.

    Raises
    ------
    babel.UnknownLocaleError
        If the language is not known.
    """
    names = wanted_forms(source, locale)
    if len(target) != len(names):
        return (FormProblem(Fault.FORMS, "", ", ".join(names) or "(one text)"),)
    allowed = _tokens(source)
    found: list[FormProblem] = []
    for name, text in zip(names, target, strict=True):
        if not text.strip():
            found.append(FormProblem(Fault.EMPTY, name))
            continue
        needed = _needed(source, name, locale)
        found += _problems_of_tokens(name, _tokens([text]), needed=needed, allowed=allowed, formatted=formatted)
        lines = paragraphs or any("\n" in each for each in source)
        found += (
            FormProblem(Fault.CHARACTER, name, f"U+{ord(character):04X}")
            for character in control_characters(text, paragraphs=lines)
        )
    return tuple(found)


def _problems_of_tokens(
    form: str, found: frozenset[str], *, needed: frozenset[str], allowed: frozenset[str], formatted: bool
) -> Iterator[FormProblem]:
    for token in sorted(needed - found):
        yield FormProblem(Fault.LOST, form, token)
    for token in sorted(found - allowed):
        if token not in ("%", "%%"):
            yield FormProblem(Fault.FOREIGN, form, token)
        elif formatted:
            yield FormProblem(Fault.PERCENT, form, token)


def _needed(source: Sequence[str], form: str, locale: str) -> frozenset[str]:
    """The source's placeholders; without the count, where the form is of one number alone ("one thing")."""
    needed = _tokens(source[-1:]) - {"%", "%%"}
    if form and _is_of_one_number(form, locale):
        needed = frozenset(token for token in needed if _name(token) != COUNT)
    return needed


def _is_of_one_number(form: str, locale: str) -> bool:
    rule = cldr_locale(locale).plural_form
    return sum(rule(count) == form for count in range(200)) == 1


def _tokens(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(match.group() for text in texts for match in _TOKEN.finditer(text))


def _name(token: str) -> str:
    match = _TOKEN.fullmatch(token)
    return match["name"] or "" if match else ""
