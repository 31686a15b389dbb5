"""`survey translations`: from files into the database and back, and what an operator sees and does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey_service.cli import main
from survey_service.foundation.principals import Operator
from survey_service.languages.desk_overview import desk_overview
from survey_service.languages.exporting import seed_file
from survey_service.languages.queries import approved_wordings
from survey_service.languages.rules import State
from survey_service.languages.seeding import seed_interface_texts, seed_shipped, seed_wording_texts
from survey_service.settings import Settings
from tests.operating import environment_of
from tests.translators import DEMONSTRATION, OWN, QUESTION, Team
from tests.world import World
from translations.catalogue import read_wording, wordings_at_hand
from translations.exchange.files import read_bundle
from translations.exchange.po_file import write_po
from translations.interface import FILE, SHIPPED
from translations.interface_files import read_catalogues, read_template
from translations.subjects import INTERFACE

RITA, TOVE = "SE2321000016-rita", "SE2321000016-tove"
Survey = Callable[..., Result]


@pytest.fixture
def survey(settings: Settings) -> Survey:
    """The command line with the settings of this test's service."""

    def run(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(main, ["translations", *arguments], env=environment_of(settings))
        assert (result.exit_code != 0) is fails, result.output
        return result

    return run


def test_what_ships_is_seeded_as_approved_by_its_files_and_seeding_again_changes_nothing(team: Team) -> None:
    """E1: files seed the database."""
    shipped = wordings_at_hand(team.services.library, team.services.settings.instruments)
    first = seed_wording_texts(team.services, shipped)
    assert sum(one.new for one in first) > 0
    assert [one for one in first if one.differs or one.outdated] == []
    assert sum(one.new for one in seed_wording_texts(team.services, shipped)) == 0
    finnish = team.rows("instrument:eq5d-5l:1.0:self", "fi")["title"].translation
    assert (finnish.state, finnish.by, finnish.by_name) == (State.APPROVED, None, "")
    seen = team.segment("title", subject="instrument:eq5d-5l:1.0:self", locale="fi")
    assert "Nobody who speaks the language" in seen.steps[0].note


def test_seeded_wording_is_what_is_in_force_already(team: Team) -> None:
    """E1: both come from the same files, and have the same hash."""
    assert team.completeness(DEMONSTRATION, "sv").is_enough
    approved = team.approve(DEMONSTRATION, "sv")
    (shipped,) = [
        one
        for one in wordings_at_hand(team.services.library, team.services.settings.instruments)
        if (one.instrument, one.locale) == ("promis-anxiety", "sv")
    ]
    assert approved.content_hash == shipped.content_hash


def test_what_translators_have_written_is_not_overwritten_by_files(team: Team) -> None:
    """E1: the database is the authority."""
    team.write("Som vi vill ha det", locale="sv")
    shipped = wordings_at_hand(team.services.library, team.services.settings.instruments)
    seeded = {(one.subject, one.locale): one for one in seed_wording_texts(team.services, shipped)}
    assert seeded[OWN, "sv"].differs == (QUESTION,)
    assert team.rows(OWN, "sv")[QUESTION].translation.forms == ("Som vi vill ha det",)


def test_a_translation_of_another_source_is_not_entered(team: Team) -> None:
    """E1"""
    shipped = wordings_at_hand(team.services.library, team.services.settings.instruments)
    finnish, *others = sorted(
        (one for one in shipped if one.instrument == "prem-overall"), key=lambda one: one.locale != "fi"
    )
    outdated = replace(finnish, sources={**finnish.sources, QUESTION: "Another question"})
    seeded = seed_wording_texts(team.services, [outdated, *others])
    assert [one.outdated for one in seeded if one.locale == "fi"] == [(QUESTION,)]
    assert team.rows(OWN, "fi")[QUESTION].translation is None


@pytest.mark.parametrize("locale", ["sv", "en"])
def test_an_exported_file_seeds_the_same_wording(locale: str, team: Team, tmp_path: Path) -> None:
    """E1: export brings it back to files."""
    library = team.services.library
    with team.services.db.transaction(as_=team.rita) as connection:
        made = seed_file(connection, DEMONSTRATION, locale)
    path = tmp_path / made.path
    path.parent.mkdir(parents=True)
    path.write_text(made.content, encoding="utf-8")
    read = read_wording(path, library)
    (shipped,) = [
        one
        for one in wordings_at_hand(library, team.services.settings.instruments)
        if (one.instrument, one.locale) == ("promis-anxiety", locale)
    ]
    assert (read.content_hash, read.sources, read.concepts) == (
        shipped.content_hash,
        shipped.sources,
        shipped.concepts,
    )


def test_every_file_that_ships_comes_back_byte_for_byte_where_nothing_has_changed(
    team: Team, survey: Survey, tmp_path: Path
) -> None:
    """E1: headers, comments and order too, which the database does not know."""
    seed_shipped(team.services)
    shipped = {path.relative_to(SHIPPED.parent): path for path in SHIPPED.parent.rglob("*.po")}
    with team.services.db.transaction(as_=team.rita) as connection:
        rows = desk_overview(connection, team.services)
        made = [seed_file(connection, one.subject, one.locale, folders=[SHIPPED.parent]) for one in rows]
    written = {Path(one.path): one.content.encode() for one in made}
    english = {Path("ui/en") / FILE}  # the source itself: its translations are empty, and nobody has made any
    assert written.keys() | english == shipped.keys()
    assert [path for path, content in written.items() if content != shipped[path].read_bytes()] == []
    survey("export", INTERFACE, "--language", "en", "--format", "seed", "--folder", str(tmp_path))
    assert (tmp_path / "ui/en" / FILE).read_bytes() == (SHIPPED / "en" / FILE).read_bytes()


def test_texts_that_wait_for_a_speakers_review_stay_in_their_file(real: World) -> None:
    """E1: outside a demonstration nothing unreviewed is approved, and nothing of it is lost."""
    seed_shipped(real.services)
    with real.services.db.transaction(as_=Operator()) as connection:
        made = seed_file(connection, "instrument:prem-visit:1.0:self", "fi", folders=[SHIPPED.parent])
    assert made.content == (SHIPPED.parent / made.path).read_text(encoding="utf-8")


def test_of_a_file_that_ships_only_what_was_approved_anew_changes(team: Team) -> None:
    """E1: that nobody who speaks the language has read the others is still true."""
    finnish = "instrument:eq5d-5l:1.0:self"
    seed_shipped(team.services)
    team.take(team.write("Liikkuminen", context="item:mobility", subject=finnish, locale="fi"), State.REVIEWED)
    before = (SHIPPED.parent / "instruments/eq5d-5l/fi.po").read_text(encoding="utf-8")
    assert exported(team, finnish) == before
    now = team.rows(finnish, "fi")["item:mobility"].translation
    team.take(now.id, State.APPROVED)
    changed = zip(before.splitlines(), exported(team, finnish).splitlines(), strict=True)
    assert [new for old, new in changed if old != new] == ['msgstr "Liikkuminen"']


def exported(team: Team, subject: str) -> str:
    with team.services.db.transaction(as_=team.rita) as connection:
        return seed_file(connection, subject, "fi", folders=[SHIPPED.parent]).content


def test_an_exported_interface_is_the_one_that_ships(team: Team, tmp_path: Path) -> None:
    """E2: plural forms of every language among it."""
    catalogues = read_catalogues()
    seed_interface_texts(team.services, read_template(), catalogues)
    for locale, texts in catalogues.items():
        with team.services.db.transaction(as_=team.rita) as connection:
            made = seed_file(connection, INTERFACE, locale)
        path = tmp_path / locale / FILE
        path.parent.mkdir(parents=True)
        path.write_text(made.content, encoding="utf-8")
        assert read_catalogues(tmp_path)[locale] == texts


def test_status_counts_and_check_names_what_is_wrong(team: Team, survey: Survey) -> None:
    """E2"""
    team.write("Begynt")
    rows = json.loads(survey("status", "--language", "nb", "--json").stdout)
    assert [(row["subject"], row["translated"], row["offered"]) for row in rows] == [(OWN, 1, "no")]
    assert survey("check", "--subject", OWN, "--language", "sv").stdout.startswith("OK")
    team.change_source(QUESTION, "How was it this time?")
    said = survey("check", "--subject", OWN, "--language", "sv", fails=True).stdout
    assert said == f"{OWN} sv: {QUESTION}: is stale: its source has changed\n"


def test_a_file_goes_out_and_what_comes_back_is_looked_at_before_it_is_taken_in(
    team: Team, survey: Survey, tmp_path: Path
) -> None:
    """E1"""
    survey("export", OWN, "--language", "nb", "--format", "po", "--folder", str(tmp_path))
    (path,) = tmp_path.glob("*.po")
    out = read_bundle(path.read_bytes(), file=path.name)
    worked_on = tuple(one.with_target("Norsk") if one.context == QUESTION else one for one in out.segments)
    path.write_bytes(write_po(replace(out, segments=worked_on)))
    look = survey("import", str(path), "--as", TOVE).stdout
    assert "new" in look
    assert team.rows()[QUESTION].translation is None
    assert survey("import", str(path), "--as", TOVE, "--accept").stdout == "1 translations are new.\n"
    assert team.rows()[QUESTION].translation.by_name == "Tove"


def test_a_version_is_looked_at_and_then_approved_by_its_hash(team: Team, survey: Survey) -> None:
    """E1, E2"""
    items = [context for context in team.rows(DEMONSTRATION) if context.startswith("item:")]
    team.whole(DEMONSTRATION, but=items[10:])
    look = survey("approve", DEMONSTRATION, "--language", "nb", "--as", RITA).stdout.splitlines()
    assert look[1].startswith("with 10 of 29 items, mean SE ")
    assert f"missing: {items[10]}" in look
    seen = look[-1].removeprefix("hash: ")
    survey("approve", DEMONSTRATION, "--language", "nb", "--as", TOVE, "--seen", seen, fails=True)
    survey("approve", DEMONSTRATION, "--language", "nb", "--as", RITA, "--seen", "sha256:other", fails=True)
    made = survey("approve", DEMONSTRATION, "--language", "nb", "--as", RITA, "--seen", seen).stdout
    assert made.endswith(f"without {len(items) - 10} texts\n")


def test_people_are_entered_listed_and_ended(team: Team, survey: Survey) -> None:
    survey("people", "add", "SE1-new", "Ny Norén", "--language", "fi", "--reviews")
    survey("people", "end", "SE1-new")
    listed = {row["hsa-id"]: row for row in json.loads(survey("people", "list", "--json").stdout)}
    assert listed["SE1-new"] == {
        "hsa-id": "SE1-new",
        "name": "Ny Norén",
        "reviews": "yes",
        "approves": "no",
        "languages": ["fi"],
        "in force": "no",
    }
    assert "no translator" in survey("people", "end", "SE1-nobody", fails=True).output


def test_one_command_seeds_what_ships_for_patients_and_for_translators(team: Team, survey: Survey) -> None:
    """E1: all that an upgrade takes; harmless when repeated."""
    said = survey("seed").stdout
    assert "interface" in said
    with team.services.db.transaction(as_=team.rita) as connection:
        wordings = approved_wordings(connection, "eq5d-5l", "1.0")
    assert {one.wording.locale for one in wordings} == {"ar", "en", "fi", "sv"}
    assert survey("seed").stdout.endswith("\n0 wordings are new.\n")
    assert team.rows(INTERFACE, "fi")["Sign in and answer"].translation.state is State.APPROVED
