"""The translators' desk over HTTP: what it shows, what it takes, what it refuses and what it keeps."""

import re
from io import BytesIO

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.rules import State
from survey_service.languages.seeding import enter_sources
from survey_service.languages.workflow import Evidence, take_steps, translate
from tests.conftest import TestDatabase
from tests.desk import COUNTED, PREM, QUESTION, SAVED, WELCOME, Desk, make_desk, words
from translations.subjects import INTERFACE, SourceText, SubjectKind

INTERVIEWS = Evidence("interviews.pdf", b"%PDF five interviews")


@pytest.fixture
def desk(app: Flask, services: Services) -> Desk:
    return make_desk(app, services)


def enter(desk: Desk, context: str, *forms: str, who: Translator | None = None, subject: str = PREM) -> None:
    """A translation that is there already, after whatever was there before."""
    now = desk.rows(subject)[context].translation
    replaces = now.id if now else None
    who = who or desk.tina
    translate(desk.services, subject=subject, context=context, locale="nb", forms=forms, replaces=replaces, as_=who)


def step(desk: Desk, context: str, *states: State, subject: str = PREM) -> None:
    """Taken further by riku."""
    found = desk.rows(subject)[context].translation
    assert found is not None
    for state in states:
        evidence = INTERVIEWS if state is State.LINGUISTICALLY_VALIDATED else None
        assert not take_steps(desk.services, [found.id], state=state, evidence=evidence, as_=desk.riku)


def translated_whole(desk: Desk) -> None:
    """Everything of the instrument into Norwegian, approved."""
    for context in desk.rows():
        enter(desk, context, f"norsk {context}")
        step(desk, context, State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED)


def text_in(desk: Desk, context: str, subject: str = PREM) -> tuple[str, ...] | None:
    found = desk.rows(subject)[context].translation
    return found.forms if found else None


def test_languages_and_subjects_are_seen_with_how_far_they_have_come(desk: Desk) -> None:
    """E1"""
    enter(desk, QUESTION, "Hvordan var det?")
    said = words(desk.visitor(desk.tina).get("/translate"))
    assert re.search(r"En fråga om ditt senaste besök, Svenska: 12 \w+ 12", said)
    # Three texts may be left out: they count where they are there.
    assert re.search(r"En fråga om ditt senaste besök, Norsk bokmål: 0 \w+ 9", said)


def test_a_language_begins_from_nothing(desk: Desk) -> None:
    """E1"""
    visitor = desk.visitor(desk.riku)
    opened = visitor.get("/translate/open", query_string={"language": "so", "subject": PREM})
    assert opened.location == f"/translate/so/{PREM}"
    assert visitor.get(opened.location).get_data(as_text=True).count('class="card"') >= 12
    assert "soomaali" not in words(visitor.get("/translate")).casefold().split("somaliska")[0]


@pytest.mark.parametrize("code", ["", "xx", "../x", "EN", "nb-NO"])
def test_a_language_that_there_is_not_cannot_be_begun(desk: Desk, code: str) -> None:
    visitor = desk.visitor(desk.riku)
    answer = visitor.get("/translate/open", query_string={"language": code, "subject": PREM})
    assert answer.status_code == 400
    assert 'id="language-error"' in answer.get_data(as_text=True)
    assert visitor.get(f"/translate/{code or 'xx'}/{PREM}").status_code == 404


def test_a_text_is_saved_as_it_was_written_and_the_next_one_follows(desk: Desk) -> None:
    """E1"""
    contexts = list(desk.rows())
    answer = desk.save(desk.tina, contexts[1], "Første linje\r\nAndre linje", go="next")
    assert answer.location == desk.address(contexts[2])
    assert text_in(desk, contexts[1]) == ("Første linje\nAndre linje",)


