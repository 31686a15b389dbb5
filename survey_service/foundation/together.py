"""Doing together what is asked for at the same time: the pieces that wait while one is done share the next."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Piece = TypeVar("Piece")


@dataclass(eq=False, slots=True)
class _Ticket(Generic[Piece]):
    piece: Piece
    is_done: bool = False


class Together(Generic[Piece]):
    """Calls from several threads, run by ``work`` a few at a time and one batch after another.

    Whoever gets the turn does the work of all who wait. ``work`` is harmless when repeated: where a batch fails,
    nothing of it counts as done, and who had the turn does its own piece alone, so that a bad one fails its own caller.
    """

    def __init__(self, work: Callable[[Sequence[Piece]], object], *, most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: deque[_Ticket[Piece]] = deque()
        self._turn = Lock()

    def __call__(self, piece: Piece) -> None:
        """Return when the piece is done, by whomever. Raises what ``work`` raises for it."""
        ticket = _Ticket(piece)
        self._waiting.append(ticket)
        with self._turn:
            if ticket.is_done:
                return
            batch = self._take(ticket)
            if len(batch) > 1 and self._is_done_at_once(batch):
                return
            self._work([piece])

    @property
    def waiting(self) -> Sequence[Piece]:
        """What nobody has begun with."""
        return [one.piece for one in tuple(self._waiting)]

    def _take(self, own: _Ticket[Piece]) -> list[_Ticket[Piece]]:
        """The caller's own ticket and as many others as may go with it."""
        self._waiting.remove(own)
        batch = [own]
        while self._waiting and len(batch) < self._most:
            batch.append(self._waiting.popleft())
        return batch

    def _is_done_at_once(self, batch: Sequence[_Ticket[Piece]]) -> bool:
        try:
            self._work([one.piece for one in batch])
        except Exception:
            # Back to their callers, who are waiting for their turn.
            self._waiting.extend(batch[1:])
            return False
        for one in batch:
            one.is_done = True
        return True
