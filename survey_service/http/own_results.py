"""A patient's own result in plain words, and as a picture with the same figures: what is known, and no more.

Where there is no group to compare with, or no measure of how exact a figure is, none is told. Not for staff.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from instruments import BandName, Direction, Instrument, Score, Variable
from instruments.eq5d import Eq5d, Profile
from survey_service.http.locale import gettext, number
from survey_service.http.results import dimension_names, direction, in_catalogue_order, label, of_groups
from survey_service.http.score_scale import ScalePicture, draw

Texts = Mapping[str, str]

# Of a normal distribution, 95 of 100 are within so many standard errors.
LIKELY = 1.96
# For specialists: theta is the T-score in other figures, and a sum of levels says less than the levels.
_NOT_TOLD = (".theta", ".lss")
_T_SCALE = (20.0, 80.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnResult:
    """One figure: ``title`` is empty where the survey has but this. ``levels`` are those of a health profile."""

    title: str
    sentences: Sequence[str] = field(repr=False)
    svg: str | None = field(default=None, repr=False)
    caption: str = ""
    levels: Sequence[tuple[str, str]] = field(default=(), repr=False)


def own_results(instrument: Instrument | None, scores: Sequence[Score], texts: Texts, *, name: str) -> list[OwnResult]:
    """The result of one response. ``name`` begins the ids of its elements. Empty where there is nothing to say."""
    if instrument is None:
        return []
    percentages = of_groups(instrument.scoring)
    told = [
        (variable, score)
        for variable, score in in_catalogue_order(instrument, scores)
        if score.value is not None
        and variable.higher_is is not None
        and variable.name not in percentages
        and not variable.name.endswith(_NOT_TOLD)
    ]
    results = [
        _result(variable, score, texts, name=f"{name}-{count}") for count, (variable, score) in enumerate(told, start=1)
    ]
    return [*_profile(instrument, scores), *results]


def likely(score: Score) -> tuple[float, float] | None:
    """Between which figures the true one most likely is; None where nobody knows how exact it is."""
    if score.value is None or score.standard_error is None:
        return None
    return score.value - LIKELY * score.standard_error, score.value + LIKELY * score.standard_error


def _result(variable: Variable, score: Score, texts: Texts, *, name: str) -> OwnResult:
    title = _title(variable, texts)
    scale = _scale(variable, score)
    sentences = list(_sentences(variable, score, scale))
    if scale is None:
        return OwnResult(title=title, sentences=sentences)
    assert score.value is not None
    group = variable.reference
    picture = ScalePicture(
        name=name,
        title=title,
        description=" ".join([*sentences, _scale_in_words(scale)]),
        scale=scale,
        value=score.value,
        shown=_written(score.value, variable),
        likely=likely(score),
        group=(group.mean - group.standard_deviation, group.mean + group.standard_deviation) if group else None,
        average=group.mean if group else None,
        ends=_ends(variable),
    )
    return OwnResult(title=title, sentences=sentences, svg=draw(picture, write=number), caption=_caption(picture))


def _title(variable: Variable, texts: Texts) -> str:
    if variable.name.endswith(".t") and not texts.get(f"score:{variable.name}"):
        return gettext("Your result beside others'")
    return label(variable.name, texts)


def _sentences(variable: Variable, score: Score, scale: tuple[float, float] | None) -> Iterator[str]:
    assert score.value is not None
    value = _written(score.value, variable)
    if variable.name.endswith(".vas"):
        yield gettext("You put your health today at %(value)s on a scale from 0 to 100.", value=value)
    elif variable.name.endswith(".index"):
        yield gettext("Your answers together give the figure %(value)s. The figure 1 means full health.", value=value)
        yield gettext("The figure is made to compare groups of people. It does not say how you ought to feel.")
    elif scale is not None and variable.reference is None:
        low, high = (number(end) for end in scale)
        yield gettext("Your result is %(value)s on a scale from %(low)s to %(high)s.", value=value, low=low, high=high)
    else:
        yield gettext("Your result is %(value)s.", value=value)
    span = likely(score)
    if span is not None:
        low, high = (_written(end, variable) for end in span)
        yield gettext(
            "No survey measures exactly. Your true figure is most likely between %(low)s and %(high)s.",
            low=low,
            high=high,
        )
    if variable.bands is not None:
        yield _compared(variable.bands.of(score.value))
        if span is not None and variable.bands.of(span[0]) is not variable.bands.of(span[1]):
            yield gettext("It can also be a little better or worse than that, since it is not exact.")
    if said := direction(variable):
        yield said
    yield from _beside_others(variable)


def _beside_others(variable: Variable) -> Iterator[str]:
    group = variable.reference
    if group is None:
        return
    yield gettext(
        "It is compared with this group: %(group)s. Their average is %(mean)s. About two out of three of them are"
        " between %(low)s and %(high)s.",
        group=_group(group.name),
        mean=number(group.mean),
        low=number(group.mean - group.standard_deviation),
        high=number(group.mean + group.standard_deviation),
    )


def _group(name: str) -> str:
    """The group in the reader's language, where it is one that we know."""
    known = {"general population of the United States": gettext("people in general in the United States")}
    return known.get(name, name)


