"""Pieces of work that are asked for at the same time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from survey_service.foundation.together import Together


def test_what_waits_while_one_is_done_goes_together_and_each_is_done_once() -> None:
    begun, may_end, done = Event(), Event(), []

    def work(pieces: Sequence[int]) -> None:
        begun.set()
        assert may_end.wait(10)
        done.append(sorted(pieces))

    together = Together(work, most=3)
    with ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(together, 0)]
        assert begun.wait(10)
        calls += [threads.submit(together, piece) for piece in range(1, 6)]
        while len(together.waiting) < 5:
            pass
        may_end.set()
        for call in calls:
            call.result()
    assert sorted(piece for batch in done for piece in batch) == list(range(6))
    assert [len(batch) for batch in done] == [1, 3, 2]


def test_a_bad_piece_fails_its_own_caller_and_no_other() -> None:
    begun, may_end, done = Event(), Event(), []

    def work(pieces: Sequence[int]) -> None:
        begun.set()
        assert may_end.wait(10)
        if 2 in pieces:
            raise ZeroDivisionError
        done.extend(pieces)

    together = Together(work, most=10)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(together, 0)]
        assert begun.wait(10)
        calls += [threads.submit(together, piece) for piece in (1, 2, 3)]
        while len(together.waiting) < 3:
            pass
        may_end.set()
        failed = [piece for piece, call in enumerate(calls) if call.exception() is not None]
    assert failed == [2]
    assert sorted(done) == [0, 1, 3]


def test_a_piece_alone_raises_what_its_work_raises() -> None:
    def work(_pieces: Sequence[int]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Together(work, most=10)(1)
