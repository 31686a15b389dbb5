"""Languages of the interface: which there are, which one a request wants, and how moments are written in it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import cast

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, get_decimal_symbol
from babel.support import Translations
from flask import Flask, Response, current_app, g, redirect, request
from flask_babel import Babel, Domain
from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext

from survey_service.foundation.clock import STOCKHOLM
from translations.interface import overlaid
from translations.plurals import cldr_locale, is_right_to_left

DEFAULT = "sv"
# Names that CLDR does not have. A registered variant of BCP 47 has no name of its own there.
_OWN_NAMES = {"sv_simple": "Lätt svenska"}
# CLDR's English is that of the United States; ours is British.
_NOTATION = {"en": "en_GB"}
COOKIE = "language"
_YEAR = 365 * 24 * 60 * 60
_EXTENSION = "survey-interface-texts"

Catalogues = Callable[[], Mapping[str, Translations]]


class MemoryDomain(Domain):
    """Interface texts from the catalogues in force, not from compiled files; in a preview, its own."""

    def get_translations(self) -> Translations:
        return g.get("preview_texts") or _catalogues().get(current_locale()) or Translations()


class MemoryBabel(Babel):
    """flask-babel on ``MemoryDomain``."""

    @property
    def domain_instance(self) -> MemoryDomain:
        return MemoryDomain()


def install_locale(app: Flask, catalogues: Catalogues) -> None:
    """Choose the language of each request, and give the templates their filters.

    ``catalogues`` are asked for once in each request, so that no page is of two versions.
    """
    app.extensions[_EXTENSION] = catalogues
    MemoryBabel(app, default_locale=DEFAULT, default_timezone="Europe/Stockholm", locale_selector=_notation)
    app.jinja_env.filters["datetime"] = long_datetime
    app.jinja_env.filters["date"] = long_date
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["month"] = month
    app.jinja_env.filters["time"] = short_time
    app.jinja_env.filters["number"] = number


def current_locale() -> str:
    """The language of this request: chosen before, or asked for by the browser, or Swedish."""
    if "locale" not in g:
        chosen = request.cookies.get(COOKIE)
        offered = [code for code, _name in languages()]
        g.locale = chosen if chosen in offered else request.accept_languages.best_match(offered, DEFAULT)
    return str(g.locale)


def languages() -> tuple[tuple[str, str], ...]:
    """Code and own name of every language of the interface, the default first."""
    return _named(frozenset(_catalogues()))


@cache
def _named(codes: frozenset[str]) -> tuple[tuple[str, str], ...]:
    ordered = sorted(codes, key=lambda code: (code != DEFAULT, code))
    return tuple((code, language_name(code, in_=code)) for code in ordered)


def language_name(code: str, *, in_: str) -> str:
    name = _OWN_NAMES.get(code) or cldr_locale(code).get_display_name(cldr_locale(in_)) or code
    return name[0].upper() + name[1:]


def text_direction(locale: str) -> str:
    """``ltr`` or ``rtl``."""
    return "rtl" if is_right_to_left(locale) else "ltr"


def write_in(locale: str) -> None:
    """The rest of this request in a language, whatever the reader has chosen."""
    g.locale = locale


def preview_in(locale: str, texts: Mapping[str, Sequence[str]]) -> None:
    """Show the rest of this request in a language, with interface texts that nobody may have approved yet."""
    g.locale = locale
    g.preview_texts = overlaid(_catalogues().get(locale), texts, locale=locale)


def remember_language(response: Response, code: str, *, secure: bool) -> None:
    if code in _catalogues():
        response.set_cookie(COOKIE, code, max_age=_YEAR, httponly=True, samesite="Lax", secure=secure)


def back_to(path: str | None) -> Response:
    """A redirect within this service: an address elsewhere leads home."""
    return cast("Response", redirect(path if path and _is_inside(path) else "/", code=303))


def _is_inside(path: str) -> bool:
    # Browsers read a backslash as a slash, and drop tabs and line breaks wherever they stand.
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def long_datetime(moment: datetime) -> str:
    return f"{long_date(moment)} {short_time(moment)}"


def long_date(moment: datetime) -> str:
    return day(moment.astimezone(STOCKHOLM).date())


def short_time(moment: datetime) -> str:
    """By the clock of 24 hours, as everywhere in Sweden, with the language's own sign between."""
    return format_skeleton("Hm", moment.astimezone(STOCKHOLM), locale=_notation())


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language, as text: flask-babel's own says nothing of what it returns."""
    return str(_gettext(text, **values))


def gettext_in(locale: str, text: str) -> str:
    """The text in a language that need not be the reader's; in the default where it has no texts."""
    in_force = _catalogues()
    return str((in_force.get(locale) or in_force[DEFAULT]).gettext(text))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form that goes with the number, in the language of the request; ``%(num)s`` is the number."""
    return str(_ngettext(one, many, num, **values))


def day(value: date) -> str:
    return _day_written(value, str(_notation()))


# Kept, since a course has hundreds of days and figures, most of them the same few, at a tenth of a millisecond each.
@lru_cache(maxsize=4096)
def _day_written(value: date, notation: str) -> str:
    return format_date(value, "long", locale=notation)


def weekday(value: date) -> str:
    """A day as people say it, with the day of the week: Friday 27 November."""
    notation = _notation()
    # CLDR's own skeleton shortens the weekday in Swedish and Finnish.
    return f"{format_date(value, 'EEEE', locale=notation)} {format_skeleton('MMMMd', value, locale=notation)}"


def month(value: date) -> str:
    return format_skeleton("yMMMM", value, locale=_notation())


def decimal_sign() -> str:
    """The comma or the point of the reader's notation, for a number in a field; such as a form of ours reads."""
    return "," if get_decimal_symbol(_notation()) == "," else "."


def decimal(value: Decimal) -> str:
    """A figure with every decimal that it has, in the reader's notation."""
    return format_decimal(value, locale=_notation(), decimal_quantization=False)


def number(value: float | Decimal | str) -> str:
    """A figure in the reader's notation; a text (such as a health profile) as it is."""
    return value if isinstance(value, str) else _written(value, str(_notation()))


@lru_cache(maxsize=4096)
def _written(value: float | Decimal, notation: str) -> str:
    return format_decimal(value, "#,##0.###", locale=notation)


def _notation() -> Locale:
    """How dates, numbers and plurals are written in the language of this request."""
    locale = current_locale()
    return cldr_locale(_NOTATION.get(locale, locale))


def _catalogues() -> Mapping[str, Translations]:
    if "catalogues" not in g:
        g.catalogues = cast("Catalogues", current_app.extensions[_EXTENSION])()
    return cast("Mapping[str, Translations]", g.catalogues)
