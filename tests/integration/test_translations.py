"""Translating and taking texts from state to state, through the use cases [E1]."""

from datetime import timedelta
from uuid import UUID

import pytest

from survey_service.access.use_cases import end_translator
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.principals import Translator
from survey_service.languages.checks import TextRefused
from survey_service.languages.desk_overview import desk_overview
from survey_service.languages.desk_queries import (
    evidence_of,
    glossary,
    segments,
    subjects,
    text_of,
)
from survey_service.languages.rules import State
from survey_service.languages.workflow import (
    Evidence,
    NewText,
    Overtaken,
    comment,
    enter_term,
    import_bundle,
    take_step,
    take_steps,
    translate,
)
from tests.conftest import TestClock
from tests.translators import COUNTED, EVIDENCE, GREETING, OWN, QUESTION, SAVED, Team
from translations.contexts import DIRECTION
from translations.subjects import INTERFACE, SourceText, SubjectKind

WHOLE_WAY = (State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED)


# ---- translating


def test_a_translation_is_kept_with_its_maker_its_time_and_the_source_that_it_was_made_from(
    team: Team, clock: TestClock
) -> None:
    """E1"""
    team.write("Hvordan var det?")
    seen = team.segment()
    assert seen.current is not None
    assert (seen.current.forms, seen.current.by_name, seen.current.at) == (("Hvordan var det?",), "Tove", clock.now)
    assert (seen.current.state, seen.current.source, seen.current.stale) == (State.TRANSLATED, seen.source, False)


def test_a_translation_replaces_the_one_before_and_the_one_before_stays(team: Team) -> None:
    """E1"""
    team.write("Første", draft=True)
    team.write("Annen", by=team.rita)
    versions = team.segment().versions
    assert [(one.number, one.forms, one.by_name, one.state) for one in versions] == [
        (2, ("Annen",), "Rita", State.TRANSLATED),
        (1, ("Første",), "Tove", State.DRAFT),
    ]


def test_of_two_translators_on_one_text_the_second_is_told_and_shown_the_others(team: Team) -> None:
    """E1: nothing is overwritten."""
    opened = team.write("Begge så denne")
    first = translate(
        team.services, subject=OWN, context=QUESTION, locale="nb", forms=["Toves"], replaces=opened, as_=team.tove
    )
    with pytest.raises(Overtaken) as told:
        translate(
            team.services, subject=OWN, context=QUESTION, locale="nb", forms=["Ritas"], replaces=opened, as_=team.rita
        )
    assert told.value.other is not None
    assert (told.value.other.id, told.value.other.forms, told.value.other.by_name) == (first, ("Toves",), "Tove")
    assert team.segment().current == told.value.other


def test_of_two_translators_who_begin_one_text_the_second_is_told(team: Team) -> None:
    team.write("Toves")
    with pytest.raises(Overtaken):
        translate(
            team.services, subject=OWN, context=QUESTION, locale="nb", forms=["Ritas"], replaces=None, as_=team.rita
        )


def test_the_same_text_again_is_no_new_translation(team: Team) -> None:
    first = team.write("Det samme")
    assert team.write("Det samme", by=team.rita) == first
    assert team.write(" Det samme\r\n") == first
    assert len(team.segment().versions) == 1


def test_ones_own_draft_is_finished_by_saving_it_anothers_by_making_it_ones_own(team: Team) -> None:
    draft = team.write("Halvveis", draft=True)
    assert team.write("Halvveis") == draft
    assert team.segment().current.state is State.TRANSLATED
    other = team.write("Utkast", draft=True)
    assert team.write("Utkast", by=team.rita) != other
    assert team.segment().current.by_name == "Rita"


def test_a_withdrawn_text_can_be_entered_again_and_goes_the_whole_way_again(team: Team) -> None:
    withdrawn = team.approved("Tilbake")
    team.take(withdrawn, State.WITHDRAWN)
    again = team.write("Tilbake")
    assert again != withdrawn
    assert team.segment().current.state is State.TRANSLATED


@pytest.mark.parametrize(
    ("context", "forms", "sentence"),
    [
        (SAVED, ["Lagret"], "The placeholder %(time)s is missing."),
        (SAVED, ["Lagret %(time)s av %(who)s"], "The placeholder %(who)s is not in the source."),
        (SAVED, ["Lagret %(time)s, 100 %"], "Write the percent sign as a word: the source has none."),
        (COUNTED, ["%(num)s spørsmål"], "The text needs these forms: one, other."),
        (GREETING, ["  "], "The text is empty."),
        (GREETING, ["Vel\u202ekommen"], "The text holds a character that cannot be shown (U+202E)."),
        (
            GREETING,
            ["<b>Velkommen</b>"],
            "The text holds signs of markup (</b> <b>) that the source does not have in the same way.",
        ),
        (
            GREETING,
            ["Velkommen &amp; hei"],
            "The text holds signs of markup (&amp;) that the source does not have in the same way.",
        ),
    ],
)
def test_a_text_that_cannot_stand_in_for_its_source_is_refused_in_a_sentence(
    context: str, forms: list[str], sentence: str, team: Team
) -> None:
    """E1, E2"""
    with pytest.raises(TextRefused) as refused:
        team.write(*forms, context=context, subject=INTERFACE)
    assert [str(one) for one in refused.value.problems] == [sentence]
    assert team.rows(INTERFACE)[context].translation is None


