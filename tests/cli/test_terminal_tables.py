"""Tables on a terminal fit its width and keep what matters; pipes get the same bytes as ever."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time

import pytest

from harness.cli.plan_running import failure_lines
from harness.progress import TerminalProgress, progress_line
from harness.results.terminal_tables import FittedTable, cells, fitted, fold
from harness.stats import Estimate
from harness.store.records import CellRecord, Result
from harness.terminal import say_spans, visible

STYLES = re.compile(r"\x1b\[[0-9;]*m")
MODELS = ("-m", "length", "-m", "a-label-of-forty-characters-for-a-random-model=random:seed=3", "-m", "random")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch, project):
    """Run a command in this process with a terminal of some width as its standard output; gives what it wrote."""
    from harness.cli.main import run

    def call(width, *arguments, code=0):
        monkeypatch.setenv("COLUMNS", str(width))
        screen = Terminal()
        monkeypatch.setenv("TERM", "xterm")
        with contextlib.redirect_stdout(screen):
            assert run([str(a) for a in arguments]) == code
        return screen.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    return call


@pytest.fixture
def evaluated(project, harness, capsys):
    """The quickstart, in the store: five columns of figures."""
    assert harness("eval", *MODELS, "-t", "quickstart").code == 0
    return project


def test_a_leaderboard_fits_every_width_and_keeps_rank_model_ranking_and_failures(evaluated, terminal):
    shown = {}
    for width in (80, 100, 140):
        written = STYLES.sub("", terminal(width, "leaderboard", "quickstart"))
        lines = written.splitlines()
        assert max(map(len, lines)) <= width
        [head] = [line for line in lines if line.startswith("rank")]
        assert [head.split()[i] for i in (0, 1, 2, -1)] == ["rank", "model", "mean", "failed"]
        shown[width] = len(head.split())
        hidden = re.search(r"^\+(\d) columns?: --wide, or harness view$", written, re.MULTILINE)
        assert len(head.split()) + (int(hidden[1]) if hidden else 0) == 8
    assert shown[80] < shown[100] < shown[140]
    wide = STYLES.sub("", terminal(80, "leaderboard", "quickstart", "--wide"))
    assert "--wide" not in wide
    assert "similarity_auroc" in wide


def test_the_best_is_bold_the_interval_dim_and_failures_red(evaluated, terminal):
    written = terminal(140, "leaderboard", "quickstart")
    [first] = [line for line in written.splitlines() if line.startswith("1")]
    assert re.search(r"\x1b\[1m\d+\.\d\d\x1b\[0m\x1b\[2m \[\d", first)
    table = FittedTable(head=["m", "failed"], rows=[["a", "3"]], failed={(0, 1)})
    assert fitted(table, 80)[0][-1][-1] == ("3", "red")


@pytest.mark.parametrize(
    ("variables", "arguments", "coloured"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": ""}, (), True),
        ({"TERM": "dumb"}, (), False),
        ({}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ],
)
def test_styles_are_the_users_choice(evaluated, terminal, monkeypatch, variables, arguments, coloured):
    call = terminal
    original = monkeypatch.setenv

    def keep(name, value):
        original(name, variables.get(name, value))

    monkeypatch.setattr(monkeypatch, "setenv", keep, raising=False)
    for name, value in variables.items():
        original(name, value)
    assert ("\x1b" in call(80, "leaderboard", "quickstart", *arguments)) is coloured


def test_pipes_are_what_they_were(evaluated, harness):
    from harness.api import build_leaderboard
    from harness.leaderboard.rendering import render

    plain = harness("leaderboard", "quickstart").out
    assert plain == render(build_leaderboard("quickstart"), "table")
    assert harness("leaderboard", "quickstart", "--color", "never", "--wide").out == plain
    coloured = harness("leaderboard", "quickstart", "--color", "always").out  # as for ``less -R``
    assert "\x1b[1m" in coloured


def test_json_on_a_terminal_is_the_same_document(evaluated, terminal, harness):
    arguments = ("list", "benchmarks", "--json")
    assert terminal(80, *arguments) == harness(*arguments).out


def test_eval_prints_a_row_a_model_best_first(evaluated, terminal):
    written = STYLES.sub(
        "",
        terminal(
            100,
            "eval",
            *("prompt-length" if word == "length" else word for word in MODELS),
            "-t",
            "quickstart/detection",
        ),
    )
    lines = written.splitlines()
    at = lines.index("quickstart/detection")
    assert lines[at + 1].split()[:3] == ["model", "auroc", "average_precision"]
    figures = [float(found[1]) for line in lines[at + 3 : at + 8] if (found := re.search(r" (\d+\.\d\d) \[", line))]
    assert len(figures) == 3
    assert figures == sorted(figures, reverse=True)
    every = STYLES.sub(
        "",
        terminal(
            100,
            "eval",
            *("prompt-length" if word == "length" else word for word in MODELS),
            "-t",
            "quickstart/detection",
            "--all-metrics",
        ),
    )
    assert len(re.findall(r"average_precision +\d", every)) == 3  # rows; notes name the metric too


def test_the_list_is_grouped_and_fits(terminal):
    written = STYLES.sub("", terminal(80, "list", "tasks"))
    lines = written.splitlines()
    assert max(map(len, lines)) <= 80
    assert "quickstart" in lines
    assert any(line.startswith("  quickstart/detection ") for line in lines)
    assert STYLES.sub("", terminal(60, "list", "models")).startswith("plugin ")


def _result(metric, value, *, headline=False):
    return Result("m", "t", metric, "overall", Estimate(value, 0.1, value - 0.1, value + 0.1, 9), "fraction", True,
                  headline=headline)  # fmt: skip


def test_what_repeats_the_headline_gives_way_and_compat_shows_only_where_it_differs():
    from harness.results.summary import chosen_metrics

    figures = {"a": 0.5, "a@compat": 0.5, "b": 0.5, "c": 0.4, "d": 0.3, "d@compat": 0.2, "e": 0.1}
    models = [{name: _result(name, value, headline=name == "a") for name, value in figures.items()}]
    assert chosen_metrics(models) == ("a", ["c", "d", "d@compat"], ["a@compat"], 2)
    assert chosen_metrics([]) == ("", [], [], 0)


def test_a_model_of_which_everything_failed_is_a_row_of_the_summary(terminal, write_task, toys):
    rows = [{"id": str(i), "prompt": "p", "responses": ["no number", "none"], "correct": [1, 0]} for i in range(3)]
    write_task("demo/bad", rows)
    written = terminal(100, "eval", "-m", "toy-reader", "-m", "length", "-t", "demo/bad", code=1)
    [line] = [line for line in written.splitlines() if line.startswith("toy-reader")]
    assert "\x1b[31mfailed\x1b[0m" in line
    assert "\x1b[31mall\x1b[0m" in line


EVIL = "[bold red]x[/] [link=http://a]y[/link] \x1b[31m\x9b2J\u202e :smile: \n\t"


def test_texts_are_neither_markup_nor_control(capsys):
    table = FittedTable(head=["model", EVIL], rows=[[EVIL, EVIL], ["b", "2"]], best={(0, 1)}, keep=(0, 1))
    lines, _ = fitted(table, None)
    say_spans(lines, colours=True)
    written = capsys.readouterr().out
    assert STYLES.sub("", written).count(visible(EVIL)) == 2
    assert not set(STYLES.sub("", written)) & set("\x1b\x9b\u202e\t")


@pytest.mark.parametrize(
    "mark",
    ["\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\u200b", "\u2060", "\ufeff", "\u00ad", "\U000e0041", "\u200d"],
)
def test_marks_without_width_are_shown(mark):
    assert visible(f"ab{mark}c") == f"ab{mark.encode('unicode_escape').decode()}c"


@pytest.mark.parametrize("text", ["👩‍💻 ❤️‍🔥", "می‌خواهم", "क्‍ष", "e\u0301"])
def test_joiners_stay_where_letters_are_written_with_them(text):
    assert visible(text) == text


def test_wide_letters_take_two_columns():
    lines, _ = fitted(FittedTable(head=["m", "n"], rows=[["中文模型", "1"], ["b", "22"]]), 80)
    assert len({cells("".join(text for text, _ in line)) for line in lines[1:]}) == 1


@pytest.mark.parametrize("room", [8, 11, 30])
def test_folding_loses_nothing(room):
    for text in ("quickstart-reward-model/of:something=else", "some words of a sentence", "中文模型" * 5, ""):
        lines = fold(text, room)
        assert all(cells(line) <= room for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_without_a_terminal_a_line_now_and_then(capsys):
    with TerminalProgress(every=0.05).cell("slow", "my/t\x1b", 600) as tick:
        tick(240)
        time.sleep(0.13)
    first, second = capsys.readouterr().err.splitlines()[:2]
    assert first.startswith("slow on my/t\\x1b: 240 of 600 items, ")
    assert second.endswith("240 of 600 items, none in the last 0 s")
    with TerminalProgress().cell("fast", "my/t", 600) as tick:
        tick(600)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("done", "lately", "total", "said"),
    [
        (240, 960, 600, "240 of 600 items, 32 a second, about 11 s left"),
        (3, 3, 16_038, "3 of 16,038 items, 6 a minute, about 44 h 32 min left"),
        (5, 60, None, "5 items, 2 a second"),
        (5, 0, 9, "5 of 9 items, none in the last 30 s"),
    ],
)
def test_progress_in_words(done, lately, total, said):
    assert progress_line(done, lately, total, 30.0) == said


def test_failures_are_grouped_by_reason_with_their_count():
    failures = [(str(i), "out of memory") for i in range(600)] + [("x", "no\nnumber")]
    cell = CellRecord("m", "f", "t", "d", {}, (), "done", failures=failures, failed_requests=700)
    assert failure_lines([cell]) == [
        "failed: m on t, 600 items, the first 0: out of memory",
        "failed: m on t, item x: no\\nnumber",
        "... and 99 more failures, whose reasons were not kept",
    ]
    many = [(str(i), f"reason {i}") for i in range(8)]
    assert failure_lines([CellRecord("m", "f", "t", "d", {}, (), "done", failures=many, failed_requests=8)])[5:] == [
        "... and 3 more failures for 3 other reasons (all of them with --json)"
    ]


def test_rich_is_imported_for_a_terminals_table_only(project):
    for arguments in (["list", "tasks"], ["--help"]):
        script = (
            f"from harness.cli.main import run; assert run({arguments!r}) == 0\n"
            "import sys; assert not [m for m in sys.modules if m.partition('.')[0] == 'rich']"
        )
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)


def test_a_real_terminal_is_measured_and_asked_for_nothing(project):
    process, screen = pty.fork()
    if process == 0:  # pragma: no cover - the other process
        os.environ.pop("COLUMNS", None)
        os.environ.update(TERM="xterm")
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 72, 0, 0))
        os.execv(sys.executable, [sys.executable, "-m", "harness.cli.main", "list", "tasks"])
    written = b""
    with contextlib.suppress(OSError):
        while more := os.read(screen, 65536):
            written += more
    os.close(screen)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    lines = STYLES.sub("", written.decode()).splitlines()
    assert 60 < max(map(len, lines)) <= 72


def test_plugins_fit_the_terminal_and_the_readers_own_come_first(terminal, add_plugin):
    add_plugin("mine", "from harness.hooks import hookimpl\n@hookimpl\ndef register_models(register):\n    pass\n")
    written = STYLES.sub("", terminal(80, "plugins"))
    assert written.splitlines()[0].startswith("mine  loaded")
    assert max(map(cells, written.splitlines())) <= 80


def test_a_comparison_on_several_tasks_says_of_each_row_which_it_is_of(evaluated, terminal, harness):
    written = STYLES.sub("", terminal(80, "compare", "length", "random", "-t", "quickstart"))
    lines = written.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.rstrip() for line in lines if line.startswith("-- ")] == [
        f"-- quickstart/{name}" for name in ("best-of-16", "preferences", "duplicates")
    ]
    [head] = [line for line in lines if line.startswith("metric ")]
    assert "task" not in head
    assert "task" in harness("compare", "length", "random", "-t", "quickstart").out
