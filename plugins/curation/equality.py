"""Equality by algebra in a separate process, which is killed when its time is over."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any

from .latex import Tree

STARTING = 120.0
"""Seconds that importing sympy may take on a slow disk; not counted as comparing."""


class EqualityUndecided(ValueError):
    """Raised where no verdict on the equality of two answers could be reached."""


class _Worker:
    """Keeps one process that compares trees: starts it when first needed, and again after a kill."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._alone = threading.Lock()

    def ask(self, question: Any, seconds: float) -> Any:
        with self._alone:
            process = self._running()
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps(question).encode() + b"\n")
                process.stdin.flush()
                return json.loads(self._line(process, seconds))
            except (OSError, ValueError) as error:
                self.stop()
                reason = (
                    str(error)
                    if isinstance(error, EqualityUndecided)
                    else "the algebra needs more memory than it may have"
                )
                raise EqualityUndecided(reason) from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness_plugins.curation.equality_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            try:
                self._line(self._process, STARTING)
            except EqualityUndecided:
                self.stop()
                raise EqualityUndecided("the process for algebra did not start; is sympy installed?") from None
        return self._process

    @staticmethod
    def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
        """Read one line of answer within the time.

        Raises:
            EqualityUndecided: the answer took longer, or the process ended.
        """
        assert process.stdout is not None
        end, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise EqualityUndecided(f"comparing took longer than {seconds:g} s")
            part = os.read(process.stdout.fileno(), 4096)
            if not part:
                raise EqualityUndecided("the algebra broke off")
            line += part
        return line

    def stop(self) -> None:
        """Kill the process, whatever it is doing."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written yet goes nowhere
                    continue
        self._process = None


_WORKER = _Worker()
atexit.register(_WORKER.stop)


def same_in_worker(first: Tree, second: Tree, *, seconds: float) -> bool:
    """Tell whether two trees are equal as mathematics.

    Raises:
        EqualityUndecided: the comparison took longer than ``seconds``, or sympy broke.
    """
    answer = _WORKER.ask([first, second], seconds)
    if "error" in answer:
        raise EqualityUndecided(answer["error"])
    return bool(answer["same"])