def test_each_form_of_a_plural_is_told_apart(team: Team) -> None:
    with pytest.raises(TextRefused) as refused:
        team.write("%(num)s spørsmål", "", context=COUNTED, subject=INTERFACE)
    assert [one.place for one in refused.value.problems] == [1]


def test_the_direction_of_a_scale_is_one_of_two(team: Team) -> None:
    team.add(OWN, SourceText(context=DIRECTION, position=99, forms=("ltr",), needed=False))
    with pytest.raises(TextRefused):
        team.write("nedover", context=DIRECTION)
    team.write("rtl", context=DIRECTION)


@pytest.mark.parametrize("locale", ["xx", "not a language", "../sv", "sv/../../x", "sv_", ""])
def test_a_language_that_nobody_knows_is_refused(locale: str, team: Team) -> None:
    with pytest.raises(BadInput):
        team.write("Ord", locale=locale)


def test_a_translator_of_one_language_does_not_touch_another(team: Team) -> None:
    team.write("Norsk", by=team.nora)
    with pytest.raises(AccessDenied):
        team.write("Dansk", locale="da", by=team.nora)


def test_whoever_has_ended_translates_no_more(team: Team, clock: TestClock) -> None:
    end_translator(team.services, team.tove.translator_id)
    with pytest.raises(AccessDenied):
        translate(
            team.services, subject=OWN, context=QUESTION, locale="nb", forms=["Ord"], replaces=None, as_=team.tove
        )


def test_what_is_no_text_of_the_subject_cannot_be_translated(team: Team) -> None:
    with pytest.raises(AccessDenied):
        translate(
            team.services, subject=OWN, context="item:none", locale="nb", forms=["Ord"], replaces=None, as_=team.tove
        )


# ---- states


def test_a_text_goes_the_whole_way_with_who_when_note_and_evidence(team: Team, clock: TestClock) -> None:
    """E1"""
    translation_id = team.write("Hele veien")
    clock.advance(timedelta(minutes=1))
    take_step(team.services, translation_id=translation_id, state=State.REVIEWED, note="Godt", as_=team.rita)
    team.take(translation_id, State.LINGUISTICALLY_VALIDATED, State.APPROVED)
    steps = team.segment().steps
    assert [(one.state, one.by_name) for one in steps] == [
        (State.TRANSLATED, "Tove"),
        *((state, "Rita") for state in WHOLE_WAY),
    ]
    assert (steps[1].note, steps[1].at) == ("Godt", clock.now)
    with team.services.db.transaction(as_=team.tove) as connection:
        assert evidence_of(connection, steps[2].id) == (EVIDENCE.name, EVIDENCE.content)
        assert evidence_of(connection, steps[1].id) is None


@pytest.mark.parametrize("state", WHOLE_WAY)
def test_nobody_takes_own_work_further(state: State, team: Team) -> None:
    """E1: four eyes."""
    own = team.write("Axels", by=team.axel)
    before = WHOLE_WAY[: WHOLE_WAY.index(state)]
    team.take(own, *before)
    with pytest.raises(AccessDenied):
        team.take(own, state, by=team.axel)


def test_whoever_may_only_translate_neither_reviews_nor_approves(team: Team) -> None:
    """E1"""
    translation_id = team.write("Ritas", by=team.rita)
    with pytest.raises(AccessDenied):
        team.take(translation_id, State.REVIEWED, by=team.tove)
    team.take(translation_id, State.REVIEWED, by=team.axel)
    for state in (State.LINGUISTICALLY_VALIDATED, State.APPROVED, State.DRAFT):
        with pytest.raises(AccessDenied):
            team.take(translation_id, state, by=team.tove)


def test_the_projects_own_instrument_is_not_approved_before_it_is_validated(team: Team) -> None:
    """E1"""
    translation_id = team.write("Uten intervju")
    team.take(translation_id, State.REVIEWED)
    with pytest.raises(AccessDenied):
        team.take(translation_id, State.APPROVED)


