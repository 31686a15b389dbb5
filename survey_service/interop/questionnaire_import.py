"""A FHIR R4 Questionnaire as an instrument: the text of its definition and of its wordings.

For Questionnaires of this project, which come back equal, and for others, which become a questionnaire without scores
whose wording is taken for the rights-holder's. What cannot be told here is refused with its place; what is left out is
said. The texts are read once more by the readers of instruments and wording, so what is handed out can be loaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments import Respondent, WordingOwner
from instruments.definition_file import ID, VERSION
from instruments.writing import Fields, Value, toml_text
from survey_service.interop import vocabulary
from survey_service.interop.elements import Element
from survey_service.interop.errors import FhirError
from survey_service.interop.fields import from_extensions
from survey_service.interop.flattening import Remarks, flatten
from survey_service.interop.items_import import ItemsRead, read_items
from survey_service.interop.json_text import read_json
from survey_service.interop.wording_import import DeclaredWording, WordingsRead
from translations.catalogue import WordingKind

ROOT = "Questionnaire"
_SECONDS_A_QUESTION = 10
_NOT_TOLD = "Not told by the Questionnaire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller knows better than the Questionnaire; empty for what it says itself."""

    id: str = ""
    version: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was read. ``wordings`` are PO texts by the name of their file; ``places`` tell where the items came from."""

    id: str
    version: str
    definition: str
    wordings: Mapping[str, str]
    licence_statement: str
    warnings: tuple[str, ...]
    places: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """``data/<id>/<version>/definition.toml`` and ``wording/<id>/<locale>.po``, in a folder that holds nothing."""
        data, wording = folder / "data" / self.id / self.version, folder / "wording" / self.id
        for place in (data, wording):
            place.mkdir(parents=True)
        (data / "definition.toml").write_text(self.definition, encoding="utf-8", newline="\n")
        for name, text in self.wordings.items():
            (wording / name).write_text(text, encoding="utf-8", newline="\n")


def read_questionnaire(content: bytes, wanted: Wanted | None = None) -> Imported:
    """What a file holds, not yet read by the readers of instruments (`folder.checked` does that).

    Raises
    ------
    FhirError
        Naming the place in the JSON.
    """
    return _read(Element(read_json(content, root=ROOT), ROOT), wanted or Wanted())


def _read(root: Element, wanted: Wanted) -> Imported:
    _check(root)
    remarks = Remarks()
    own = root.extension(vocabulary.INSTRUMENT)
    fields = from_extensions(own) if own else {}
    language = _language(root, wanted, is_own=own is not None)
    texts = WordingsRead(language)
    items = read_items(flatten(root, remarks), texts, remarks, is_own=own is not None)
    id_, version = wanted.id or _id(root), wanted.version or _version(root, remarks)
    # They name folders, so nothing else than an id and a version gets that far.
    if not ID.fullmatch(id_) or not VERSION.fullmatch(version):
        raise root.error("identifier", f"{id_!r} in version {version!r} cannot name an instrument")
    definition = _definition(root, fields, items, id_=id_, version=version, remarks=remarks)
    _frame(root, definition, texts, is_own=own is not None)
    respondent = _respondent(root)
    _declare(root, texts, respondent, is_own=own is not None)
    statement = root.extension(vocabulary.LICENCE_STATEMENT)
    return Imported(
        id=id_,
        version=version,
        definition=toml_text(definition),
        wordings=texts.files(id_, version, respondent),
        licence_statement=(statement.text("valueString") or "") if statement else "",
        warnings=remarks.all,
        places=items.places,
    )


def _check(root: Element) -> None:
    if root.text("resourceType") != ROOT:
        raise root.error("resourceType", f"must be {ROOT}")
    if root.has("implicitRules"):
        raise root.error("implicitRules", "cannot be followed")
    if root.has("modifierExtension"):
        raise root.error("modifierExtension", "changes the meaning in a way that is not known here")


def _language(root: Element, wanted: Wanted, *, is_own: bool) -> str:
    language = wanted.language or root.text("language")
    if language is None and not is_own:
        raise root.error("language", "is missing: say which language the texts are in")
    return language or ""


def _id(root: Element) -> str:
    """The project's own id; else what the Questionnaire is called, in small letters with hyphens."""
    for identifier in root.elements("identifier"):
        if identifier.text("system") == vocabulary.INSTRUMENT_IDS:
            return identifier.required_text("value")
    url = root.text("url") or ""
    called = root.text("name") or root.text("id") or url.rstrip("/").rpartition("/")[2]
    slug = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")[:60]
    if not slug:
        raise root.error("name", "is missing: say which id the instrument shall have")
    return slug if slug[0].isalpha() else f"q-{slug}"


def _version(root: Element, remarks: Remarks) -> str:
    version = root.text("version") or ""
    if VERSION.fullmatch(version):
        return version
    remarks.add(f"{ROOT}.version: is no number such as 1.0; 1.0 is taken")
    return "1.0"


