"""Runs a program that a model wrote: a process of its own, limited as far as the system allows, and always killed.

What holds it (`cage.py` puts it on, then runs the program in the same process):

=============== ==================================================== ==========================================
what            by                                                   where
=============== ==================================================== ==========================================
time            processor limit, and the group killed at the end     everywhere
memory, files   resource limits; of each file, not of their number   Unix
kernel          seccomp: only the calls that a plain program makes,  Linux on x86-64 and 64-bit ARM
                so no process, program, signal, mount or clock
network         seccomp: no socket; elsewhere the module is emptied  a weak hold where there is no seccomp
files           namespaces: sees Python and its own folder only      Linux 5.12 or later that lets users make them
                Landlock: reads Python only, writes its folder only  Linux 5.13 or later
administrator   all capabilities dropped                             Linux
environment     empty but for thread counts; ``python -I``; own folder everywhere
=============== ==================================================== ==========================================

This stops accidents and mischief. It is no security boundary: the kernel is shared, and a program that looks for the
verdict's secret in its own process can fake a pass.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_CAGE = Path(__file__).with_name("cage.py")
_FILE_BYTES = 4 << 20
_SHOWN = 200
_STARTING = 2.0
"""Seconds that starting Python may take: not the program's doing."""


class ProgramResult(NamedTuple):
    """The end of a program: whether it passed, and why."""

    passed: bool
    why: str
    output: str = ""
    """The beginning of the program's output."""
    holds: tuple[str, ...] = ()
    """The protections besides resource limits: ``namespaces``, ``landlock``, ``capabilities``, ``seccomp``."""


def run(program: str, tests: str, *, seconds: float, memory: int) -> ProgramResult:
    """Run a program, then its tests in the same namespace; the program passes if neither raises.

    Args:
        program: What the model wrote.
        tests: A program that raises if the first one is wrong.
        seconds: Wall-clock and processor time of both together.
        memory: Megabytes of address space.
    """
    with _folder() as folder:
        secret = secrets.token_hex(16)
        work = Path(folder) / "work"
        work.mkdir()
        job = {
            "program": program,
            "tests": tests,
            "secret": secret,
            "seconds": seconds,
            "memory": memory << 20,
            "file": _FILE_BYTES,
        }
        (work / "job.json").write_text(json.dumps(job), "utf-8")
        read, write = os.pipe()
        try:
            with (Path(folder) / "output").open("w+b") as output:
                ended = _run_process(work, write, output.fileno(), seconds)
                os.close(write)
                write = -1
                output.seek(0)
                written = output.read(4096).decode("utf-8", "replace")
            return _verdict(_drain(read), secret, ended, written)
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    """Make a folder, and remove it afterwards with everything that a program left in it."""
    folder = tempfile.mkdtemp(prefix="harness-")
    try:
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except RecursionError:  # thousands of folders inside each other
            subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)


def _run_process(work: Path, pipe: int, output: int, seconds: float) -> str:
    """Run the cage and tell how the process ended: empty if by itself, else a clause."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(_CAGE), str(pipe)],
        cwd=work,
        # Threads of numerical libraries, one a core, would not fit into the memory.
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(pipe,),
        start_new_session=True,
    )
    try:
        code = process.wait(timeout=seconds + _STARTING)
    except subprocess.TimeoutExpired:
        return f"took longer than {seconds:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code < 0:
        name = _signal_name(-code)
        timed = -code in (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
        return f"took longer than {seconds:g} s" if timed else f"was ended by {name}"
    return f"left with status {code}" if code else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


def _drain(pipe: int) -> bytes:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(pipe, 1 << 16)
    return b""


def _verdict(line: bytes, secret: str, ended: str, output: str) -> ProgramResult:
    try:
        verdict = json.loads(line)
    except ValueError:
        verdict = None
    # Without the secret the line is the program's own, not the cage's.
    if not isinstance(verdict, dict) or verdict.get("secret") != secret:
        return ProgramResult(False, ended or "ended before its tests did", output)
    holds = tuple(map(str, verdict.get("holds", ())))
    problem = str(verdict.get("problem", ""))[:_SHOWN]
    # A program that passed and then would not end has still passed its tests.
    return ProgramResult(not problem, problem or "passes its tests", output, holds)


@cache
def holds() -> tuple[str, ...]:
    """List the protections that hold a program on this system besides resource limits and an emptied ``socket``."""
    return run("", "", seconds=20.0, memory=1024).holds
