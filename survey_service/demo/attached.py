"""``python -m survey_service.demo.attached PARENT …``: the ``survey`` command, which ends when its parent does.

A demonstration that is killed can stop nothing any more, and what it leaves behind would keep its ports. On Linux the
kernel ends it; elsewhere it has to be ended by hand.
"""

import ctypes
import os
import signal
import sys

from survey_service.cli import main

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2); it outlives exec, so it holds for gunicorn too


def run_attached(parent: int, arguments: list[str]) -> None:
    """Run the command, unless the parent has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() == parent:
        main(arguments)


if __name__ == "__main__":
    run_attached(int(sys.argv[1]), sys.argv[2:])
