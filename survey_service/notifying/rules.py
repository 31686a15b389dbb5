"""What the unit and the patient read of a message: how it stands, and why somebody has not been told. Pure."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from notifications.ladder import Kind, Unreached
from survey_service.errors import mark

INBOX = "inbox"
_FAILED_RECEIPTS = frozenset({"not_delivered", "bounced", "returned"})
_FAILED_ATTEMPTS = frozenset({"permanent", "no_address"})


class Seen(StrEnum):
    """How a message stands, as people are told."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given_up"


class Filter(StrEnum):
    """Which messages a unit looks at."""

    ALL = "all"
    UNREACHED = "unreached"
    FAILED = "failed"
    GIVEN_UP = "given_up"


def seen(channel: str, attempts: Sequence[str], receipts: Collection[str]) -> Seen:
    """How a message stands by the outcomes of its attempts, in order, and what was heard of it afterwards."""
    if attempts and attempts[-1] == "given_up":
        return Seen.GIVEN_UP
    revived = max((place for place, one in enumerate(attempts, 1) if one == "revived"), default=0)
    counted = attempts[revived:]
    if _FAILED_RECEIPTS & set(receipts) or _FAILED_ATTEMPTS & set(counted):
        return Seen.FAILED
    if "delivered" in receipts or channel == INBOX:
        return Seen.DELIVERED
    return Seen.SENT if "sent" in counted else Seen.WAITING


SEEN_IN_WORDS = {
    Seen.WAITING: mark("Waits to be sent"),
    Seen.SENT: mark("Sent"),
    Seen.DELIVERED: mark("Has arrived"),
    Seen.FAILED: mark("Did not arrive"),
    Seen.GIVEN_UP: mark("Given up"),
}

KIND_IN_WORDS = {
    Kind.INVITATION: mark("Invitation"),
    Kind.REMINDER: mark("Reminder"),
    Kind.OTHER_WAY: mark("The same another way"),
}

# A channel that an operator has added is called what the operator calls it.
CHANNEL_IN_WORDS = {
    INBOX: mark("Inbox"),
    "email": mark("E-mail"),
    "sms": mark("SMS"),
    "letter": mark("Letter"),
}

UNREACHED_IN_WORDS = {
    Unreached.NO_ADDRESS: mark("There is no address to write to."),
    Unreached.NOT_DELIVERED: mark("No message has arrived."),
    Unreached.PROTECTED: mark(
        "The patient’s identity is protected, and the patient has given no way to be written to."
    ),
    Unreached.DECLINED: mark("The patient wants no messages."),
    Unreached.DEFERRED: mark("Deferred by the patient’s limit: the patient is asked later."),
    Unreached.DIRECTORY: mark("Only a letter is left, and nobody can say just now where the patient lives."),
    Unreached.WITHHELD: mark("What is asked cannot be shown: a licence or an approved text is missing."),
    Unreached.REVEALING: mark("The message would have said too much. A name or a text has to be changed."),
    Unreached.GATEWAY: mark("Whoever carries the messages has refused for so long that it was given up. Send again."),
    Unreached.DECEASED: mark("The population register says that the patient has died."),
}

# Where another address helps.
ADDRESS_HELPS = frozenset({Unreached.NO_ADDRESS, Unreached.NOT_DELIVERED, Unreached.DIRECTORY})
# Where paper helps: not while the patient is to be left alone, nor what may not be shown.
PAPER_HELPS = frozenset(Unreached) - {Unreached.DEFERRED, Unreached.WITHHELD, Unreached.DECEASED}
