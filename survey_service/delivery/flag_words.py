"""What a unit's flag says, and the text of a response to copy into the record, in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext

from instruments import Instrument, Score, SingleChoice
from survey_service.delivery.flagging import Bound, GivenAnswer, Rule, Threshold, Worsening
from survey_service.delivery.rules import ContactWay
from survey_service.delivery.worklist_queries import UnitFlag
from survey_service.foundation.clock import local_day
from survey_service.http.locale import number
from survey_service.http.results import figure, in_catalogue_order, label

Texts = Mapping[str, str]


def rule_in_words(rule: Rule, instrument: Instrument | None, texts: Texts) -> str:
    """What the rule looks for."""
    match rule.criterion:
        case Threshold(variable, bound, limit):
            what, shown = label(variable, texts), number(limit)
            if bound is Bound.AT_LEAST:
                return str(gettext("%(what)s is at least %(limit)s", what=what, limit=shown))
            return str(gettext("%(what)s is at most %(limit)s", what=what, limit=shown))
        case GivenAnswer(item_id, bound, limit):
            asked = texts.get(f"item:{item_id}", item_id)
            code = _option(instrument, item_id, limit, texts)
            if bound is Bound.AT_LEAST:
                return str(gettext("“%(question)s” is answered “%(answer)s” or higher", question=asked, answer=code))
            return str(gettext("“%(question)s” is answered “%(answer)s” or lower", question=asked, answer=code))
        case Worsening(variable):
            return str(gettext("%(what)s is worse than last time", what=label(variable, texts)))


def flag_in_words(flag: UnitFlag, instrument: Instrument | None, texts: Texts) -> str:
    """What was found, with the figures that it was judged by."""
    said = rule_in_words(flag.rule, instrument, texts)
    if flag.value is None:
        return said
    if flag.earlier_value is None or flag.important_change is None or flag.reliable_change is None:
        return f"{said}: {_one(flag.value)}"
    return str(
        gettext(
            "%(said)s: from %(before)s (SE %(before_se)s) to %(now)s (SE %(now_se)s), a change of %(change)s. The"
            " smallest important change is %(important)s; chance alone exceeds %(reliable)s once in twenty.",
            said=said,
            before=_one(flag.earlier_value),
            before_se=_one(flag.earlier_error),
            now=_one(flag.value),
            now_se=_one(flag.standard_error),
            change=_one(abs(flag.value - flag.earlier_value)),
            important=number(flag.important_change),
            reliable=_one(flag.reliable_change),
        )
    )


def record_text(
    *,
    title: str,
    answered_at: datetime,
    instrument: Instrument | None,
    scores: Sequence[Score],
    flags: Sequence[UnitFlag],
    texts: Texts,
) -> str:
    """A response in plain text for the record: instrument, day, scores with their errors, and what was flagged."""
    lines = [f"{title}, {local_day(answered_at).isoformat()}"]
    for _, score in in_catalogue_order(instrument, scores):
        shown = figure(score)
        if shown is None or score.variable.endswith((".theta", ".stop_reason", ".n_items")):
            continue
        error = "" if score.standard_error is None else f" (SE {_one(score.standard_error)})"
        lines.append(f"{label(score.variable, texts)}: {shown}{error}")
    lines += [f"{gettext('Flagged')}: {flag_in_words(flag, instrument, texts)}" for flag in flags]
    return "\n".join(lines)


def ways() -> list[tuple[str, str]]:
    """How a patient can be reached, in words."""
    words = {
        ContactWay.TELEPHONE: gettext("By telephone"),
        ContactWay.VISIT: gettext("At a visit"),
        ContactWay.VIDEO: gettext("By video"),
        ContactWay.LETTER: gettext("By letter"),
        ContactWay.MESSAGE: gettext("By a message"),
    }
    return [(way.value, said) for way, said in words.items()]


def _one(value: float | None) -> str:
    return "–" if value is None else number(round(value, 1))


def _option(instrument: Instrument | None, item_id: str, code: float, texts: Texts) -> str:
    item = instrument.definition.items.get(item_id) if instrument else None
    if item is None or not isinstance(item.question, SingleChoice):
        return number(code)
    return texts.get(f"option:{item.question.option_set}:{int(code)}", number(code))
