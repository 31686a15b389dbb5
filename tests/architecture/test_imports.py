"""How one capability may use another. The layers are in ``.importlinter``; this is what its contracts cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import survey_service

ROOT = Path(survey_service.__file__).parent
CAPABILITIES = frozenset(
    {
        "access", "answering", "audit", "delivery", "history", "insight", "interop", "languages", "licensing",
        "notifying", "people", "privacy", "registers", "scheduling",
    }
)  # fmt: skip

# What a capability shows to the others. Its tables, pages, jobs and interfaces are its own.
DOORS = frozenset({"queries", "use_cases", "rules", "plausibility"})
EXCEPTIONS = {
    ("delivery.api", "registers.oauth"): "one token service gives tokens to registers and to record systems",
    ("scheduling.enrolling", "delivery.corrections"): "voiding an enrolment voids its responses in the same commit",
    ("notifying.use_cases", "scheduling.enrolling"): "that somebody has died is noted and recorded in one commit",
    ("notifying.deciding", "scheduling.working_days"): "a notice comes on days on which units work",
    ("scheduling.api", "delivery.api"): "a record system is let in the same way to order as to fetch",
    ("delivery.jobs", "notifying.rendering"): "an alarm is a notice, as contentless as an invitation",
    ("scheduling.enrolment_page", "notifying.status_page"): "a message reads the same on every page",
    ("delivery.parcels", "interop.observations"): "interop is pure builders of others' formats",
    ("delivery.parcels", "interop.response_bundle"): "interop is pure builders of others' formats",
    ("delivery.own_copy_files", "interop.response_bundle"): "interop is pure builders of others' formats",
    ("privacy.web", "answering.pages"): "the patient's answered surveys look the same in the inbox and in My data",
    ("privacy.web", "registers.objecting"): "the patient's no is a use case in a file of its own",
    ("registers.fhir_lines", "interop.observations"): "a score is the same Observation for everybody",
    ("registers.catalogue", "interop.observations"): "a variable has the code that its Observation has",
    ("registers.fhir_lines", "interop.vocabulary"): "and its names are the same",
    (
        "delivery.correction_page",
        "answering.question_page",
    ): "the unit corrects in the fields that the patient filled in",
    ("languages.preview_page", "answering.question_page"): "what translators look at is the patient's page itself",
}

Import = tuple[str, str]


def imports_of(module: str, source: str) -> Iterator[Import]:
    """Every import within the service, as pairs of names below ``survey_service``: one name, or ``name.member``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("survey_service"):
            base = node.module.removeprefix("survey_service").strip(".")
            for alias in node.names:
                yield module, base if "." in base else f"{base}.{alias.name}".strip(".")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("survey_service."):
                    yield module, alias.name.removeprefix("survey_service.")


def improper(imports: Iterator[Import]) -> list[str]:
    """What one capability takes from another other than through its doors."""
    return [
        f"{module} imports {imported}"
        for module, imported in imports
        if {here := module.split(".")[0], there := imported.split(".")[0]} <= CAPABILITIES
        and here != there
        and imported.split(".")[1] not in DOORS
        and (module, imported) not in EXCEPTIONS
    ]


def every_import() -> Iterator[Import]:
    for file in sorted(ROOT.rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        yield from imports_of(module, file.read_text(encoding="utf-8"))


def test_capabilities_use_each_other_through_queries_use_cases_and_rules_never_through_tables() -> None:
    assert improper(every_import()) == []


def test_every_exception_is_still_needed() -> None:
    assert set(EXCEPTIONS) <= set(every_import())


def test_every_folder_of_the_service_has_its_place() -> None:
    folders = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()}
    assert folders == CAPABILITIES | {"commands", "demo", "foundation", "http"}


@pytest.mark.parametrize(
    "source",
    [
        "from survey_service.answering.records import answers",
        "from survey_service.answering import records",
        "import survey_service.answering.records",
        "def late():\n    from survey_service.answering.web import blueprint",
    ],
)
def test_a_capability_that_reaches_into_another_is_named(source: str) -> None:
    (sentence,) = improper(imports_of("delivery.queries", source))
    assert sentence.startswith("delivery.queries imports answering.")
