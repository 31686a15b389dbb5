"""Wording files are read whole and right, or refused with the place of the error."""

import re
import shutil
import tomllib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from instruments import Library, QuestionKind, Respondent, SeveralChoices, SingleChoice
from translations.catalogue import SHIPPED, InstrumentWording, WordingError, WordingKind, load_wordings
from translations.completeness import eligible_items, missing_contexts
from translations.contexts import DIRECTION, ordered

QUESTIONNAIRES = Path(__file__).resolve().parents[2] / "questionnaires" / "data"
QUESTIONNAIRES_WORDING = QUESTIONNAIRES.with_name("wording")
RECORD = Path(__file__).parent / "published.toml"

MORE_LANGUAGES = ("eq5d-3l", "eq5d-5l", "eq5d-y-3l", "prem-overall", "prem-visit")

WHAT_TO_DO = (
    "{name}: the texts are not those that were published. Undo the change, or put the new wording under a new version "
    "of the instrument: answers on record were given to these words. Only wording that no installation has ever shown "
    "may be recorded anew, in published.toml: {found}"
)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


@pytest.fixture(scope="module")
def wordings(library: Library) -> tuple[InstrumentWording, ...]:
    return load_wordings(library)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "instruments"))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _wording(library: Library, folder: Path, instrument: str = "eq5d-5l") -> InstrumentWording:
    """The Swedish wording of an instrument."""
    wordings = load_wordings(library, folder)
    return next(each for each in wordings if (each.instrument, each.locale) == (instrument, "sv"))


def _name(wording: InstrumentWording) -> str:
    proxy = ".proxy" if wording.respondent is Respondent.PROXY else ""
    return f"{wording.instrument} {wording.version} {wording.locale}{proxy}"


