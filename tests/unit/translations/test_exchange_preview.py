"""A file that came back is shown before it is taken in: what would change, and what cannot [E1]."""

from dataclasses import replace
from uuid import UUID

import pytest

from tests.unit.translations import bundles
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.exchange.files import FileFormat, read_bundle, write_bundle
from translations.exchange.preview import Change, Preview, PreviewLine, compare
from translations.placeholders import Fault
from translations.po import WordingError
from translations.states import State

ANOTHER = UUID(int=7)


def previewed(now: Bundle, worked_on: Bundle) -> Preview:
    """What a file, worked on outside, would change of what is there now."""
    read = read_bundle(write_bundle(worked_on, FileFormat.XLIFF), file="x.xlf")
    return compare(now, read, file="x.xlf")


def line(preview: Preview, context: str) -> PreviewLine:
    return next(line for line in preview.lines if line.context == context)


def since(bundle: Bundle, context: str, *forms: str) -> Bundle:
    """What is there now, after somebody has translated the text here."""
    text = ExchangeSegment(
        context=context,
        source=bundle.by_context[context].source,
        target=forms,
        state=State.TRANSLATED,
        translation_id=ANOTHER,
    )
    return with_segments(bundle, text)


def with_segments(bundle: Bundle, *texts: ExchangeSegment) -> Bundle:
    known = bundle.by_context
    found = known | {text.context: text for text in texts}
    return replace(bundle, segments=tuple(found.values()))


def test_a_file_that_nobody_worked_on_changes_nothing() -> None:
    given_out = bundles.simple(title="Aamusi")
    preview = previewed(given_out, given_out)
    assert preview.counts == {change: 3 if change is Change.UNCHANGED else 0 for change in Change}
    assert preview.taken().segments == ()


def test_what_had_no_translation_is_new_and_what_had_one_is_changed() -> None:
    given_out = bundles.simple(title="Aamusi")
    worked_on = bundles.changed(bundles.changed(given_out, "title", "Aamu"), "item:slept", "Miten nukuit?")
    preview = previewed(given_out, worked_on)
    assert [each.change for each in preview.lines] == [Change.CHANGED, Change.NEW, Change.UNCHANGED]
    changed = line(preview, "title")
    assert changed.now is not None
    assert changed.read is not None
    assert (changed.now.target, changed.read.target) == (("Aamusi",), ("Aamu",))
    assert str(changed.place) == "unit u1"
    assert [(each.context, each.target) for each in preview.taken().segments] == [
        ("title", ("Aamu",)),
        ("item:slept", ("Miten nukuit?",)),
    ]


def test_what_was_changed_on_both_sides_is_a_conflict_and_is_taken_only_if_somebody_says_so() -> None:
    given_out = bundles.simple(title="Aamusi")
    now = since(given_out, "title", "Aamunne")
    preview = previewed(now, bundles.changed(given_out, "title", "Aamu"))
    assert line(preview, "title").change is Change.CONFLICT
    assert preview.taken().segments == ()
    (taken,) = preview.taken(also={"title"}).segments
    assert (taken.target, taken.translation_id) == (("Aamu",), ANOTHER)


def test_what_was_first_translated_on_both_sides_is_a_conflict() -> None:
    given_out = bundles.simple()
    preview = previewed(since(given_out, "title", "Aamusi"), bundles.changed(given_out, "title", "Aamu"))
    assert line(preview, "title").change is Change.CONFLICT


def test_a_text_that_was_changed_here_alone_is_left_as_it_is() -> None:
    given_out = bundles.simple(title="Aamusi")
    preview = previewed(since(given_out, "title", "Aamunne"), given_out)
    assert line(preview, "title").change is Change.UNCHANGED


def test_a_text_that_was_changed_to_the_same_on_both_sides_is_no_conflict() -> None:
    given_out = bundles.simple(title="Aamusi")
    preview = previewed(since(given_out, "title", "Aamu"), bundles.changed(given_out, "title", "Aamu"))
    assert line(preview, "title").change is Change.UNCHANGED


def test_a_translation_of_a_source_that_has_changed_since_is_stale_and_shows_both_sources() -> None:
    given_out = bundles.simple(title="Aamusi")
    now = with_segments(given_out, replace(given_out.by_context["title"], source=("Your day",)))
    preview = previewed(now, bundles.changed(given_out, "title", "Aamu"))
    stale = line(preview, "title")
    assert stale.change is Change.STALE
    assert stale.now is not None
    assert stale.read is not None
    assert (stale.now.source, stale.read.source) == (("Your day",), ("Your morning",))
    assert preview.taken().segments == ()
    assert [text.source for text in preview.taken(also={"title"}).segments] == [("Your day",)]