def test_going_on_keeps_to_the_texts_that_were_asked_for(desk: Desk) -> None:
    first, second, third = list(desk.rows())[:3]
    enter(desk, second, "Alt oversatt")
    visitor, address = desk.visitor(desk.tina), desk.address(first) + "?show=untranslated"
    hidden = visitor.page(address).form(desk.address(first)).fields
    answer = desk.send(visitor, address, hidden, "Tittel", go="next")
    assert answer.location == desk.address(third) + "?show=untranslated"


def test_a_lost_placeholder_is_said_beside_the_field_and_what_was_typed_is_kept(desk: Desk) -> None:
    """E1"""
    answer = desk.save(desk.tina, SAVED, "Lagret klokka <nå>", subject=INTERFACE)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "%(time)s" in words(answer)
    assert 'id="form-0-error"' in page
    assert 'aria-invalid="true"' in page
    assert "Lagret klokka &lt;nå&gt;" in page
    assert text_in(desk, SAVED, INTERFACE) is None


def test_a_language_has_a_field_for_each_of_its_plural_forms(desk: Desk) -> None:
    norwegian = desk.visitor(desk.tina).get(desk.address(COUNTED, subject=INTERFACE)).get_data(as_text=True)
    arabic = desk.visitor(desk.tina).get(desk.address(COUNTED, subject=INTERFACE, locale="ar")).get_data(as_text=True)
    assert (norwegian.count('name="form"'), arabic.count('name="form"')) == (2, 6)
    assert len(re.findall(r'<textarea[^>]*name="form"[^>]*lang="ar" dir="rtl"', arabic)) == 6
    answer = desk.save(desk.tina, COUNTED, "%(num)s spørsmål", "spørsmål", subject=INTERFACE)
    assert answer.status_code == 400
    assert 'id="form-1-error"' in answer.get_data(as_text=True)


def test_a_long_text_is_warned_of_and_saved_all_the_same(desk: Desk) -> None:
    long = "Velkommen, og takk for at du tar deg tid til oss i dag"
    desk.save(desk.tina, WELCOME, long, subject=INTERFACE)
    assert text_in(desk, WELCOME, INTERFACE) == (long,)
    page = desk.visitor(desk.tina).get(desk.address(WELCOME, subject=INTERFACE)).get_data(as_text=True)
    assert '<p class="hint is-crowded"' in page


def test_of_two_translators_on_a_text_the_second_is_told_and_nothing_is_overwritten(desk: Desk) -> None:
    """E1"""
    visitor, address = desk.visitor(desk.tina), desk.address(QUESTION)
    hidden = visitor.page(address).form(address).fields
    enter(desk, QUESTION, "Hvordan var besøket?", who=desk.riku)

    answer = desk.send(visitor, address, hidden, "Hvordan gikk besøket?")
    assert answer.status_code == 409
    said = words(answer)
    assert "Riku Rett" in said
    assert "Hvordan var besøket?" in said
    assert "Hvordan gikk besøket?" in answer.get_data(as_text=True)
    assert text_in(desk, QUESTION) == ("Hvordan var besøket?",)


def test_whoever_has_seen_the_other_text_may_let_their_own_follow_it(desk: Desk) -> None:
    visitor, address = desk.visitor(desk.tina), desk.address(QUESTION)
    hidden = visitor.page(address).form(address).fields
    enter(desk, QUESTION, "Hvordan var besøket?", who=desk.riku)
    refused = desk.send(visitor, address, hidden, "Hvordan gikk besøket?").get_data(as_text=True)
    replaces = re.search(r'name="replaces" value="([^"]+)"', refused)
    assert replaces is not None
    desk.send(visitor, address, hidden | {"replaces": replaces[1]}, "Hvordan gikk besøket?")
    assert text_in(desk, QUESTION) == ("Hvordan gikk besøket?",)