def _compared(name: BandName) -> str:
    return {
        BandName.USUAL: gettext("That is about what is usual."),
        BandName.MILD: gettext("That is a little more difficulty than is usual."),
        BandName.MODERATE: gettext("That is clearly more difficulty than is usual."),
        BandName.SEVERE: gettext("That is much more difficulty than is usual."),
    }[name]


def _scale(variable: Variable, score: Score) -> tuple[float, float] | None:
    """Where the figure can be; 20 to 80 for a T-score, or as wide as it takes. None where nobody has said."""
    assert score.value is not None
    if variable.name.endswith(".t"):
        return min(_T_SCALE[0], score.value), max(_T_SCALE[1], score.value)
    if variable.minimum is None or variable.maximum is None or variable.minimum >= variable.maximum:
        return None
    return variable.minimum, variable.maximum


def _scale_in_words(scale: tuple[float, float]) -> str:
    return gettext("The scale goes from %(low)s to %(high)s.", low=number(scale[0]), high=number(scale[1]))


def _ends(variable: Variable) -> tuple[str, str]:
    """What the lower and the higher end of the scale mean, as words below them."""
    better, worse = gettext("better"), gettext("worse")
    return (worse, better) if variable.higher_is is Direction.BETTER else (better, worse)


def _caption(picture: ScalePicture) -> str:
    parts = [gettext("The dot is your result.")]
    if picture.likely:
        parts.append(gettext("The bar shows where it most likely is."))
    if picture.group:
        parts.append(gettext("The shaded field is where two out of three in the group are, around their average."))
    return " ".join(parts)


def _written(value: float, variable: Variable) -> str:
    return number(round(value, 3 if variable.name.endswith(".index") else 1))


def _profile(instrument: Instrument, scores: Sequence[Score]) -> Iterator[OwnResult]:
    """The levels of EQ-5D, part by part."""
    scoring = instrument.scoring
    if not isinstance(scoring, Eq5d):
        return
    found = next((score.text for score in scores if score.variable == f"{scoring.prefix}.profile"), None)
    if not found:
        return
    profile = Profile.parse(found, scoring.version)
    highest = number(scoring.version.levels)
    levels = [
        gettext("no answer")
        if level is None
        else gettext("level %(level)s of %(highest)s", level=number(level), highest=highest)
        for level in profile.levels
    ]
    yield OwnResult(
        title=gettext("Your health today, part by part"),
        sentences=[gettext("Level 1 means no problems. Level %(highest)s means the most problems.", highest=highest)],
        levels=list(zip(dimension_names(), levels, strict=True)),
    )
