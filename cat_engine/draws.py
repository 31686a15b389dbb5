"""Chance that can be repeated: uniform numbers that follow from a session's seed, a purpose, a step and an item id.

For random selection and exposure control. A session is stateless and replayable, so its chance must be a function
of what is known, not of a generator that has been drawn from. Not for secrets.

References
----------
Steele, G. L., Lea, D., & Flood, C. H. (2014). Fast splittable pseudorandom number generators. *ACM SIGPLAN
Notices*, 49(10), 453-472. doi:10.1145/2714064.2660195
"""

import hashlib
from collections.abc import Iterable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from cat_engine.graded_response import Array


class Purpose(IntEnum):
    """What a draw is for; sessions draw for each purpose apart. Added to the number of answers so far."""

    RANDOM_SELECTION = 0
    RANDOMESQUE = 1 << 18
    ELIGIBILITY = 1 << 19
    RESPONSE = 3 << 18


Keys = npt.NDArray[np.uint64]

_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def item_keys(item_ids: Iterable[str]) -> Keys:
    """64 bits of each id's SHA-256: the same for an id in any bank, order and release. Shape (items,)."""
    digests = [hashlib.sha256(item_id.encode()).digest()[:8] for item_id in item_ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def uniform(seeds: npt.ArrayLike, steps: npt.ArrayLike, keys: Keys) -> Array:
    """Numbers in [0, 1) for each session and item.

    Parameters
    ----------
    seeds
        Non-negative whole numbers below 2**63, one for each session: shape (...,).
    steps
        Which draw of the session it is, below 2**20: of the same shape, or one for all.
    keys
        Of the items, shape (items,).

    Returns
    -------
    Array
        Shape (..., items).

    Examples
    --------
    >>> keys = item_keys(["worry", "rest"])
    >>> bool((uniform(7, 0, keys) == uniform(7, 0, keys)).all())
    True
    >>> bool((uniform(7, 0, keys) == uniform(8, 0, keys)).any())
    False
    """
    seed = np.asarray(seeds, dtype=np.uint64)[..., np.newaxis]
    step = np.asarray(steps, dtype=np.uint64)[..., np.newaxis]
    # Whole numbers wrap around at 64 bits, as the generator wants; numpy warns of it for scalars only.
    with np.errstate(over="ignore"):
        bits = _mix(_mix(_mix(seed + _INCREMENT) ^ (step + _INCREMENT)) ^ keys)
    numbers: Array = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return numbers


def _mix(bits: Keys) -> Keys:
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))
