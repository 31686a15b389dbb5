"""A patient's own copy as files: one row for each answer and score, and FHIR for other systems.

The words are the page's, in the reader's language; a question and its answer are in the language it was answered in.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from instruments import Answered, AnswerKind, Score
from survey_service.delivery.own_copy import OwnCopy, OwnResponse
from survey_service.delivery.parcels import score_facts
from survey_service.foundation.clock import STOCKHOLM
from survey_service.http.csv_cells import no_formula
from survey_service.http.locale import current_locale, gettext, language_name, long_date
from survey_service.http.results import answer, figure, in_catalogue_order, label, of_groups, why_missing
from survey_service.interop.response_bundle import CompletedResponse, collected

# How the figures came about, not how somebody is.
_NOT_TOLD = ("theta", "lfs")


def as_csv(copy: OwnCopy) -> str:
    """With a byte order mark, so that a spreadsheet reads every letter. Codes and figures stand beside the words."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_headings())
    for one in copy.responses:
        for row in (*_answer_rows(one), *_score_rows(one)):
            writer.writerow([no_formula(cell) for cell in row])
    return f"\ufeff{text.getvalue()}"


def as_fhir(copy: OwnCopy) -> dict[str, Any]:
    """A collection of the responses and their scores."""
    return collected((_completed(one, copy) for one in copy.responses), at=copy.made_at)


def told_answers(one: OwnResponse) -> list[tuple[Answered, str, str]]:
    """Each answer with its question and itself in words; what was only to be read is not among them."""
    items = one.instrument.items if one.instrument else {}
    texts = one.wording.texts
    return [
        (
            given,
            texts.get(f"item:{given.item_id}", given.item_id),
            answer(items.get(given.item_id), given, texts) or gettext("Skipped"),
        )
        for given in one.answers
        if given.kind is not AnswerKind.SHOWN
    ]


def told_scores(one: OwnResponse) -> list[tuple[Score, str, str]]:
    """Each score with its name and figure, or why there is none; without what says something of many people only."""
    percentages = of_groups(one.instrument.scoring) if one.instrument else frozenset[str]()
    return [
        (
            score,
            label(score.variable, one.wording.texts),
            figure(score) or (why_missing(score.missing_reason) if score.missing_reason else ""),
        )
        for _, score in in_catalogue_order(one.instrument, one.scores)
        if score.variable.rpartition(".")[2] not in _NOT_TOLD and score.variable not in percentages
    ]


def status(one: OwnResponse) -> str:
    """Whether the answers are the patient's first, or as the unit has corrected them."""
    return gettext("Corrected") if one.is_corrected else gettext("As you answered")


def name_of_file(kind: str, ending: str, made_at: datetime) -> str:
    """On disk it says what it is and the day, and nobody's name."""
    return f"{kind}-{made_at.astimezone(STOCKHOLM).date()}.{ending}"


def _headings() -> list[str]:
    return [
        gettext("Kind"),
        gettext("Survey"),
        gettext("Answered"),
        gettext("Care unit"),
        gettext("Care provider"),
        gettext("Language"),
        gettext("Question or result"),
        gettext("Answer or figure"),
        gettext("Standard error"),
        gettext("Status"),
        gettext("Code"),
        gettext("Stored value"),
    ]


def _answer_rows(one: OwnResponse) -> Iterator[list[str]]:
    items = one.instrument.items if one.instrument else {}
    for given, question, words in told_answers(one):
        item = items.get(given.item_id)
        stored = "" if given.value is None else item.question.write(given.value) if item else str(given.value)
        yield [gettext("Answer"), *_place(one), question, words, "", status(one), given.item_id, stored]


def _score_rows(one: OwnResponse) -> Iterator[list[str]]:
    for score, name, words in told_scores(one):
        error = "" if score.standard_error is None else f"{score.standard_error:.6g}"
        stored = score.text or "" if score.value is None else f"{score.value:.6g}"
        yield [gettext("Result"), *_place(one), name, words, error, status(one), score.variable, stored]


def _place(one: OwnResponse) -> list[str]:
    language = language_name(one.wording.locale, in_=current_locale())
    at = long_date(one.response.completed_at)
    return [one.wording.texts["title"], at, one.unit.name, one.provider_name, language]


def _completed(one: OwnResponse, copy: OwnCopy) -> CompletedResponse:
    session, instrument = one.response.session, one.instrument
    units = {variable.name: variable.unit for variable in instrument.variables} if instrument else {}
    return CompletedResponse(
        id=one.response.id,
        identity_number=copy.identity_number,
        provider_hsa_id=one.provider_hsa_id,
        unit_hsa_id=one.unit.hsa_id,
        instrument=session.instrument,
        instrument_version=session.instrument_version,
        instrument_hash=session.instrument_hash,
        form=session.form,
        wording=session.wording_id,
        locale=session.locale,
        mode=session.mode,
        respondent=session.respondent,
        occasion=one.occasion.code,
        completed_at=one.response.completed_at,
        # Without the definition nobody can say which kind an answer is: then the scores go alone.
        answers=one.answers if instrument else (),
        items=instrument.items if instrument else {},
        scores=[score_facts(score, unit=units.get(score.variable, "")) for score in one.scores],
    )
