"""Wording files are read whole and right, or refused with the place of the error."""

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from instruments import Library
from translations.catalogue import SHIPPED, InstrumentWording, WordingError, WordingKind, load_wordings
from translations.completeness import eligible_items, missing_contexts
from translations.contexts import instrument_contexts

# A published wording never changes. A difference here means: undo the change, or publish a new version.
PUBLISHED = {
    ("eq5d-5l", "1.0", "en"): "sha256:a732e6d63d4787d814ea70218505fb207ec8ae4a25b87193329b2a2577c36148",
    ("eq5d-5l", "1.0", "sv"): "sha256:6b4a7bb82f20e93db0fd3b7d64d7b9f99bdc8988cd109cc75be91057514024cb",
    (
        "promis-anxiety",
        "1.0",
        "en",
    ): "sha256:5342ed776c7e333a3abe0124322e9ea78f608c08a11e66db1c1811d5bf256916",
    (
        "promis-anxiety",
        "1.0",
        "sv",
    ): "sha256:7d5244c50f44ca127b7cb35473544af6590acd4ffd7c5ee527ad5f7b66b1cc5c",
}


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


def test_every_shipped_instrument_has_swedish_and_english(wordings: tuple[InstrumentWording, ...]) -> None:
    assert [(each.instrument, each.locale) for each in wordings] == [
        ("eq5d-5l", "en"),
        ("eq5d-5l", "sv"),
        ("promis-anxiety", "en"),
        ("promis-anxiety", "sv"),
    ]


def test_the_shipped_wording_is_what_was_published(wordings: tuple[InstrumentWording, ...]) -> None:
    hashes = {(each.instrument, each.version, each.locale): each.content_hash for each in wordings}
    assert hashes == PUBLISHED


def test_shipped_wording_is_complete_and_marked_as_demonstration(
    library: Library, wordings: tuple[InstrumentWording, ...]
) -> None:
    for wording in wordings:
        instrument = library.get(wording.instrument, wording.version)
        assert wording.kind is WordingKind.DEMONSTRATION
        assert frozenset(wording.texts) == instrument_contexts(instrument)
        assert missing_contexts(instrument, wording) == ()
        assert eligible_items(instrument, wording) == frozenset(instrument.items)
        assert all(wording.concepts.values())


def test_the_footer_says_that_it_is_not_the_licensed_wording(wordings: tuple[InstrumentWording, ...]) -> None:
    starts = {"en": "Demonstration wording.", "sv": "Demonstrationstext."}
    for wording in wordings:
        assert wording.texts["footer"].startswith(starts[wording.locale])


def test_the_languages_translate_the_same_english_source(wordings: tuple[InstrumentWording, ...]) -> None:
    sources = defaultdict(list)
    for wording in wordings:
        sources[wording.instrument].append(dict(wording.sources))
        if wording.locale == "en":
            assert wording.texts == wording.sources
    assert all(each == group[0] for group in sources.values() for each in group)


def test_every_item_is_a_question_of_its_own(wordings: tuple[InstrumentWording, ...]) -> None:
    for wording in wordings:
        stems = [text for context, text in wording.texts.items() if context.startswith("item:")]
        assert len(set(stems)) == len(stems)
        assert all(re.fullmatch(r"[A-ZÅÄÖ][^?]*\?", stem) for stem in stems)


def test_the_options_of_a_question_differ(wordings: tuple[InstrumentWording, ...]) -> None:
    for wording in wordings:
        options = defaultdict(list)
        for context, text in wording.texts.items():
            if context.startswith("option:"):
                options[context.split(":")[1]].append(text)
        assert all(len(set(texts)) == len(texts) == 5 for texts in options.values())


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
        eligible_items(library.latest("promis-anxiety"), wordings[0])


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