def test_every_shipped_instrument_has_swedish_and_english_and_some_finnish_and_arabic(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    """E2"""
    found = {(each.instrument, each.version, each.locale) for each in wordings if each.respondent is Respondent.SELF}
    expected = {(id_, version, locale) for id_, version in library.instruments for locale in ("en", "sv")}
    assert found == expected | {(id_, "1.0", locale) for id_ in MORE_LANGUAGES for locale in ("fi", "ar")}


def test_what_no_speaker_has_reviewed_says_so_under_every_question(wordings: tuple[InstrumentWording, ...]) -> None:
    """E1"""
    said = {"fi": "ieltä puhuva ei ole tarkistanut", "ar": "لم يراجع"}
    assert {one.locale for one in wordings if not one.reviewed_by_speaker} == said.keys()
    for wording in wordings:
        if not wording.reviewed_by_speaker:
            assert said[wording.locale] in wording.texts["footer"]


def test_every_shipped_wording_is_what_was_published(wordings: tuple[InstrumentWording, ...]) -> None:
    """E1: the version shown is stored with the response, so it must not change behind it."""
    recorded = tomllib.loads(RECORD.read_text(encoding="utf-8"))
    for wording in wordings:
        name, found = _name(wording), wording.content_hash
        assert recorded.get(name) == found, WHAT_TO_DO.format(name=name, found=found)
    assert recorded.keys() == {_name(wording) for wording in wordings}


def test_shipped_wording_is_of_the_kind_that_the_licence_asks_for(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    """D1: in place of licensed words only the project's own, marked as such."""
    for wording in wordings:
        licensed = library.get(wording.instrument, wording.version).licence.required
        assert wording.kind is (WordingKind.DEMONSTRATION if licensed else WordingKind.OWN)
        assert all(wording.concepts.values())


def test_shipped_wording_is_complete_but_for_items_of_a_bank_that_no_form_needs(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    """E2: a form that is given whole has all its words; a bank may keep items that are never asked."""
    for wording in wordings:
        instrument = library.get(wording.instrument, wording.version)
        eligible = eligible_items(instrument, wording)
        assert frozenset(wording.texts) <= frozenset(ordered(instrument))
        unworded = set(missing_contexts(instrument, wording))
        assert unworded == {f"item:{item}" for item in instrument.items.keys() - eligible}
        needed = {item for form in instrument.short_forms for item in form.items}
        assert (needed if instrument.adaptive else instrument.items.keys()) <= eligible


def test_items_without_wording_are_told_and_are_the_same_in_every_language(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    unworded = {
        (wording.instrument, wording.locale): len(missing_contexts(library.latest(wording.instrument), wording))
        for wording in wordings
    }
    expected = {"promis-physical-function": 9, "promis-social-participation": 20}
    assert {key: number for key, number in unworded.items() if number} == {
        (instrument, locale): number for instrument, number in expected.items() for locale in ("en", "sv")
    }


def test_the_footer_says_whose_words_they_are(wordings: tuple[InstrumentWording, ...]) -> None:
    """D1"""
    starts = {
        (WordingKind.DEMONSTRATION, "en"): "Demonstration wording.",
        (WordingKind.DEMONSTRATION, "sv"): "Demonstrationstext.",
        (WordingKind.OWN, "en"): "The project's own questionnaire. It has not been validated",
        (WordingKind.OWN, "sv"): "Projektets eget frågeformulär. Det är inte validerat",
        (WordingKind.DEMONSTRATION, "fi"): "Esittelyteksti",
        (WordingKind.OWN, "fi"): "Hankkeen oma kyselylomake. Sitä ei ole validoitu",
        (WordingKind.DEMONSTRATION, "ar"): "نص للعرض التوضيحي",
        (WordingKind.OWN, "ar"): "استبيان المشروع نفسه. لم يُتحقق من صلاحيته",
    }
    for wording in wordings:
        assert wording.texts["footer"].startswith(starts[wording.kind, wording.locale])


def test_the_direction_of_a_scale_is_part_of_the_wording(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    """E1: it belongs to the version that was shown, so its hash covers it."""
    eq5d = {one.locale: one for one in wordings if one.instrument == "eq5d-5l"}
    assert {locale: one.scale_direction for locale, one in eq5d.items()} == {
        "ar": "rtl", "en": "ltr", "fi": "ltr", "sv": "ltr"
    }  # fmt: skip
    turned = replace(eq5d["ar"], texts={**eq5d["ar"].texts, DIRECTION: "ltr"})
    assert turned.scale_direction == "ltr"
    assert turned.content_hash != eq5d["ar"].content_hash


def test_a_wording_that_says_nothing_of_its_scales_goes_by_its_script(wordings: tuple[InstrumentWording, ...]) -> None:
    said = {one.locale: one.scale_direction for one in wordings if DIRECTION not in one.texts}
    assert said == {"ar": "rtl", "en": "ltr", "fi": "ltr", "sv": "ltr"}


def test_the_languages_translate_the_same_english_source(wordings: tuple[InstrumentWording, ...]) -> None:
    sources = defaultdict(list)
    for wording in wordings:
        sources[wording.instrument, wording.respondent].append(dict(wording.sources))
        if wording.locale == "en":
            assert wording.texts == {part: text for part, text in wording.sources.items() if part != DIRECTION}
    assert all(each == group[0] for group in sources.values() for each in group)


def test_every_item_is_a_question_of_its_own(library: Library, wordings: tuple[InstrumentWording, ...]) -> None:
    for wording in wordings:
        items = library.get(wording.instrument, wording.version).items
        stems = {id_: wording.texts[f"item:{id_}"] for id_ in items if f"item:{id_}" in wording.texts}
        assert len(set(stems.values())) == len(stems)
        for id_, stem in stems.items():
            end = "[^?؟]*[.]" if items[id_].kind is QuestionKind.STATEMENT else "[^?؟]*[?؟]"
            assert re.fullmatch(f"[A-ZÅÄÖء-ي]{end}", stem), (wording.instrument, id_)


def test_the_options_of_a_question_differ(library: Library, wordings: tuple[InstrumentWording, ...]) -> None:
    for wording in wordings:
        for item in library.get(wording.instrument, wording.version).items.values():
            if isinstance(item.question, SingleChoice | SeveralChoices):
                prefix = f"option:{item.question.option_set}:"
                texts = [wording.texts[f"{prefix}{code}"] for code in item.question.options]
                assert len(set(texts)) == len(texts)


@pytest.fixture(scope="module")
def tiny() -> Library:
    return Library.load(QUESTIONNAIRES)


@pytest.fixture(scope="module")
def tiny_wordings(tiny: Library) -> tuple[InstrumentWording, ...]:
    return load_wordings(tiny, QUESTIONNAIRES_WORDING)


def test_the_tiny_questionnaires_are_worded_whole_in_both_languages(
    tiny: Library, tiny_wordings: tuple[InstrumentWording, ...]
) -> None:
    found = {(each.instrument, each.locale) for each in tiny_wordings if each.respondent is Respondent.SELF}
    assert found == {(id_, locale) for id_ in tiny.ids() for locale in ("en", "sv")}
    for wording in tiny_wordings:
        assert wording.kind is WordingKind.OWN
        assert missing_contexts(tiny.latest(wording.instrument), wording) == ()


def test_a_proxy_has_wording_of_its_own_or_none(tiny_wordings: tuple[InstrumentWording, ...]) -> None:
    """C5, E2: in Swedish only, with other words and another hash than the patient's."""
    found = {(each.locale, each.respondent): each for each in tiny_wordings if each.instrument == "tiny-proxy"}
    own, proxy = found["sv", Respondent.SELF], found["sv", Respondent.PROXY]
    assert found.keys() == {("en", Respondent.SELF), ("sv", Respondent.SELF), ("sv", Respondent.PROXY)}
    assert own.texts["item:walked"] != proxy.texts["item:walked"]
    assert own.content_hash != proxy.content_hash


def test_the_hash_follows_what_is_read_and_nothing_else(library: Library, copied: Path) -> None:
    before = _wording(library, copied).content_hash
    path = copied / "eq5d-5l" / "sv.po"
    _edit(path, "#. mobility", "#. getting about")
    assert _wording(library, copied).content_hash == before
    _edit(path, "ta dig fram", "röra dig")
    assert _wording(library, copied).content_hash != before


def test_an_item_without_all_its_parts_is_not_eligible(library: Library, copied: Path) -> None:
    _edit(copied / "promis-anxiety" / "sv.po", "Hur ofta har du sovit dåligt?", "")
    wording = _wording(library, copied, "promis-anxiety")
    instrument = library.latest("promis-anxiety")
    assert frozenset(instrument.items) - eligible_items(instrument, wording) == {"EDANX49"}
    assert missing_contexts(instrument, wording) == ("item:EDANX49",)


@pytest.mark.parametrize("context", ["option:mobility:3", "item:mobility"])
def test_a_missing_option_or_stem_makes_only_its_item_ineligible(library: Library, copied: Path, context: str) -> None:
    path = copied / "eq5d-5l" / "sv.po"
    path.write_text(_without(path.read_text(encoding="utf-8"), context), encoding="utf-8")
    instrument = library.latest("eq5d-5l")
    missing = frozenset(instrument.items) - eligible_items(instrument, _wording(library, copied))
    assert missing == {"mobility"}


def test_without_the_label_of_the_scale_the_scale_is_not_eligible(library: Library, copied: Path) -> None:
    path = copied / "eq5d-5l" / "sv.po"
    path.write_text(_without(path.read_text(encoding="utf-8"), "vas:top"), encoding="utf-8")
    assert "vas" not in eligible_items(library.latest("eq5d-5l"), _wording(library, copied))


def test_without_the_footer_nothing_is_eligible(library: Library, copied: Path) -> None:
    path = copied / "eq5d-5l" / "sv.po"
    path.write_text(_without(path.read_text(encoding="utf-8"), "footer"), encoding="utf-8")
    assert eligible_items(library.latest("eq5d-5l"), _wording(library, copied)) == frozenset()


def test_a_fuzzy_text_is_no_text(library: Library, copied: Path) -> None:
    _edit(copied / "eq5d-5l" / "sv.po", "#. mobility\n", "#. mobility\n#, fuzzy\n")
    assert "item:mobility" not in _wording(library, copied).texts


def test_wording_of_another_instrument_is_refused(library: Library, wordings: tuple[InstrumentWording, ...]) -> None:
    with pytest.raises(ValueError, match=r"wording of eq5d-5l 1\.0, not of promis-anxiety 1\.0"):
        eligible_items(
            library.latest("promis-anxiety"), next(each for each in wordings if each.instrument == "eq5d-5l")
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "X-Wording-Kind: demonstration",
            "X-Wording-Kind: borrowed",
            "X-Wording-Kind: 'borrowed' is not one of",
        ),
        ('"X-Wording-Kind: demonstration\\n"\n', "", "X-Wording-Kind: the header is missing"),
        ("Language: sv", "Language: en", "Language: 'en' is not the name of the file"),
        ("Language: sv", "Language: zz", "zz"),
        ("ment-Version: 1.0", "ment-Version: 7.0", "there is no instrument 'eq5d-5l' in version '7.0'"),
        ("X-Instrument: eq5d-5l", "X-Instrument: promis-anxiety", "does not belong in this folder"),
        ('"item:self_care"', '"item:mobility"', "item:mobility: occurs twice"),
        ('"item:self_care"', '"item:selfcare"', "item:selfcare: is no part of the instrument"),
        ('msgctxt "item:self_care"\n', "", "an entry has no msgctxt"),
        ('msgid "Questions', "msgid Questions", "eq5d-5l/sv.po: line"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_and_place(
    library: Library, copied: Path, old: str, new: str, message: str
) -> None:
    _edit(copied / "eq5d-5l" / "sv.po", old, new)
    with pytest.raises(WordingError) as error:
        load_wordings(library, copied)
    assert str(error.value).startswith("eq5d-5l/sv.po: ")
    assert message in str(error.value)


def test_a_file_in_another_encoding_is_refused(library: Library, copied: Path) -> None:
    path = copied / "eq5d-5l" / "sv.po"
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(WordingError, match=r"eq5d-5l/sv\.po: is not UTF-8"):
        load_wordings(library, copied)


def _without(text: str, context: str) -> str:
    entries = text.split("\n\n")
    kept = [entry for entry in entries if f'msgctxt "{context}"' not in entry]
    assert len(kept) == len(entries) - 1
    return "\n\n".join(kept)
