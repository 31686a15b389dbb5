"""The documents keep up with the code: links lead somewhere, settings and decisions are complete, named tests exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey_service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
OPERATIONS = ROOT / "docs" / "operations.md"
DECISIONS = ROOT / "docs" / "adr"

LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
SETTING = re.compile(r"\bSURVEY_[A-Z_]+\b")
TEST_NAME = re.compile(r"`(test_\w+)`")
# Text that says where code or data is, such as `survey_service/cli.py`; not commands, patterns or places to fill in.
PLACE = re.compile(r"`((?:\w[\w-]*/)+[\w.-]*)`")


class Environment(dict[str, str]):
    """Has a value for whatever is asked for, and remembers what that was."""

    def __init__(self) -> None:
        super().__init__(SURVEY_ENVIRONMENT="production", SURVEY_IDENTITY_KEY="00" * 32, SURVEY_TOKEN_KEY="{}")
        self.asked: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:
        self.asked.add(name)
        return super().get(name, "something" if default == "" else default)


def described(document: Path) -> object:
    return pytest.param(document, id=str(document.relative_to(ROOT)))


@pytest.mark.parametrize("document", [described(one) for one in DOCUMENTS])
def test_every_relative_link_leads_to_a_file_and_a_heading_that_exist(document: Path) -> None:
    assert [link for link in relative_links(document) if not leads_somewhere(document, link)] == []


@pytest.mark.parametrize("document", [described(one) for one in DOCUMENTS])
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = set(TEST_NAME.findall(document.read_text(encoding="utf-8")))
    assert sorted(named - names_of_tests()) == []


@pytest.mark.parametrize("document", [described(one) for one in DOCUMENTS])
def test_every_place_in_the_code_that_a_document_names_exists(document: Path) -> None:
    top = {entry.name for entry in ROOT.iterdir()}
    named = set(PLACE.findall(document.read_text(encoding="utf-8")))
    assert sorted(one for one in named if one.split("/")[0] in top and not (ROOT / one).exists()) == []


def test_operations_describe_every_setting_and_no_other() -> None:
    environment = Environment()
    Settings.from_environment(environment)
    asked_by_commands = set(SETTING.findall((ROOT / "survey_service" / "cli.py").read_text(encoding="utf-8")))
    described_there = set(SETTING.findall(OPERATIONS.read_text(encoding="utf-8")))
    assert described_there == environment.asked | asked_by_commands


def test_the_index_lists_every_decision_once_and_in_order() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))


@pytest.mark.parametrize("decision", [described(one) for one in sorted(DECISIONS.glob("[0-9]*.md"))])
def test_a_decision_tells_its_context_its_consequences_and_what_was_weighed(decision: Path) -> None:
    headings = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "What was weighed"]


def relative_links(document: Path) -> Iterator[str]:
    for text, image in LINK.findall(document.read_text(encoding="utf-8")):
        link = text or image
        if not re.match(r"[a-z]+:", link):
            yield link


def leads_somewhere(document: Path, link: str) -> bool:
    place, _, heading = link.partition("#")
    target = document.parent / place if place else document
    if not target.exists():
        return False
    return not heading or heading in anchors(target)


def anchors(document: Path) -> set[str]:
    """The anchors of its headings: lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names_of_tests() -> set[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    found = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    return found | {file.stem for file in (ROOT / "tests").rglob("test_*.py")}