def test_the_interface_is_approved_when_it_is_reviewed(team: Team) -> None:
    translation_id = team.write("Velkommen", context=GREETING, subject=INTERFACE)
    team.take(translation_id, State.REVIEWED, State.APPROVED)


def test_linguistic_validation_rests_on_a_document(team: Team) -> None:
    """E1"""
    translation_id = team.write("Hvor er beviset?")
    team.take(translation_id, State.REVIEWED)
    for evidence in (None, Evidence("empty.pdf", b""), Evidence(" ", b"x")):
        with pytest.raises(BadInput):
            take_step(
                team.services,
                translation_id=translation_id,
                state=State.LINGUISTICALLY_VALIDATED,
                evidence=evidence,
                as_=team.rita,
            )


def test_a_text_that_has_been_replaced_goes_no_further(team: Team) -> None:
    """E1: whoever approves while another edits is told."""
    seen = team.write("Den som ble lest")
    team.write("Den som kom etter")
    with pytest.raises(Overtaken) as told:
        team.take(seen, State.REVIEWED)
    assert told.value.other is not None
    assert told.value.other.forms == ("Den som kom etter",)


def test_of_two_who_take_the_same_step_the_second_is_refused(team: Team) -> None:
    translation_id = team.write("En gang")
    team.take(translation_id, State.REVIEWED)
    with pytest.raises(AccessDenied):
        team.take(translation_id, State.REVIEWED, by=team.axel)


def test_several_texts_are_taken_at_once_and_those_that_cannot_be_stay_and_say_why(team: Team) -> None:
    good = team.write("Ja")
    own = team.write("Ritas egen", context="title", by=team.rita)
    (refused,) = take_steps(team.services, [good, own], state=State.REVIEWED, as_=team.rita)
    assert refused.id == own
    assert "somebody else" in refused.sentence
    assert team.segment().current.state is State.REVIEWED
    assert team.segment("title").current.state is State.TRANSLATED


# ---- a source that changes


def test_a_changed_source_makes_its_translations_stale_and_says_so(team: Team) -> None:
    """E1: never silently kept."""
    team.write("Om noe annet")
    before = team.segment().source
    entered = team.change_source(QUESTION, "How was it this time?")
    assert (entered.new, entered.changed, entered.retired) == ((), (QUESTION,), ())
    seen = team.segment(reader=team.rita)
    assert seen.current.stale
    assert (seen.source, seen.previous_source) == (("How was it this time?",), before)
    assert seen.next_states == {State.DRAFT}
    with team.services.db.transaction(as_=team.tove) as connection:
        assert [row.stale for row in desk_overview(connection, team.services) if row.locale == "nb"] == [1]
        assert segments(connection, OWN, "nb", stale=True).total == 1


def test_nothing_stale_goes_forward(team: Team) -> None:
    """E1"""
    translation_id = team.write("Om noe annet")
    team.change_source(QUESTION, "How was it this time?")
    with pytest.raises(BadInput):
        team.take(translation_id, State.REVIEWED)
    team.take(translation_id, State.DRAFT)


def test_a_stale_text_that_still_holds_is_said_to_by_entering_it_again(team: Team) -> None:
    first = team.write("Holder fortsatt")
    team.change_source(QUESTION, "How was it this time?")
    assert team.write("Holder fortsatt") != first
    assert not team.segment().current.stale


def test_a_change_that_is_taken_back_and_a_change_of_concept_make_nothing_stale(team: Team) -> None:
    team.write("Som før")
    source = team.segment().source
    team.change_source(QUESTION, "Something else")
    team.change_source(QUESTION, *source)
    assert not team.segment().current.stale


def test_a_part_that_is_no_more_is_neither_listed_nor_taken_further(team: Team) -> None:
    translation_id = team.write("Borte", context="recall")
    entered = team.enter(OWN, {}, without=["recall"])
    assert entered.retired == ("recall",)
    assert "recall" not in team.rows()
    with pytest.raises(BadInput):
        team.take(translation_id, State.REVIEWED)
    with pytest.raises(AccessDenied):
        team.segment("recall")


def test_entering_the_same_sources_again_changes_nothing(team: Team) -> None:
    entered = team.enter(OWN, {})
    assert (entered.new, entered.changed, entered.retired) == ((), (), ())


# ---- what the desk shows


def test_a_text_is_shown_with_its_concept_other_languages_comments_and_terms(team: Team) -> None:
    """E1"""
    team.write("Besøket")
    comment(team.services, subject=OWN, context=QUESTION, locale="nb", text="Hvilket besøk?", as_=team.rita)
    enter_term(team.services, term="visit", locale="nb", translation="besøk", note="ikke konsultasjon", as_=team.rita)
    enter_term(team.services, term="operation", locale="nb", translation="operasjon", as_=team.rita)
    seen = team.segment()
    assert seen.kind is SubjectKind.OWN
    assert seen.concept
    assert set(seen.others) == {"en", "sv"}
    assert [(one.text, one.by_name) for one in seen.comments] == [("Hvilket besøk?", "Rita")]
    assert [one.translation for one in seen.terms] == (["besøk"] if "visit" in seen.source[0] else [])
    assert seen.room == 200