def _definition(root: Element, own: Fields, items: ItemsRead, *, id_: str, version: str, remarks: Remarks) -> Fields:
    told = {**_assumed(root, items, remarks), **own} if not own else _completed(own, items, remarks)
    adaptive = root.extension(vocabulary.ADAPTIVE)
    is_adaptive = adaptive is not None and adaptive.flag("valueBoolean") is not False
    if is_adaptive and not own:
        raise FhirError(adaptive.place if adaptive else ROOT, "is adaptive: its bank does not come with it")
    head: Fields = {"id": id_, "version": version, "administration": "adaptive" if is_adaptive else "fixed"}
    sets: Fields = {"option_sets": {name: list(codes) for name, codes in items.option_sets.items()}}
    return {**head, **told, **(sets if items.option_sets else {}), "items": list(items.fields)}


def _completed(own: Fields, items: ItemsRead, remarks: Remarks) -> Fields:
    """With the lists that leave nothing behind when they are empty. The ordinals must be the points that are told."""
    scoring = own.get("scoring")
    if isinstance(scoring, Mapping):
        if scoring.get("method") == "declared":
            scoring = {**scoring, "scores": scoring.get("scores", [])}
        points = scoring.get("points")
        items.check_ordinals(points if isinstance(points, Mapping) else {})
        own = {**own, "scoring": scoring}
        for file in _files_beside(scoring):
            remarks.add(f"{ROOT}: {file} does not come with it: put it beside the definition")
    return {"variables": [], **own}


def _files_beside(scoring: Mapping[str, Value]) -> list[str]:
    """The bank and the look-up tables that the scoring names."""
    scores = scoring.get("scores")
    rules = [rule for rule in scores if isinstance(rule, Mapping)] if isinstance(scores, list) else []
    named = [scoring.get("bank"), *(rule.get("lookup") for rule in rules)]
    return [file for file in dict.fromkeys(named) if isinstance(file, str)]


def _assumed(root: Element, items: ItemsRead, remarks: Remarks) -> Fields:
    """What a Questionnaire from elsewhere does not tell."""
    for sentence in (
        "has no scores: declare them in the definition",
        "does not tell the period asked about: now is taken",
        "does not tell whom it is for: patients of any age are taken",
        "its wording is taken for the rights-holder's, so a licence must be on record before it is used",
    ):
        remarks.add(f"{ROOT}: {sentence}")
    points = items.points
    licence: Fields = {
        "rights_holder": root.text("publisher") or _NOT_TOLD,
        "terms": root.text("copyright") or _NOT_TOLD,
        "wording": WordingOwner.LICENSED.value,
    }
    scoring: Fields = {"method": "declared", "version": "1", "scores": []}
    return {
        "family": "PROM",
        "validation": "not_validated",
        "title_key": "title",
        "recall": "now",
        "estimated_minutes": min(240, max(1, -(-len(items.fields) * _SECONDS_A_QUESTION // 60))),
        "changeable": True,
        "respondents": [{"who": Respondent.SELF.value}],
        "licence": licence,
        "scoring": {**scoring, **({"points": points} if points else {})},
        "variables": [],
    }


def _frame(root: Element, definition: Fields, texts: WordingsRead, *, is_own: bool) -> None:
    """Title, introduction and footer; what the project's own Questionnaires say of each part."""
    texts.add("title", texts.of(root, "title"), root.place)
    footer = texts.of(root, "copyright")
    if not is_own:
        texts.add("intro", texts.of(root, "description"), root.place)
        texts.add("footer", footer, root.place)
        return
    licence = definition.get("licence")
    holder = licence.get("rights_holder") if isinstance(licence, Mapping) else None
    for language, text in footer.items():
        rest = text.removeprefix(str(holder))
        if rest == text or (rest and not rest.startswith("\n\n")):
            raise root.error("copyright", f"must begin with the rights-holder, {holder}")
        texts.add("footer", {language: rest.removeprefix("\n\n")} if rest else {}, root.place)
    for part in root.extensions(vocabulary.PART):
        texts.read_part(part)


def _respondent(root: Element) -> Respondent:
    extension = root.extension(vocabulary.RESPONDENT)
    if extension is None:
        return Respondent.SELF
    try:
        return Respondent(extension.required_text("valueCode"))
    except ValueError:
        raise extension.error("valueCode", f"must be one of {', '.join(Respondent)}") from None


def _declare(root: Element, texts: WordingsRead, respondent: Respondent, *, is_own: bool) -> None:
    """Which wordings there are: as the project's own Questionnaires tell, else one for each language of the texts."""
    declared: list[DeclaredWording] = []
    for extension in root.extensions(vocabulary.WORDING):
        parts: dict[str, Any] = {one.required_text("url"): one for one in extension.elements("extension")}
        if missing := {"language", "locale", "kind"} - set(parts):
            raise extension.error("", f"lacks {min(missing)}")
        kind = parts["kind"].required_text("valueCode")
        if kind not in {*WordingKind}:
            raise parts["kind"].error("valueCode", f"must be one of {', '.join(WordingKind)}")
        language = parts["language"].required_text("valueCode")
        locale = parts["locale"].required_text("valueString")
        declared.append(DeclaredWording(language, locale, kind, "reviewed-by-speaker" not in parts))
    if not is_own:
        declared = [DeclaredWording(language, language, WordingKind.LICENSED.value) for language in texts.languages]
    texts.declare(declared, place=root.place)
