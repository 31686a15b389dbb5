"""Words that name a kind of care, so that nothing a stranger may read holds one. Pure but for its own list."""

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from notifications.message import reveals


@cache
def specialities() -> tuple[str, ...]:
    """Pieces of words, in Swedish and in English: secrets of every message."""
    lines = Path(__file__).with_name("specialities.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@lru_cache(maxsize=4096)
def names_speciality(text: str) -> bool:
    """Whether the text says, to whoever reads it, what kind of care it is about."""
    return reveals([text], specialities())


def speciality_words(name: str) -> Sequence[str]:
    """The words of a unit's name that say what kind of care it gives."""
    return [word for word in name.split() if names_speciality(word)]
