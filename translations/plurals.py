"""Plural forms of a language, after CLDR: which there are, in which order, and how a PO file says so.

For counts, which are whole numbers: a form that CLDR keeps for fractions alone (Russian "other") is not asked for. Not
for choosing a text.
"""

import re
from collections.abc import Callable
from functools import cache
from gettext import c2py

from babel import Locale, UnknownLocaleError
from babel.messages.plurals import get_plural
from babel.plural import PluralRule, to_gettext

_CODE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{1,8})*")
_ORDER = ("zero", "one", "two", "few", "many", "other")
# Every rule of CLDR that counts below a million can tell apart, it tells apart below a thousand.
_COUNTS = range(1_000)


class NoPluralForms(ValueError):
    """A header's ``Plural-Forms`` is not what gettext can read; the message is what it says."""


@cache
def cldr_locale(code: str) -> Locale:
    """The language in CLDR. What CLDR does not have of a code (``sv-x-simple``, ``en_XA``) goes by its language.

    Raises
    ------
    babel.UnknownLocaleError
        If not even the language is known.
    """
    tags = code.replace("-", "_")
    try:
        return Locale.parse(tags)
    except (UnknownLocaleError, ValueError):
        pass
    try:
        return Locale.parse(tags.partition("_")[0])
    except ValueError:
        raise UnknownLocaleError(code) from None


def is_known_language(code: str) -> bool:
    """Whether the code can name a language here: well formed, as files and addresses carry it, and known to CLDR."""
    if not _CODE.fullmatch(code):
        return False
    try:
        cldr_locale(code)
    except UnknownLocaleError:
        return False
    return True


def is_right_to_left(code: str) -> bool:
    """Whether the language is written from right to left."""
    return cldr_locale(code).text_direction == "rtl"


@cache
def plural_forms(code: str) -> tuple[str, ...]:
    """CLDR's names of the forms that counts take, in the order in which texts are stored and exchanged."""
    rule = cldr_locale(code).plural_form
    taken = {rule(count) for count in _COUNTS}
    return tuple(name for name in _ORDER if name in taken)


def plural_index(code: str) -> Callable[[int], int]:
    """Which of `plural_forms` a count takes; a count beyond them (a million in French) takes the last."""
    rule, forms = cldr_locale(code).plural_form, plural_forms(code)
    places = {name: place for place, name in enumerate(forms)}
    return lambda count: places.get(rule(count), len(forms) - 1)


@cache
def plural_header(code: str) -> str:
    """``Plural-Forms`` of a PO file with the forms in that order: as gettext knows the language where it agrees."""
    known = str(get_plural(cldr_locale(code)))
    if agrees_with_cldr(known, code):
        return known
    rules = cldr_locale(code).plural_form.rules
    # The last form is what is left when no rule fits.
    return to_gettext(PluralRule({name: rules[name] for name in plural_forms(code)[:-1]}))


def agrees_with_cldr(header: str, code: str) -> bool:
    """Whether a ``Plural-Forms`` header has our forms in our order.

    Raises
    ------
    NoPluralForms
        If it is none.
    """
    number, expression = _parse(header)
    if number != len(plural_forms(code)):
        return False
    index = plural_index(code)
    try:
        return all(expression(count) == index(count) for count in _COUNTS)
    except ZeroDivisionError:
        raise NoPluralForms(header) from None


def _parse(header: str) -> tuple[int, Callable[[int], int]]:
    fields = {name.strip(): value for name, _, value in (part.partition("=") for part in header.split(";"))}
    try:
        chosen: Callable[[int], int] = c2py(fields["plural"])
        return int(fields["nplurals"]), chosen
    except (KeyError, ValueError, RecursionError):
        raise NoPluralForms(header) from None