def test_a_text_that_is_there_no_more_is_unknown_and_one_that_came_since_is_missing() -> None:
    given_out = bundles.simple()
    came = ExchangeSegment(context="item:new", source=("And now?",))
    gone = replace(given_out, segments=(*given_out.segments[:1], *given_out.segments[2:], came))
    preview = previewed(gone, bundles.changed(given_out, "item:slept", "Miten nukuit?"))
    assert {each.context: each.change for each in preview.lines} == {
        "title": Change.UNCHANGED,
        "item:woke": Change.UNCHANGED,
        "item:new": Change.MISSING,
        "item:slept": Change.UNKNOWN,
    }
    assert preview.taken(also={"item:slept", "item:new"}).segments == ()
    assert line(preview, "item:new").place == ""


@pytest.mark.parametrize(
    ("context", "text", "fault"),
    [
        ("item:woke", "Miten heräsit?", Fault.LOST),
        ("item:woke", "Miten heräsit, {nimi} {name}?", Fault.FOREIGN),
        ("title", "Aamu\nsi", Fault.CHARACTER),
        ("title", "\u202eAamusi", Fault.CHARACTER),
        ("title", "", Fault.EMPTY),
        ("title", " ", Fault.EMPTY),
    ],
)
def test_a_text_that_would_break_a_page_is_refused_with_its_place_and_never_taken(
    context: str, text: str, fault: Fault
) -> None:
    given_out = bundles.simple(title="Aamusi", **{"item:woke": "Miten, {name}?"})
    preview = previewed(given_out, bundles.changed(given_out, context, text))
    refused = line(preview, context)
    assert refused.change is Change.REFUSED
    assert [getattr(problem, "fault", None) for problem in refused.problems] == [fault]
    assert str(refused.place).startswith("unit u")
    assert preview.taken(also={context}).segments == ()


def test_a_plural_form_that_was_lost_is_refused_by_its_name() -> None:
    given_out = bundles.plurals("ar")
    thing = "%(num)s thing"
    forms = given_out.by_context[thing].target
    preview = previewed(given_out, bundles.changed(given_out, thing, *forms[:3], "", *forms[4:]))
    refused = line(preview, thing)
    assert (refused.change, str(refused.place)) == (Change.REFUSED, "group g3")
    assert [str(problem) for problem in refused.problems] == ["the form 'few' is empty"]


def test_a_text_that_whoever_takes_it_in_would_refuse_is_shown_as_refused() -> None:
    given_out = bundles.simple()
    read = bundles.changed(given_out, "title", "<b>Aamu</b>")
    preview = compare(given_out, read, file="x.xlf", check=lambda _text, forms: ["markup"] if "<" in forms[0] else [])
    assert (line(preview, "title").change, line(preview, "title").problems) == (Change.REFUSED, ("markup",))


def test_a_stale_text_that_would_break_a_page_is_not_taken_by_anybodys_word() -> None:
    given_out = bundles.simple(title="Aamusi")
    now = with_segments(given_out, replace(given_out.by_context["title"], source=("Your {day}",)))
    preview = previewed(now, bundles.changed(given_out, "title", "Aamu"))
    assert line(preview, "title").change is Change.STALE
    assert line(preview, "title").problems
    assert preview.taken(also={"title"}).segments == ()


def test_the_introduction_may_have_paragraphs_that_its_source_has_not() -> None:
    text = ExchangeSegment(context="intro", source=("Hello.",))
    given_out = replace(bundles.simple(), segments=(text,))
    preview = previewed(given_out, bundles.changed(given_out, "intro", "Hei.\n\nTervetuloa."))
    assert line(preview, "intro").change is Change.NEW


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subject": "instrument:evening:1.0:self"}, "x.xlf: subject: 'instrument:morning:1.0:self' is not "),
        ({"locale": "sv"}, "x.xlf: language: 'fi' is not 'sv'"),
        ({"source_locale": "sv"}, "x.xlf: source language: 'en' is not 'sv'"),
    ],
)
def test_a_file_of_another_subject_or_language_is_refused(change: dict[str, str], sentence: str) -> None:
    given_out = bundles.simple()
    with pytest.raises(WordingError) as refused:
        previewed(replace(given_out, **change), given_out)
    assert str(refused.value).startswith(sentence)