def test_a_changed_source_makes_the_text_stale_and_shows_what_changed(desk: Desk) -> None:
    """E1, E2"""
    enter(desk, WELCOME, "Velkommen", subject=INTERFACE)
    changed = SourceText(context=WELCOME, position=0, forms=("Welcome back",))
    enter_sources(desk.services, INTERFACE, SubjectKind.INTERFACE, [changed])
    visitor = desk.visitor(desk.riku)
    stale = visitor.get(f"/translate/nb/{INTERFACE}?show=stale").get_data(as_text=True)
    assert "is-stale" in stale
    page = visitor.get(desk.address(WELCOME, subject=INTERFACE)).get_data(as_text=True)
    assert re.search(r"<ins>.*back</ins>", page)
    assert 'value="reviewed"' not in page


def test_nobody_is_offered_to_review_their_own_work_nor_let(desk: Desk) -> None:
    """E1"""
    enter(desk, QUESTION, "Hvordan var det?", who=desk.riku)
    visitor, address = desk.visitor(desk.riku), desk.address(QUESTION)
    assert 'value="reviewed"' not in visitor.get(address).get_data(as_text=True)
    form = visitor.page(address).form(f"{address}/steps").fields
    assert visitor.raw_post(f"{address}/steps", data={**form, "state": "reviewed"}).status_code == 403


def test_a_step_is_taken_with_note_and_document_which_others_can_fetch(desk: Desk) -> None:
    """E1"""
    enter(desk, QUESTION, "Hvordan var det?")
    step(desk, QUESTION, State.REVIEWED)
    visitor, address = desk.visitor(desk.riku), desk.address(QUESTION)
    form = visitor.page(address).form(f"{address}/steps").fields
    sent = {"state": "linguistically_validated", "note": "Fem intervjuer.", "evidence": (BytesIO(b"%PDF"), "a/b.pdf")}
    assert visitor.raw_post(f"{address}/steps", data={**form, **sent}).status_code == 303
    history = visitor.get(f"{address}/history")
    assert "Fem intervjuer." in words(history)
    (fetch,) = re.findall(r'href="(/translate/evidence/[^"]+)"', history.get_data(as_text=True))
    document = desk.visitor(desk.tina).get(fetch)
    assert document.data == b"%PDF"
    assert document.headers["Content-Disposition"] == "attachment; filename=b.pdf"
    assert document.content_type == "application/octet-stream"


def test_validation_without_a_document_is_refused_and_the_note_is_kept(desk: Desk) -> None:
    """E1"""
    enter(desk, QUESTION, "Hvordan var det?")
    step(desk, QUESTION, State.REVIEWED)
    visitor, address = desk.visitor(desk.riku), desk.address(QUESTION)
    form = visitor.page(address).form(f"{address}/steps").fields
    answer = visitor.raw_post(f"{address}/steps", data={**form, "state": "linguistically_validated", "note": "Ja"})
    assert answer.status_code == 400
    assert re.search(r'name="note"[^>]*>\nJa</textarea>', answer.get_data(as_text=True))


def test_many_texts_are_taken_further_at_once_and_those_that_cannot_be_are_told_of(desk: Desk) -> None:
    """E1"""
    first, second, third = list(desk.rows())[:3]
    enter(desk, first, "En")
    enter(desk, second, "To")
    enter(desk, third, "Tre", who=desk.riku)
    visitor, page = desk.visitor(desk.riku), f"/translate/nb/{PREM}?show=translated"
    listed = visitor.get(page).get_data(as_text=True)
    assert len(re.findall(r'name="text" value="[^"]+" checked', listed)) == 3
    rows = desk.rows()
    ids = [str(one.id) for context in (first, second, third) if (one := rows[context].translation)]
    form = visitor.page(page).form(f"/translate/nb/{PREM}/steps").fields
    sent = {"csrf_token": form["csrf_token"], "state": "reviewed", "text": ids}
    answer = visitor.raw_post(f"/translate/nb/{PREM}/steps", data=sent)
    told = words(visitor.get(answer.location))
    assert re.search(r"\b2 (texts|texter)", told)
    assert re.search(r"\b1 (text|texten)", told)
    states = [one.state for context in (first, second, third) if (one := desk.rows()[context].translation)]
    assert states == [State.REVIEWED, State.REVIEWED, State.TRANSLATED]


