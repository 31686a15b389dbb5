"""How the translators' desk calls things: states, steps and forms; and what differs between two texts.

For words on pages. Not for what may be done, nor for the names of subjects and texts (`subject_names`).
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from survey_service.http.locale import gettext, number
from survey_service.languages.rules import State
from translations.plurals import cldr_locale

Pieces = list[tuple[str, str]]

# A word, blanks, or one sign: what a translator sees as changed or not.
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_EXAMPLES = 4


def state_name(state: State | None) -> str:
    """What a text in this state is; None is a text without a translation."""
    return {
        None: gettext("Not translated"),
        State.DRAFT: gettext("Draft"),
        State.TRANSLATED: gettext("Translated"),
        State.REVIEWED: gettext("Reviewed"),
        State.LINGUISTICALLY_VALIDATED: gettext("Linguistically validated"),
        State.APPROVED: gettext("Approved"),
        State.WITHDRAWN: gettext("Withdrawn"),
    }[state]


def step_name(state: State) -> str:
    """What the button says that takes a text to this state."""
    return {
        State.DRAFT: gettext("Send back as a draft"),
        State.TRANSLATED: gettext("Hand in as translated"),
        State.REVIEWED: gettext("Mark as reviewed"),
        State.LINGUISTICALLY_VALIDATED: gettext("Mark as linguistically validated"),
        State.APPROVED: gettext("Approve"),
        State.WITHDRAWN: gettext("Withdraw"),
    }[state]


def in_order(states: frozenset[State]) -> list[tuple[str, str]]:
    """Value and button of each step, the way of a text from first to last, and back at the end."""
    return [(state.value, step_name(state)) for state in (*list(State)[1:], State.DRAFT) if state in states]


def tag(code: str) -> str:
    """The language as HTML names it."""
    return code.replace("_", "-")


def form_label(name: str, locale: str) -> str:
    """What a plural form is for, by the numbers that take it; CLDR's names say little to people."""
    if not name:
        return gettext("Translation")
    rule = cldr_locale(locale).plural_form
    taking = [count for count in range(200) if rule(count) == name]
    shown = ", ".join(number(count) for count in taking[:_MOST_EXAMPLES])
    return gettext("With the number %(numbers)s", numbers=shown + (" …" if len(taking) > _MOST_EXAMPLES else ""))


def difference(before: str, after: str) -> Pieces:
    """The later text with what was taken away and put in: pieces of kind "same", "gone" and "new"."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: Pieces = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(new[new_from:new_to])))
            continue
        pieces += [("gone", "".join(old[old_from:old_to]))] if old_to > old_from else []
        pieces += [("new", "".join(new[new_from:new_to]))] if new_to > new_from else []
    return pieces


def differences(before: Sequence[str], after: Sequence[str]) -> list[Pieces]:
    """The same for every plural form; a form that was not there before is new."""
    filled = [*before, *[""] * (len(after) - len(before))]
    return [difference(old, new) for old, new in zip(filled, after, strict=False)]
