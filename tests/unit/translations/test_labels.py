"""A rights-holder's labels become wording whole, fitting and signed, or not at all."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from instruments import Instrument, Library
from tests.labels import FOOTER, LANGUAGE_VERSION, made_up, write_labels
from translations.catalogue import WordingKind, load_wordings
from translations.completeness import eligible_items
from translations.label_preview import as_html, as_text, preview
from translations.label_xlsx import write_xlsx
from translations.labels import CheckedLabels, LabelsRefused, load_labels, room, template, write_csv
from translations.po import WordingError


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


@pytest.fixture
def instrument(library: Library) -> Instrument:
    return library.get("eq5d-5l", "1.0")


def load(path: Path, instrument: Instrument, **changes: str) -> CheckedLabels:
    return load_labels(path, instrument, **({"locale": "sv", "language_version": LANGUAGE_VERSION} | changes))


def problems(path: Path, instrument: Instrument) -> tuple[str, ...]:
    with pytest.raises(LabelsRefused) as refused:
        load(path, instrument)
    return refused.value.problems


def test_whole_labels_become_licensed_wording_word_for_word(instrument: Instrument, tmp_path: Path) -> None:
    """D1"""
    labels = made_up(instrument, intro='Rad ett.\n\nRad två, med ; och " och ’.')
    checked = load(write_labels(tmp_path / "labels.csv", labels), instrument)
    assert checked.wording.texts == labels
    assert checked.wording.kind is WordingKind.LICENSED
    assert eligible_items(instrument, checked.wording) == frozenset(instrument.items)
    assert checked.warnings == ()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"item:mobility": ""}, "item:mobility: text is empty"),
        ({"item:mobility": " \u00a0"}, "item:mobility: text is empty"),
        ({"item:mobility": "Label "}, "item:mobility: text begins or ends with a blank or a line end"),
        ({"item:mobility": "a\nb"}, "item:mobility: text holds the control character U+000A"),
        ({"item:mobility": "a\x07b"}, "item:mobility: text holds the control character U+0007"),
        ({"item:mobility": "a\u202eb"}, "item:mobility: text holds the control character U+202E"),
        ({"item:mobility": "x" * 601}, "item:mobility: text has 601 characters, 600 have room"),
        ({"option:mobility:1": "x" * 151}, "option:mobility:1: text has 151 characters, 150 have room"),
        ({"intro": "x" * 2001}, "intro: text has 2,001 characters, 2,000 have room"),
        ({"footer": f"Nobody. {LANGUAGE_VERSION}"}, "footer: text lacks the copyright sign (©)"),
        ({"footer": "© Nobody. other-1"}, f"footer: text lacks the language version '{LANGUAGE_VERSION}'"),
        ({"item:mobilty": "Label"}, "item:mobilty: is no part of eq5d-5l 1.0"),
    ],
)
def test_a_label_that_cannot_be_taken_is_named_with_its_line(
    changes: dict[str, str], problem: str, instrument: Instrument, tmp_path: Path
) -> None:
    labels = made_up(instrument) | changes
    before = list(labels)[: list(labels).index(next(iter(changes)))]
    line = 2 + sum(1 + labels[context].count("\n") for context in before)
    assert problems(write_labels(tmp_path / "labels.csv", labels), instrument) == (f"line {line}: {problem}",)


def test_every_problem_is_told_at_once(instrument: Instrument, tmp_path: Path) -> None:
    labels = made_up(instrument) | {"item:mobility": "", "title": "x" * 151, "footer": "Nobody"}
    del labels["item:self_care"]
    found = problems(write_labels(tmp_path / "labels.csv", labels), instrument)
    assert len(found) == 5
    assert "item:self_care: is missing" in found


def test_a_label_that_is_there_twice_is_named_with_both_places(instrument: Instrument, tmp_path: Path) -> None:
    labels = made_up(instrument)
    path = write_labels(tmp_path / "labels.csv", labels)
    path.write_text(path.read_text(encoding="utf-8") + "title;Another\r\n", encoding="utf-8", newline="")
    assert problems(path, instrument) == (f"line {len(labels) + 2}: title: is there twice, first at line 2",)


@pytest.mark.parametrize("context", ["title", "item:mobility", "option:mobility:3", "intro"])
def test_a_label_that_crowds_a_phone_is_a_warning(context: str, instrument: Instrument, tmp_path: Path) -> None:
    fits = made_up(instrument) | {context: "x" * room(context).crowded}
    assert load(write_labels(tmp_path / "fits.csv", fits), instrument).warnings == ()
    crowds = fits | {context: "x" * (room(context).crowded + 1)}
    (warning,) = load(write_labels(tmp_path / "crowds.csv", crowds), instrument).warnings
    assert context in warning


def test_what_looks_like_markup_is_a_warning(instrument: Instrument, tmp_path: Path) -> None:
    labels = made_up(instrument) | {"intro": "Do <b>this</b>."}
    (warning,) = load(write_labels(tmp_path / "labels.csv", labels), instrument).warnings
    assert "looks like markup" in warning


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"locale": "xx"}, "'xx' is no language that is known"),
        ({"locale": ""}, "is no language that is known"),
        ({"language_version": " "}, "language version: is empty"),
    ],
)
def test_a_language_that_is_none_is_refused(
    changes: dict[str, str], sentence: str, instrument: Instrument, tmp_path: Path
) -> None:
    path = write_labels(tmp_path / "labels.csv", made_up(instrument))
    with pytest.raises(WordingError, match=sentence):
        load(path, instrument, **changes)


def test_an_instrument_of_the_projects_own_takes_no_labels(library: Library, tmp_path: Path) -> None:
    own = library.latest("prem-visit")
    with pytest.raises(WordingError, match="wording of the project's own"):
        load(write_labels(tmp_path / "labels.csv", made_up(own)), own)


def test_the_hash_covers_every_word_the_language_and_whose_they_are(instrument: Instrument, tmp_path: Path) -> None:
    one = load(write_labels(tmp_path / "one.csv", made_up(instrument)), instrument).wording
    other = load(write_labels(tmp_path / "two.csv", made_up(instrument, title="Other")), instrument).wording
    danish = load(tmp_path / "one.csv", instrument, locale="da").wording
    assert len({one.content_hash, other.content_hash, danish.content_hash}) == 3


# ---- the template


@pytest.mark.parametrize("id_", ["eq5d-5l", "promis-anxiety", "promis-29"])
def test_a_template_that_is_filled_in_is_accepted_back(id_: str, library: Library, tmp_path: Path) -> None:
    instrument = library.latest(id_)
    labels = made_up(instrument)
    rows = [
        (context, labels.get(context, text), concept, size)
        for context, text, concept, size in template(instrument, {"intro": "what it is"})
    ]
    rows[0] = ("context", "text", "concept", "room")
    write_xlsx(rows, tmp_path / "filled.xlsx")
    (tmp_path / "filled.csv").write_text(write_csv(rows), encoding="utf-8-sig", newline="")
    texts = [load(tmp_path / f"filled.{kind}", instrument).wording.texts for kind in ("csv", "xlsx")]
    assert texts == [labels, labels]


def test_the_template_tells_what_each_part_means_and_how_much_room_it_has(library: Library) -> None:
    instrument = library.get("eq5d-5l", "1.0")
    concepts = {context: text for each in load_wordings(library) for context, text in each.concepts.items()}
    header, *rows = template(instrument, concepts)
    assert header == ("context", "text", "concept", "room")
    assert all(text == "" and concept and int(size) > 0 for _, text, concept, size in rows)


def test_the_cells_of_the_template_are_text_so_that_nothing_typed_there_becomes_a_date(
    library: Library, tmp_path: Path
) -> None:
    write_xlsx(template(library.get("eq5d-5l", "1.0"), {}), tmp_path / "template.xlsx")
    cells = [cell for row in load_workbook(tmp_path / "template.xlsx").worksheets[0].iter_rows() for cell in row]
    assert {cell.number_format for cell in cells} == {"@"}


def test_a_swedish_excel_opens_the_template_as_columns(library: Library) -> None:
    text = write_csv(template(library.get("eq5d-5l", "1.0"), {}))
    assert next(csv.reader(text.splitlines(), delimiter=";")) == ["context", "text", "concept", "room"]


# ---- the preview


def test_the_preview_sets_concept_demonstration_and_label_side_by_side_and_ends_with_the_hash(
    library: Library, instrument: Instrument, tmp_path: Path
) -> None:
    shipped = load_wordings(library)
    checked = load(write_labels(tmp_path / "labels.csv", made_up(instrument, title="A title of theirs")), instrument)
    shown = preview(instrument, checked, shipped)
    assert [line.context for line in shown.lines][:3] == ["title", "intro", "footer"]
    assert {line.context for line in shown.lines} == set(checked.wording.texts)
    swedish = next(each for each in shipped if (each.instrument, each.locale) == (instrument.id, "sv"))
    assert all(line.known == swedish.texts[line.context] and line.concept for line in shown.lines)
    text = as_text(shown, width=120)
    assert "demonstration (sv)" in text
    assert "A title of theirs" in text
    assert text.splitlines()[-1] == f"hash: {checked.wording.content_hash}"
    assert max(map(len, text.splitlines()[3:-1])) <= 120


def test_a_language_without_demonstration_wording_is_set_beside_the_english(
    library: Library, instrument: Instrument, tmp_path: Path
) -> None:
    checked = load(write_labels(tmp_path / "labels.csv", made_up(instrument)), instrument, locale="fa")
    shown = preview(instrument, checked, load_wordings(library))
    assert shown.known_locale == "en"
    assert 'lang="fa" dir="rtl"' in as_html(shown)


def test_the_page_of_the_preview_fetches_nothing_and_runs_nothing(
    library: Library, instrument: Instrument, tmp_path: Path
) -> None:
    labels = made_up(instrument) | {"intro": "<script>alert(1)</script>"}
    checked = load(write_labels(tmp_path / "labels.csv", labels), instrument)
    page = as_html(preview(instrument, checked, load_wordings(library)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("src=", "href=", "url(", "@import"))
    assert checked.wording.content_hash in page
    assert FOOTER in page