def test_a_version_is_made_of_what_was_looked_at(desk: Desk, database: TestDatabase) -> None:
    """E1"""
    translated_whole(desk)
    visitor, page = desk.visitor(desk.riku), f"/translate/nb/{PREM}/version"
    assert visitor.submit(page, page).status_code == 303
    with database.connect("survey_owner") as connection:
        found = connection.execute("SELECT texts ->> %s FROM wordings WHERE locale = 'nb'", (QUESTION,)).fetchall()
    assert found == [(f"norsk {QUESTION}",)]


def test_a_version_is_not_made_of_texts_that_have_changed_since(desk: Desk, database: TestDatabase) -> None:
    """E1"""
    translated_whole(desk)
    visitor, page = desk.visitor(desk.riku), f"/translate/nb/{PREM}/version"
    form = visitor.page(page).form(page).fields
    enter(desk, QUESTION, "Nytt")
    step(desk, QUESTION, State.REVIEWED, State.LINGUISTICALLY_VALIDATED, State.APPROVED)
    assert visitor.raw_post(page, data=form).status_code == 409
    assert not wordings_in_norwegian(database)


def test_who_may_not_approve_is_offered_no_version_and_makes_none(desk: Desk, database: TestDatabase) -> None:
    """E1"""
    translated_whole(desk)
    visitor, page = desk.visitor(desk.tina), f"/translate/nb/{PREM}/version"
    assert 'name="seen"' not in visitor.get(page).get_data(as_text=True)
    assert visitor.post(page, page="/translate", seen="sha256:").status_code in (403, 409)
    assert not wordings_in_norwegian(database)


def wordings_in_norwegian(database: TestDatabase) -> list[psycopg.rows.TupleRow]:
    with database.connect("survey_owner") as connection:
        return connection.execute("SELECT id FROM wordings WHERE locale = 'nb'").fetchall()


def test_the_preview_is_the_patients_page_with_the_newest_texts_and_brackets_for_the_rest(desk: Desk) -> None:
    """C6"""
    enter(desk, QUESTION, "Hvordan <var> besøket?")
    page = desk.visitor(desk.tina).get(f"/translate/nb/{PREM}/preview/overall").get_data(as_text=True)
    assert "Hvordan &lt;var&gt; besøket?" in page
    assert "[Really bad]" in page
    assert '<html lang="nb"' in page


def test_the_preview_shows_interface_texts_that_nobody_has_approved(desk: Desk) -> None:
    enter(desk, WELCOME, "Velkommen hit", subject=INTERFACE)
    visitor = desk.visitor(desk.tina)
    assert "Velkommen hit" in words(visitor.get(f"/translate/nb/{INTERFACE}/preview/home"))
    visitor.get("/")
    assert "Velkommen hit" not in words(visitor.get("/", headers={"Accept-Language": "nb"}))


def test_only_the_preview_can_be_framed_and_only_by_this_service(desk: Desk) -> None:
    """G2"""
    visitor = desk.visitor(desk.tina)
    framed = visitor.get(f"/translate/nb/{PREM}/preview/overall").headers
    assert "frame-ancestors 'self'" in framed["Content-Security-Policy"]
    assert "form-action 'none'" in framed["Content-Security-Policy"]
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    for path in ("/translate", f"/translate/nb/{PREM}/preview", f"/translate/nb/{PREM}", "/"):
        headers = visitor.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def exported(desk: Desk, ending: str = "po") -> TestResponse:
    return desk.visitor(desk.tina).get(f"/translate/nb/{PREM}/export/{ending}")


