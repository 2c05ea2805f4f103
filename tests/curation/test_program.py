"""Programs: which block is run, and what a hostile one can do."""

import os
import time
from pathlib import Path

import pytest
from harness_plugins.curation import sandbox
from harness_plugins.curation.checker import ALLOW_CODE, BadReference, permit_code
from harness_plugins.curation.program import check, last_block
from harness_plugins.curation.sandbox import holds, run

from harness.errors import UsageError

TESTS = ["assert double(2) == 4", "assert double(-1) == -2"]
GOOD = "def double(x):\n    return 2 * x\n"


def fenced(program, language="python"):
    return f"Here:\n```{language}\n{program}```\nDone."


def tried(program, tests="", seconds=1.0, memory=512):
    return run(program, tests, seconds=seconds, memory=memory)


@pytest.mark.parametrize(
    ("response", "block"),
    [
        (fenced("a = 1\n"), "a = 1\n"),
        (fenced("a = 1\n", ""), "a = 1\n"),
        (fenced("a = 1\n") + "\n" + fenced("b = 2\n", "py"), "b = 2\n"),
        (fenced("a = 1\n") + "\n" + fenced("ls\n", "sh"), "a = 1\n"),
        (fenced("a = 1\n") + "\n```python\nunfinished", "a = 1\n"),
        ("```python\nlost\n```python\nb = 2\n```", "b = 2\n"),
        ("no block, `code` only", None),
        ("```python\nnever closed", None),
        ("", None),
    ],
)
def test_the_last_closed_block_of_python(response, block):
    assert last_block(response) == block


def test_right_and_wrong_programs():
    assert check(fenced(GOOD), TESTS).correct
    wrong = check(fenced(GOOD.replace("2", "3")), "\n".join(TESTS))
    assert (wrong.correct, wrong.why) == (False, "tests: AssertionError: ")
    assert check(fenced("def double(x) return\n"), TESTS).why.startswith("program: SyntaxError")
    assert check("double it", TESTS).why == "no fenced block in it"


@pytest.mark.parametrize("reference", [None, "", [], [1], "def broken(", 3, "\0"])
def test_a_reference_that_is_none(reference):
    with pytest.raises(BadReference):
        check("", reference)


@pytest.mark.parametrize(
    "program",
    [
        "import os; os._exit(0)",
        "raise SystemExit(0)",
        "import sys; sys.exit()",
        "quit()",
        "import ctypes; ctypes.string_at(0)",
        "def f(): return f()\nf()",
        "x = 'x' * (3 << 30)",
        "class E(Exception):\n    def __str__(self): raise self\nraise E",
        "while True: print('x' * 100_000)",
        'import sys\nfor fd in range(20):\n    try: open(fd, \'w\').write(\'{"secret": "", "problem": ""}\')\n'
        "    except OSError: pass\nimport os; os._exit(0)",
        "a = '\0'",
        "a = '\ud800'",
    ],
)
def test_a_program_that_does_not_come_to_its_tests_has_not_passed(program):
    ran = tried(program, "assert True")
    assert not ran.passed
    assert ran.why
    assert len(ran.output) <= 4096


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "10**10**10",
    ],
)
def test_a_program_that_hangs_is_killed(program, monkeypatch):
    monkeypatch.setattr(sandbox, "_STARTING", 0.5)
    start = time.monotonic()
    ran = tried(program, seconds=0.2)
    assert not ran.passed
    assert time.monotonic() - start < 6


def test_a_thread_that_goes_on_does_not_hold_the_verdict():
    start = time.monotonic()
    assert tried("import threading, time\nthreading.Thread(target=lambda: time.sleep(60)).start()", seconds=5.0).passed
    assert time.monotonic() - start < 4


def test_the_environment_is_empty_and_the_folder_its_own(monkeypatch):
    monkeypatch.setenv("SECRET", "s3cret")
    program = "import os\nassert 'SECRET' not in os.environ and 'HOME' not in os.environ\nassert os.listdir() == []"
    assert tried(program + "\nopen('a', 'w').write('b')\nassert open('a').read() == 'b'").passed


def test_what_python_offers_is_there():
    program = "import math, json, re, collections, threading, asyncio\nimport numpy as np\n"
    assert tried(program, "assert np.eye(2).sum() == 2 and asyncio.run(asyncio.sleep(0)) is None", seconds=20.0).passed


def test_the_program_cannot_see_the_job_or_the_secret_in_its_folder():
    assert tried("import os, sys\nassert sys.argv == ['program'] and 'job.json' not in os.listdir()").passed


needs_seccomp = pytest.mark.skipif("seccomp" not in holds(), reason="this system has no seccomp")
needs_landlock = pytest.mark.skipif("landlock" not in holds(), reason="this system has no Landlock")