def test_a_term_is_corrected_by_another_and_taken_out_by_an_empty_one(team: Team) -> None:
    for translation in ("besok", "besøk"):
        enter_term(team.services, term="visit", locale="nb", translation=translation, as_=team.rita)
    enter_term(team.services, term="pain", locale="nb", translation="smerte", as_=team.rita)
    enter_term(team.services, term="pain", locale="nb", translation="", as_=team.rita)
    with team.services.db.transaction(as_=team.tove) as connection:
        assert [(one.term, one.translation) for one in glossary(connection, "nb")] == [("visit", "besøk")]


def test_what_the_reader_may_do_is_what_the_rules_say(team: Team) -> None:
    team.write("Toves")
    assert team.segment(reader=team.tove).next_states == {State.DRAFT}
    assert team.segment(reader=team.rita).next_states == {State.DRAFT, State.REVIEWED}
    assert team.segment(reader=team.nora).may_translate
    assert not team.segment(locale="da", reader=team.nora).may_translate


def test_texts_are_found_by_what_they_say_and_where_they_stand_page_by_page(team: Team) -> None:
    team.write("En nål i høystakken")
    with team.services.db.transaction(as_=team.tove) as connection:
        assert [row.context for row in segments(connection, OWN, "nb", search="HØYSTAKK").rows] == [QUESTION]
        assert segments(connection, OWN, "nb", state=State.TRANSLATED).total == 1
        every = segments(connection, OWN, "nb")
        assert segments(connection, OWN, "nb", untranslated=True).total == every.total - 1
        first = segments(connection, OWN, "nb", limit=5)
        second = segments(connection, OWN, "nb", after=first.next, limit=100)
        assert [*first.rows, *second.rows] == list(every.rows)
        assert second.next is None
        assert text_of(connection, every.rows[0].source_id) == (OWN, every.rows[0].context)


def test_the_overview_counts_every_text_once(team: Team) -> None:
    team.write("Ett")
    team.write("To", context="title", draft=True)
    with team.services.db.transaction(as_=team.tove) as connection:
        (row,) = [one for one in desk_overview(connection, team.services) if (one.subject, one.locale) == (OWN, "nb")]
        assert subjects(connection)[0].subject == INTERFACE
    assert (row.by_state, row.untranslated) == ({State.TRANSLATED: 1, State.DRAFT: 1}, row.total - 2)
    assert not row.offered


# ---- from files that came back


def test_texts_from_a_file_are_taken_in_all_or_none(team: Team) -> None:
    """E1"""
    good = NewText(context=GREETING, forms=["Velkommen"], replaces=None)
    bad = NewText(context=SAVED, forms=["Lagret"], replaces=None)
    with pytest.raises(TextRefused) as refused:
        import_bundle(team.services, subject=INTERFACE, locale="nb", texts=[good, bad], as_=team.tove)
    assert [(one.context, one.place) for one in refused.value.problems] == [(SAVED, 0)]
    assert team.rows(INTERFACE)[GREETING].translation is None
    assert import_bundle(team.services, subject=INTERFACE, locale="nb", texts=[good], as_=team.tove) == 1
    seen = team.rows(INTERFACE)[GREETING].translation
    again = NewText(context=GREETING, forms=["Velkommen"], replaces=seen.id)
    assert import_bundle(team.services, subject=INTERFACE, locale="nb", texts=[again], as_=team.tove) == 0


def test_a_file_whose_text_was_changed_meanwhile_takes_nothing_in(team: Team) -> None:
    """E1"""
    team.write("Velkommen", context=GREETING, subject=INTERFACE)
    texts = [
        NewText(context=SAVED, forms=["Lagret %(time)s"], replaces=None),
        NewText(context=GREETING, forms=["Hei"], replaces=None),
    ]
    with pytest.raises(Overtaken):
        import_bundle(team.services, subject=INTERFACE, locale="nb", texts=texts, as_=team.rita)
    assert team.rows(INTERFACE)[SAVED].translation is None


def test_a_stranger_may_do_nothing(team: Team) -> None:
    stranger = Translator(UUID(int=7))
    with pytest.raises(AccessDenied):
        team.write("Ord", by=stranger)
    with pytest.raises(AccessDenied):
        comment(team.services, subject=OWN, context=QUESTION, locale="nb", text="Hei", as_=stranger)