def filled(desk: Desk) -> bytes:
    """The file that was downloaded, with one text filled in."""
    text = exported(desk).get_data(as_text=True)
    before = 'msgid "How was the visit for you as a whole?"\nmsgstr ""'
    assert before in text
    return text.replace(before, before[:-1] + 'Hvordan var besøket?"').encode()


def look_at(desk: Desk, content: bytes, name: str = "prem.po", who: Translator | None = None) -> TestResponse:
    visitor, page = desk.visitor(who or desk.tina), f"/translate/nb/{PREM}/import"
    form = visitor.page(page).form(page).fields
    return visitor.raw_post(page, data={"csrf_token": form["csrf_token"], "file": (BytesIO(content), name)})


@pytest.mark.parametrize(("ending", "starts"), [("po", b'msgid ""'), ("xlf", b"<?xml"), ("xlsx", b"PK")])
def test_texts_go_out_as_a_file_in_each_format(desk: Desk, ending: str, starts: bytes) -> None:
    answer = exported(desk, ending)
    assert answer.data.startswith(starts)
    assert answer.headers["Content-Disposition"].endswith(f"instrument-prem-overall-1.0-self.nb.{ending}")
    assert exported(desk, "exe").status_code == 404


def test_a_file_is_looked_at_before_anything_is_saved(desk: Desk) -> None:
    """E1"""
    looked = look_at(desk, filled(desk))
    assert "Hvordan var besøket?" in words(looked)
    assert text_in(desk, QUESTION) is None
    assert take_in(desk, looked).status_code == 303
    assert text_in(desk, QUESTION) == ("Hvordan var besøket?",)


def test_what_changed_here_while_a_file_was_looked_at_is_shown_once_more(desk: Desk) -> None:
    looked = look_at(desk, filled(desk))
    enter(desk, QUESTION, "Noe annet", who=desk.riku)
    answer = take_in(desk, looked)
    assert answer.status_code == 409
    assert "Noe" in words(answer)
    assert text_in(desk, QUESTION) == ("Noe annet",)
    also = re.search(r'name="also" value="([^"]+)"', answer.get_data(as_text=True))
    assert also is not None
    assert take_in(desk, answer, also=also[1]).status_code == 303
    assert text_in(desk, QUESTION) == ("Hvordan var besøket?",)


def test_a_text_that_the_desk_would_refuse_is_shown_as_refused_and_left_out(desk: Desk) -> None:
    """E1: markup in a text of the interface would be markup on the page."""
    visitor, page = desk.visitor(desk.tina), "/translate/nb/interface/import"
    text = visitor.get("/translate/nb/interface/export/po").get_data(as_text=True)
    worked_on = re.sub(r'^(msgid "[^"%\\]+"\nmsgstr )""$', r'\1"<b>Lagre</b>"', text, count=1, flags=re.MULTILINE)
    assert worked_on != text
    form = visitor.page(page).form(page).fields
    file = (BytesIO(worked_on.encode()), "interface.po")
    looked = words(visitor.raw_post(page, data={"csrf_token": form["csrf_token"], "file": file}))
    assert "Kan inte läsas in" in looked


def take_in(desk: Desk, looked: TestResponse, **also: str) -> TestResponse:
    """Press the button below the preview of a file."""
    fields = dict(re.findall(r'name="(content|name|digest)" value="([^"]*)"', looked.get_data(as_text=True)))
    visitor, page = desk.visitor(desk.tina), f"/translate/nb/{PREM}/import"
    form = visitor.page(page).form(page).fields
    return visitor.raw_post(page, data={"csrf_token": form["csrf_token"], **fields, **also})


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "empty.po"), (b"PK\x03\x04", "broken.xlsx"), (b"msgid", "broken.po"), (b"x", "virus.exe")],
)
def test_a_damaged_or_foreign_file_is_refused_with_the_reason(desk: Desk, content: bytes, name: str) -> None:
    answer = look_at(desk, content, name)
    assert answer.status_code == 400
    assert 'id="file-error"' in answer.get_data(as_text=True)
    assert name in words(answer)


