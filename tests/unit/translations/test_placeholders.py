"""Translations that would break a program or a sentence, and those that would not [E1]."""

import pytest
from babel import Locale, UnknownLocaleError

from translations.placeholders import Fault, FormProblem, problems, wanted_forms
from translations.plurals import (
    NoPluralForms,
    agrees_with_cldr,
    cldr_locale,
    plural_forms,
    plural_header,
    plural_index,
)

THINGS = ("One thing", "%(num)s things")


def found(source: str, target: str, *, formatted: bool = True, paragraphs: bool = False) -> list[tuple[Fault, str]]:
    each = problems([source], [target], locale="sv", formatted=formatted, paragraphs=paragraphs)
    return [(problem.fault, problem.what) for problem in each]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Hello", "Hej"),
        ("%(a)s before %(b)s", "%(b)s efter %(a)s"),
        ("%(a)s once", "%(a)s och %(a)s"),
        ("{link}", "här: {link}"),
        ("100 %", "100 %"),
        ("at most %(high).1f", "högst %(high).1f"),
        ("one\ntwo", "ett\ntvå"),
        ("Hello", "\u200fسلام"),
        ("Hello", "\u2068Anna\u2069: hej"),
    ],
)
def test_what_says_the_same_with_the_same_placeholders_has_no_problem(source: str, target: str) -> None:
    assert found(source, target) == []


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("Hello %(name)s", "Hej", (Fault.LOST, "%(name)s")),
        ("Hello %(name)s", "Hej %(namn)s %(name)s", (Fault.FOREIGN, "%(namn)s")),
        ("Hello %(n)s", "Hej %(n)s %(n)d", (Fault.FOREIGN, "%(n)d")),
        ("Hello %(n)s", "Hej %(n) s, 5 %", (Fault.PERCENT, "%")),
        ("Hello", "Hej 100 %", (Fault.PERCENT, "%")),
        ("All of it: 100 %%", "Allt: 100 %", (Fault.PERCENT, "%")),
        ("See {link}", "Se", (Fault.LOST, "{link}")),
        ("See", "Se {link}", (Fault.FOREIGN, "{link}")),
        ("Hello", " \u00a0", (Fault.EMPTY, "")),
        ("Hello", "Hej\ndär", (Fault.CHARACTER, "U+000A")),
        ("Hello", "Hej\u202edär", (Fault.CHARACTER, "U+202E")),
        ("Hello", "Hej \u2067där", (Fault.CHARACTER, "U+2067")),
        ("Hello", "Hej \u2069där\u2067", (Fault.CHARACTER, "U+2067")),
        ("Hello", "Hej\x00", (Fault.CHARACTER, "U+0000")),
    ],
)
def test_what_the_program_would_stumble_over_is_named(source: str, target: str, problem: tuple[Fault, str]) -> None:
    assert problem in found(source, target)


def test_a_percent_sign_is_a_character_like_others_in_a_text_that_no_program_formats() -> None:
    assert found("Everything", "100 %", formatted=False) == []


def test_a_text_of_paragraphs_may_have_more_of_them_than_its_source() -> None:
    assert found("Hello", "Hej\n\ndär", paragraphs=True) == []


def test_the_count_may_be_a_word_where_the_form_is_of_one_number_alone() -> None:
    assert problems(THINGS, ("En sak", "%(num)s saker"), locale="sv", formatted=True) == ()


def test_the_count_must_be_a_figure_where_the_form_is_of_many_numbers() -> None:
    russian = ("Одна вещь", "%(num)s вещи", "%(num)s вещей")
    # 21 and 31 take this form too.
    assert problems(THINGS, russian, locale="ru", formatted=True) == (FormProblem(Fault.LOST, "one", "%(num)s"),)


def test_too_few_plural_forms_are_told_with_the_names_of_those_there_must_be() -> None:
    (problem,) = problems(THINGS, ("شيء", "أشياء"), locale="ar", formatted=True)
    assert str(problem) == "the text must have the plural forms zero, one, two, few, many, other"


def test_an_empty_form_is_told_by_its_name() -> None:
    (problem,) = problems(THINGS, ("En sak", ""), locale="sv", formatted=True)
    assert str(problem) == "the form 'other' is empty"


def test_a_text_without_a_count_has_one_form_in_every_language() -> None:
    assert wanted_forms(("Hello",), "ar") == ("",)


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("sv", ("one", "other")),
        ("fi", ("one", "other")),
        ("ja", ("other",)),
        ("ru", ("one", "few", "many")),
        ("fr", ("one", "other")),
        ("ar", ("zero", "one", "two", "few", "many", "other")),
    ],
)
def test_a_language_has_the_plural_forms_that_counts_take_in_cldr(code: str, forms: tuple[str, ...]) -> None:
    assert plural_forms(code) == forms


LANGUAGES = (
    "ar bn br cs cy de en es fa fi fr ga gd gv he hi hr is it ja kw lt lv mk mt nb pl pt ro ru se sl so sv ti uk zh"
)
# Babel's own for Arabic, where 11 and 100 have changed places.
OTHER_ORDER = "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=0 && n%100<=2 ? 4 : 5"


@pytest.mark.parametrize("code", LANGUAGES.split())
def test_the_header_of_every_language_orders_the_forms_as_cldr_does(code: str) -> None:
    assert agrees_with_cldr(plural_header(code), code)


def test_a_header_with_the_forms_in_another_order_is_noticed() -> None:
    assert not agrees_with_cldr(f"nplurals=6; plural=({OTHER_ORDER});", "ar")


@pytest.mark.parametrize("header", ["", "nplurals=2", "nplurals=x; plural=n;", "nplurals=2; plural=n/(n-n);", "plural"])
def test_what_is_no_header_of_plural_forms_is_told(header: str) -> None:
    with pytest.raises(NoPluralForms):
        agrees_with_cldr(header, "sv")


def test_a_count_finds_its_form() -> None:
    index = plural_index("ar")
    assert [plural_forms("ar")[index(count)] for count in (0, 1, 2, 3, 11, 100)] == list(plural_forms("ar"))


@pytest.mark.parametrize("code", ["sv-x-simple", "sv_SIMPLE", "sv_XA", "sv@simple", "sv"])
def test_a_code_that_cldr_does_not_have_goes_by_its_language(code: str) -> None:
    assert cldr_locale(code).language == Locale("sv").language


def test_a_language_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownLocaleError):
        cldr_locale("qq-QQ")