@needs_seccomp
@pytest.mark.parametrize(
    "program",
    [
        "import os\nwhile True: os.fork()",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import multiprocessing as m; p = m.get_context('fork').Process(target=print); p.start()",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.kill(-1, 0)",
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
        "import os; os.chmod('.', 0o777)",
        "import resource, os; resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))",
    ],
)
def test_no_process_no_signal_no_network(program):
    ran = tried(program)
    assert not ran.passed
    assert "not permitted" in ran.why


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)",
        "import socket; socket.socket()",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')",
    ],
)
def test_without_help_of_the_kernel_python_has_no_sockets(program, tmp_path, monkeypatch):
    cage = tmp_path / "weak_cage.py"
    load = "import importlib.util as u; s = u.spec_from_file_location('cage', {!r}); m = u.module_from_spec(s)"
    weak = "s.loader.exec_module(m); m.hold_on = lambda hold: False; m.main()"
    cage.write_text(f"{load.format(str(sandbox._CAGE))}; {weak}")
    monkeypatch.setattr(sandbox, "_CAGE", cage)
    assert tried("x = 1").holds == ()
    ran = tried(program)
    assert not ran.passed
    assert "no network in here" in ran.why


@needs_landlock
def test_nothing_outside_the_folder_is_read_or_written(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    for program in (
        f"open({str(secret)!r}).read()",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"import os; os.remove({str(secret)!r})",
        f"import os; os.listdir({str(tmp_path)!r})",
        f"import os; os.truncate({str(secret)!r}, 0)",
        f"import os; os.rename({str(secret)!r}, 'mine')",
        "open('/etc/passwd').read()",
        "open('/proc/self/environ').read()",
        f"open('/proc/{os.getpid()}/environ').read()",
    ):
        ran = tried(program)
        assert not ran.passed
        assert any(word in ran.why for word in ("PermissionError", "FileNotFoundError", "Invalid cross-device"))
    assert secret.read_text() == "s3cret"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_files_are_limited_and_nothing_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = tried("with open('big', 'wb') as f:\n    for _ in range(64): f.write(bytes(1 << 20)); f.flush()")
    assert "File too large" in ran.why
    assert list(Path(tmp_path).iterdir()) == []


def test_leave_is_needed_to_run_code(monkeypatch):
    monkeypatch.delenv(ALLOW_CODE, raising=False)
    with pytest.raises(UsageError, match="--allow-code"):
        permit_code("python")
    permit_code("boxed")
    permit_code("python", allowed=True)
    monkeypatch.setenv(ALLOW_CODE, "1")
    permit_code("python")


SIGNALS_BY_OTHER_MEANS = [
    "import ctypes, os\n"
    "libc = ctypes.CDLL(None, use_errno=True)\n"
    "assert libc.sigqueue(os.getppid(), 0, None) == 0, os.strerror(ctypes.get_errno())",
    "import fcntl\nfcntl.fcntl(open('f', 'w'), 8, 1)",
    "import fcntl\nfcntl.fcntl(open('f', 'w'), 10, 9)",
    "import os\nos.sched_setaffinity(os.getppid(), {0})",
]


@needs_seccomp
@pytest.mark.parametrize("program", SIGNALS_BY_OTHER_MEANS)
def test_no_signal_by_other_means_where_there_is_no_landlock(program, tmp_path, monkeypatch):
    cage = tmp_path / "half_a_cage.py"
    load = "import importlib.util as u; s = u.spec_from_file_location('cage', {!r}); m = u.module_from_spec(s)"
    half = "s.loader.exec_module(m); m._landlock = m._namespaces = lambda: False; m.main()"
    cage.write_text(f"{load.format(str(sandbox._CAGE))}; {half}")
    monkeypatch.setattr(sandbox, "_CAGE", cage)
    assert tried("x = 1").holds == ("capabilities", "seccomp")
    ran = tried(program)
    assert not ran.passed
    assert "not permitted" in ran.why


def test_putting_a_function_in_the_place_of_another_fakes_no_pass():
    fake = "import json, os\nplain = json.dumps\njson.dumps = lambda told: plain({**told, 'problem': ''})\n"
    assert not sandbox.run(fake, "assert False", seconds=5, memory=1024).passed


def test_a_folder_that_cannot_be_removed_by_walking_is_gone_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    deep = "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\n"
    ran = sandbox.run(deep, "", seconds=10, memory=1024)
    assert ran.passed, ran.why
    assert list(tmp_path.iterdir()) == []


def test_an_end_by_a_signal_without_a_name_has_a_number():
    assert sandbox._signal_name(40) == "signal 40"
    assert sandbox._signal_name(9) == "SIGKILL"


def test_a_long_line_behind_a_fence_is_read_at_once():
    import time

    from harness_plugins.curation.program import last_block

    start = time.perf_counter()
    assert last_block("```" + " " * 200_000 + "`\n" + "```" + "a" * 200_000 + "`\n") is None
    assert time.perf_counter() - start < 5  # a second is a thousand times what it takes