def test_a_file_larger_than_anybody_needs_is_not_read(desk: Desk) -> None:
    body = b"--x--\r\n" + b"x" * (4 * 1024 * 1024)
    answer = desk.visitor(desk.tina).raw_post(
        f"/translate/nb/{PREM}/import", data=body, content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 413


def test_a_language_of_others_is_read_and_not_written(desk: Desk) -> None:
    """E1"""
    visitor, address = desk.visitor(desk.tina), desk.address(QUESTION, locale="sv")
    page = visitor.get(address).get_data(as_text=True)
    assert "Hur var besöket för dig som helhet?" in page
    assert 'name="form"' not in page
    assert visitor.post(address, page="/translate", form="Nytt", replaces="").status_code == 403


def test_texts_are_searched_in_source_and_translation(desk: Desk) -> None:
    enter(desk, "title", "Et spørsmål om besøket")
    visitor = desk.visitor(desk.tina)
    for search in ("spørsmål", "LATEST VISIT"):
        found = visitor.get(f"/translate/nb/{PREM}", query_string={"search": search}).get_data(as_text=True)
        assert "Et spørsmål om besøket" in found
        assert desk.address(QUESTION) not in found


def test_the_history_marks_what_changed_in_words_and_not_by_colour_alone(desk: Desk) -> None:
    """C6"""
    enter(desk, QUESTION, "Hvordan var besøket?")
    enter(desk, QUESTION, "Hvordan gikk besøket?", who=desk.riku)
    history = desk.visitor(desk.tina).get(desk.address(QUESTION) + "/history").get_data(as_text=True)
    assert re.search(r'<del><span class="hidden">[^<]+</span>var</del>', history)
    assert re.search(r'<ins><span class="hidden">[^<]+</span>gikk</ins>', history)
    assert "Riku Rett" in history


def test_the_history_tells_the_steps_of_earlier_versions_too(desk: Desk) -> None:
    """E1: who took which step, of every version."""
    enter(desk, QUESTION, "Hvordan var besøket?")
    step(desk, QUESTION, State.REVIEWED, State.LINGUISTICALLY_VALIDATED)
    enter(desk, QUESTION, "Hvordan gikk besøket?")
    history = desk.visitor(desk.tina).get(desk.address(QUESTION) + "/history").get_data(as_text=True)
    newest, earlier = history.split('<li class="card">')[1:]
    assert INTERVIEWS.name not in newest
    assert INTERVIEWS.name in earlier
    assert earlier.count("Riku Rett") == 2


def test_comments_and_terms_stand_beside_the_text(desk: Desk) -> None:
    visitor, address = desk.visitor(desk.tina), desk.address(QUESTION)
    visitor.submit(address, f"{address}/comments", comment="Er <dette> dagligtale?")
    visitor.submit("/translate/nb/glossary", "/translate/nb/glossary", term="visit", translation="besøk", note="")
    page = desk.visitor(desk.riku).get(address)
    assert "Er &lt;dette&gt; dagligtale?" in page.get_data(as_text=True)
    assert "visit besøk" in words(page)


def test_who_is_not_signed_in_is_led_to_the_translators_own_page(app: Flask, desk: Desk) -> None:
    answer = app.test_client().get("/translate", base_url="http://survey.test")
    assert answer.location == "/translate/sign-in"
    assert app.test_client().get(answer.location, base_url="http://survey.test").status_code == 200


def test_the_address_of_a_text_leads_to_it_after_its_source_has_changed(desk: Desk) -> None:
    before = desk.address(WELCOME, subject=INTERFACE)
    changed = SourceText(context=WELCOME, position=0, forms=("Welcome back",))
    enter_sources(desk.services, INTERFACE, SubjectKind.INTERFACE, [changed])
    assert "Welcome back" in words(desk.visitor(desk.tina).get(before))
