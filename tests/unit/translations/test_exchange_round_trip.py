"""What is given out comes home the same, in every format and language [E1]."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import Library
from tests.unit.translations import bundles
from translations.catalogue import InstrumentWording, load_wordings
from translations.exchange.bundle import MOST_CHARACTERS, Bundle, ExchangeSegment, NotExchangeable, interface_key
from translations.exchange.files import FileFormat, file_name, read_bundle, write_bundle
from translations.interface import interface_translations
from translations.plurals import plural_forms
from translations.states import State
from translations.subjects import INTERFACE

pytestmark = pytest.mark.parametrize("form", list(FileFormat))


def back(bundle: Bundle, form: FileFormat) -> Bundle:
    return read_bundle(write_bundle(bundle, form), file=file_name(bundle, form))


@pytest.fixture(scope="module")
def wordings() -> tuple[InstrumentWording, ...]:
    return load_wordings(Library.load())


def test_every_shipped_wording_comes_home_the_same(form: FileFormat, wordings: tuple[InstrumentWording, ...]) -> None:
    for wording in wordings:
        given_out = bundles.instrument_bundle(wording)
        assert back(given_out, form) == given_out


@pytest.mark.parametrize("locale", sorted(interface_translations()))
def test_every_shipped_catalogue_comes_home_the_same(form: FileFormat, locale: str) -> None:
    given_out = bundles.interface_bundle(locale)
    assert back(given_out, form) == given_out


@pytest.mark.parametrize("locale", ["ar", "sv"])
def test_every_text_that_files_stumble_over_comes_home_the_same(form: FileFormat, locale: str) -> None:
    given_out = bundles.awkward(locale)
    assert back(given_out, form) == given_out


@pytest.mark.parametrize("locale", ["sv", "ar", "ja", "ru", "sv_SE", "zh_Hans", "en_XA"])
def test_plural_forms_come_home_the_same_in_languages_with_more_and_with_fewer(form: FileFormat, locale: str) -> None:
    given_out = bundles.plurals(locale)
    assert back(given_out, form) == given_out


def test_a_subject_without_texts_is_not_given_out(form: FileFormat) -> None:
    nothing = Bundle(subject=INTERFACE, source_locale="en", locale="fi", segments=())
    with pytest.raises(NotExchangeable, match="interface: has no texts to give out"):
        write_bundle(nothing, form)


def test_the_longest_text_comes_home_the_same(form: FileFormat) -> None:
    longest = bundles.changed(bundles.simple(), "title", "🙂" * MOST_CHARACTERS)
    assert back(longest, form) == longest


CARRIED = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff")
PIECES = st.text(CARRIED | st.sampled_from('\n\t"\\_x=<&;][#'), max_size=12)
LINES = st.lists(PIECES | st.sampled_from(["_x0041_", "_x005F_", "]]>", "\\n", "[mark", "]"]), max_size=3).map("".join)
# U+2404 has a meaning of its own in the files, and a source is the key of its text in the interface.
SOURCES = LINES.filter(lambda text: text.strip() != "" and "\u2404" not in text)
NAMES = st.text(CARRIED, min_size=1, max_size=12).filter(lambda text: "\u2404" not in text and text.strip() != "")
STATES = st.sampled_from(State)


@st.composite
def segments(draw: st.DrawFn, locale: str, *, interface: bool) -> ExchangeSegment:
    source: tuple[str, ...] = (draw(SOURCES),)
    if interface and draw(st.booleans()):
        source = (*source, draw(SOURCES))
    number = len(plural_forms(locale)) if len(source) > 1 else 1
    target = tuple(draw(st.lists(LINES, min_size=number, max_size=number)))
    message_context = draw(st.none() | NAMES) if interface else None
    return ExchangeSegment(
        context=interface_key(message_context, source[0]) if interface else draw(NAMES),
        concept=draw(LINES),
        source=source,
        target=target,
        state=draw(STATES) if any(target) else None,
        translation_id=draw(st.none() | st.uuids()) if any(target) else None,
    )


@st.composite
def some_bundles(draw: st.DrawFn) -> Bundle:
    locale = draw(st.sampled_from(["sv", "ar", "fi", "ja", "pl", "he"]))
    interface = draw(st.booleans())
    texts = segments(locale, interface=interface)
    found = draw(st.lists(texts, min_size=1, max_size=6, unique_by=lambda segment: segment.context))
    subject = INTERFACE if interface else bundles.SUBJECT
    return Bundle(subject=subject, source_locale="en", locale=locale, segments=tuple(found))


@settings(max_examples=150, deadline=None)
@given(bundle=some_bundles())
def test_whatever_can_be_given_out_comes_home_the_same(form: FileFormat, bundle: Bundle) -> None:
    assert back(bundle, form) == bundle


@settings(max_examples=60, deadline=None)
@given(bundle=some_bundles(), text=SOURCES, data=st.data())
def test_only_the_text_that_was_worked_on_is_touched(
    form: FileFormat, bundle: Bundle, text: str, data: st.DataObject
) -> None:
    chosen = data.draw(st.sampled_from(bundle.segments))
    forms = ("".join(chosen.target) + text,) * (len(plural_forms(bundle.locale)) if len(chosen.source) > 1 else 1)
    worked_on = bundles.changed(bundle, chosen.context, *forms)
    touched = [segment for segment in back(worked_on, form).segments if segment.is_touched]
    assert touched == [chosen.with_target(*forms)]


@pytest.mark.parametrize("character", ["\x00", "\r", "\x0b", "\x85", "\u2028", "\ud800", "\ufffe"])
def test_what_no_file_can_carry_is_not_given_out(form: FileFormat, character: str) -> None:
    with pytest.raises(NotExchangeable, match=f"title: holds U\\+{ord(character):04X}"):
        back(bundles.changed(bundles.simple(), "title", f"a{character}b"), form)
