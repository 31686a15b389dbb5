"""A translators' desk for tests: two people, a short instrument of the project's own, and a few interface texts."""

import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from instruments import Library
from survey_service.access.rules import TranslatorClaims
from survey_service.access.use_cases import add_translator, sign_in_translator
from survey_service.demo.people import LOA3
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.desk_queries import SegmentRow, all_segments
from survey_service.languages.seeding import enter_sources, seed_wording_texts
from tests.browsing import Visitor
from translations.catalogue import InstrumentWording, wordings_at_hand
from translations.subjects import INTERFACE, SourceText, SubjectKind

PREM = "instrument:prem-overall:1.0:self"
QUESTION = "item:overall"
WELCOME, COUNTED, SAVED = "Welcome", "%(num)s question", "Saved at %(time)s"
TINA_HSA, RIKU_HSA = "SE2321000016-tina", "SE2321000016-riku"


@dataclass(frozen=True)
class Desk:
    """tina translates, riku may review and approve; nobody has begun Norwegian (nb)."""

    app: Flask
    services: Services
    tina: Translator
    riku: Translator

    def cookie(self, who: Translator) -> str:
        hsa_id = TINA_HSA if who == self.tina else RIKU_HSA
        return sign_in_translator(self.services, TranslatorClaims(hsa_id=hsa_id, acr=LOA3))

    def visitor(self, who: Translator) -> Visitor:
        return Visitor(self.app, self.cookie(who))

    def rows(self, subject: str = PREM, locale: str = "nb") -> dict[str, SegmentRow]:
        """Every text by its context, as the database has it."""
        with self.services.db.transaction(as_=self.tina) as connection:
            return {row.context: row for row in all_segments(connection, subject, locale)}

    def address(self, context: str, *, subject: str = PREM, locale: str = "nb") -> str:
        return f"/translate/{locale}/texts/{self.source_id(context, subject)}"

    def source_id(self, context: str, subject: str = PREM) -> UUID:
        return self.rows(subject)[context].source_id

    def save(self, who: Translator, context: str, *forms: str, subject: str = PREM, **fields: str) -> TestResponse:
        """Open the page of a text, write, and send it."""
        visitor, address = self.visitor(who), self.address(context, subject=subject)
        return self.send(visitor, address, visitor.page(address).form(address).fields, *forms, **fields)

    def send(self, visitor: Visitor, address: str, hidden: dict[str, str], *forms: str, **fields: str) -> TestResponse:
        return visitor.raw_post(address, data={**hidden, "go": "stay", **fields, "form": list(forms)})


@cache
def wordings_of_prem() -> tuple[InstrumentWording, ...]:
    """What ships of the one instrument, read once in a process."""
    return tuple(
        one
        for one in wordings_at_hand(Library.load(), None)
        if one.instrument == "prem-overall" and one.locale in ("en", "sv")
    )


def make_desk(app: Flask, services: Services) -> Desk:
    seed_wording_texts(services, wordings_of_prem())
    enter_sources(
        services,
        INTERFACE,
        SubjectKind.INTERFACE,
        [
            SourceText(context=WELCOME, position=0, forms=(WELCOME,)),
            SourceText(context=COUNTED, position=1, forms=(COUNTED, "%(num)s questions")),
            SourceText(context=SAVED, position=2, forms=(SAVED,)),
        ],
    )
    tina = add_translator(services, hsa_id=TINA_HSA, name="Tina Tolk", locales=("nb", "ar"))
    riku = add_translator(services, hsa_id=RIKU_HSA, name="Riku Rett", may_review=True, may_approve=True)
    return Desk(app, services, Translator(tina), Translator(riku))


def words(answer: TestResponse) -> str:
    """What the page says, without its tags and with single blanks."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", answer.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(unescape(text).split())
