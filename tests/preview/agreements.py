"""Made-up agreements for the page of what is given to registers."""

from datetime import UTC, datetime
from types import SimpleNamespace as Row
from typing import Any

BEGUN = datetime(2026, 9, 1, 8, tzinfo=UTC)


def agreement_samples(locale: str) -> dict[str, dict[str, Any]]:
    def say(swedish: str, english: str) -> str:
        return swedish if locale == "sv" else english

    in_force = Row(
        id="1",
        register=say("Svenska knäregistret (påhittat)", "The Swedish knee register (made up)"),
        authority=say("Region Exempel", "Exempel Region"),
        contact="registret@example.se",
        ground="PDL 7 kap. 4 §",
        version=2,
        state="in_force",
        state_in_words=say("Gäller", "In force"),
        given=[("energy", ["energy.t", "energy.n_items"]), ("everyday", ["everyday.index"])],
        item_answers=["everyday"],
        identifier=say("En kod som bara det här registret får", "A code that only this register gets"),
        reason=None,
        answered_from=say("1 januari 2026", "1 January 2026"),
        hold_hours=48,
        valid_from=BEGUN,
        valid_until=None,
        approved_at=BEGUN,
        approved_by="Astrid Lindqvist",
        approved_there_at=BEGUN,
        may_approve=False,
        may_end=True,
    )
    proposed = Row(
        **{
            **vars(in_force),
            "id": "2",
            "register": say("Återhämtningsregistret (påhittat)", "The recovery register (made up)"),
            "version": 1,
            "state": "proposed",
            "state_in_words": say("Väntar på godkännande: inget lämnas ut", "Waits for approval: nothing is given"),
            "identifier": say("Personnumret", "The personal identity number"),
            "reason": say("Registret kopplas till implantatregistret.", "It is linked to the implant register."),
            "hold_hours": 0,
            "valid_until": datetime(2027, 12, 31, 22, 59, tzinfo=UTC),
            "approved_at": None,
            "approved_by": None,
            "may_approve": True,
        }
    )
    ended = Row(
        **{
            **vars(in_force),
            "id": "3",
            "version": 1,
            "state": "ended",
            "state_in_words": say("Avslutat", "Ended"),
            "may_end": False,
        }
    )
    return {
        "staff_registers": {"manages": True, "agreements": [proposed, in_force, ended]},
        "staff_registers_empty": {"manages": False, "agreements": []},
    }
