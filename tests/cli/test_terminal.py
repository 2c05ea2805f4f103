"""What a terminal would obey is shown in every output of every command, whoever wrote it."""

from __future__ import annotations

import ast
import json
import logging
import re
import sqlite3
from pathlib import Path

import pytest

import harness as package
from harness.progress import TerminalProgress
from harness.terminal import one_entry, say, visible, visible_lines

EVIL = "a\x1b]0;title\x07\x1b[31m\x9b2J\u202egnp.exe\r\x08\x7f"
"""Sets a title, a colour (twice, the second as one C1 character), turns the direction, goes back, deletes."""
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
ROOT = Path(package.__file__).parents[1]
DOORS = {"harness/terminal.py": "the door itself", "plugins/curation/equality_worker.py": "speaks JSON over a pipe"}


def test_what_is_obeyed_is_shown_once():
    assert visible("a\x1bb\n\t\x85\u202e") == "a\\x1bb\\n\\t\\x85\\u202e"
    assert visible(visible(EVIL)) == visible(EVIL)
    assert visible_lines("a\tb\nc\r\x00") == "a\tb\nc\\r\\x00"
    assert visible("é → 中文 🙂 \\x1b") == "é → 中文 🙂 \\x1b"
    assert visible("\ud83d") == "\\ud83d"
    assert one_entry("first\nerror: forged\x1b") == "first\n  error: forged\\x1b"


def test_a_terminal_of_another_encoding_is_no_failure(monkeypatch):
    import io

    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    say("é → \ud83d")
    assert raw.getvalue() == b"\xe9 \\u2192 \\ud83d\n"


def _writes(call: ast.Call) -> bool:
    """Whether a call writes to the terminal by itself."""
    called = ast.unparse(call.func)
    own = {"click.echo", "click.secho", "click.prompt", "click.confirm", "click.echo_via_pager", "print", "input"}
    stream = r"(sys|os)\.(__)?(stdout|stderr)(__)?"
    return called in own or bool(re.fullmatch(rf"{stream}\.(write|writelines|buffer\.write)", called))


def test_there_is_no_other_door():
    found = []
    for path in sorted([*(ROOT / "harness").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if name not in DOORS:
            calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            found += [f"{name}:{call.lineno}: {ast.unparse(call)[:60]}" for call in calls if _writes(call)]
    assert found == []


PLUGIN = f"""
from harness import Failure, Model
from harness.hooks import hookimpl

EVIL = {EVIL!r}


class Hostile(Model):
    batch_size = 4

    def __init__(self, how="fails"):
        self.how = how

    def score(self, requests):
        if self.how == "raises":
            raise ValueError(EVIL + "\\nerror: forged")
        return [Failure(EVIL) if i % 2 else [1.0] * len(r.responses) for i, r in enumerate(requests)]

    def remarks(self):
        return [EVIL]


class Unmakeable(Model):
    def __init__(self):
        raise ValueError(EVIL)


def rows(path):
    raise ValueError(EVIL)


@hookimpl
def register_models(register):
    register("hostile", "plugin_hostile:Hostile", offers=("score",), description=EVIL)
    register("unmakeable", "plugin_hostile:Unmakeable", offers=("score",), description=EVIL)


@hookimpl
def register_importers(register):
    register("bad-rows", "plugin_hostile:rows", description=EVIL)


@hookimpl
def register_commands(register):
    register("evil-command", "plugin_hostile:nothing", description=EVIL)


@hookimpl
def cell_finished(cell):
    raise ValueError(EVIL)
"""
BROKEN = f"raise ValueError({EVIL!r})"


@pytest.fixture
def planted(toys, write_task, add_plugin):
    """A project in which everything that others can write is hostile."""
    add_plugin("hostile", PLUGIN)
    add_plugin("broken", BROKEN)
    made = [
        {
            "id": f"{i}{EVIL}",
            "prompt": f"{i}{EVIL}",
            "responses": [f"{i}.75", f"{i}.5"] if i else ["no number" + EVIL, "1"],
            "correct": [1, 0],
            "kind": ("even" if i % 2 else "odd") + EVIL,
        }
        for i in range(8)
    ]
    write_task("demo/evil", made, slices=["kind"], description=EVIL, licence=EVIL, citation=EVIL)
    write_task("demo/wrong", made[:2], kind=f"no-such{EVIL}")
    write_task("demo/rows", [{"prompt": EVIL, f"responses{EVIL}": 1}])
    registry = {
        "task_folders": ["tasks", f"nowhere{EVIL}"],
        "models": {
            "named": {"model": "toy-reader", "description": EVIL},
            "astray": f"no-such-model{EVIL}",
        },
        "benchmarks": {
            "evils": {
                "description": EVIL,
                "tasks": ["demo/evil"],
                "aggregates": [{"name": f"mean{EVIL}", "of": ["demo/evil:accuracy"]}],
            }
        },
    }
    (toys / "registry.yaml").write_text(json.dumps(registry))
    run = {"models": ["toy-reader", "hostile"], "tasks": ["evils"], "leaderboards": [{"output": "out.md"}]}
    (toys / "run.yaml").write_text(json.dumps(run))
    (toys / "bad-run.yaml").write_text(json.dumps({**run, f"key{EVIL}": 1}))
    (toys / "bad-yaml.yaml").write_text(f"a: [\n# {EVIL}")
    (toys / "scores.jsonl").write_text(json.dumps({"task": f"demo/evil{EVIL}", "id": "x", "scores": EVIL}) + "\n")
    return toys


EVALUATE = ("eval", "-m", "first=toy-reader", "-m", "second=length", "-t", "demo/evil")
COMMANDS = [
    ("eval", "-m", "toy-reader", "-m", "hostile", "-m", "hostile:how=raises", "-m", "length", "evils"),
    ("eval", "-m", "hostile", "-t", "demo/evil", "--domains", "--all-metrics"),
    ("eval", "-m", "hostile", "-t", "demo/evil", "--dry-run"),
    ("eval", "-m", "unmakeable", "-t", "demo/evil"),
    ("eval", "-m", "named", "-t", "demo/wrong"),
    ("eval", "-m", "named", "-t", "demo/rows"),
    ("eval", "-m", "astray", "-t", "demo/evil"),
    ("eval", "-m", f"length:x={EVIL}", "-t", "demo/evil"),
    ("eval", "-m", f"recorded:path=scores{EVIL}.jsonl", "-t", "demo/evil"),
    ("eval", "-m", "recorded:path=scores.jsonl", "-t", "demo/evil"),
    ("eval", "-m", f"no{EVIL}", "-t", f"no{EVIL}", "--metric", f"no{EVIL}", "--adapter", f"no{EVIL}"),
    ("eval", "-m", "length", "-t", "demo/evil", "--store", f"s{EVIL}.sqlite"),
    ("eval", "-m", "length", "-t", "demo/evil", "--store", f"scores.jsonl/{EVIL}"),
    ("eval", "-m", "length", "-t", "demo/evil", "--registry", f"r{EVIL}.yaml"),
    ("eval", "-m", "length", "-t", "demo/evil", "--registry", "bad-yaml.yaml"),
    ("eval", f"--no-such{EVIL}"),
    ("eval", "--limit", EVIL),
    (f"no-command{EVIL}",),
    ("--help",),
    ("run", "run.yaml"),
    ("run", "run.yaml", "--dry-run"),
    ("run", "bad-run.yaml"),
    ("run", f"no{EVIL}.yaml"),
    ("list", "models"),
    ("list", "tasks"),
    ("list", "benchmarks"),
    ("list", "importers"),
    ("list", "tasks", "--filter", f"no{EVIL}"),
    ("show", "demo/evil"),
    ("show", "evils"),
    ("show", "hostile"),
    ("show", "named"),
    ("show", f"no{EVIL}"),
    ("plugins",),
    ("check", "hostile"),
    ("check", "unmakeable"),
    ("check", f"no{EVIL}"),
    ("doctor",),
    ("leaderboard", "evils"),
    *(("leaderboard", "evils", "--format", name) for name in ("markdown", "csv", "json", "html", "latex")),
    ("leaderboard", f"no{EVIL}"),
    ("leaderboard", "evils", "-o", f"board{EVIL}.md"),
    ("leaderboard", "evils", "-o", f"site{EVIL}/"),
    ("leaderboard", "evils", "--merge", f"no{EVIL}.sqlite"),
    ("compare", f"first{EVIL}", "second", "--domains"),
    ("compare", f"no{EVIL}", "second"),
    ("correlate", "evils", "--outcome", f"no{EVIL}.csv"),
    ("train", "toy-trainer", "-t", f"no{EVIL}", "-o", "made"),
    ("train", "toy-trainer", "-t", "demo/evil", "-o", f"made{EVIL}"),
    ("cross-validate", "toy-trainer", "-t", f"no{EVIL}"),
    ("import", "bad-rows", "scores.jsonl", "-o", "x.jsonl"),
    ("import", "toy-results", f"no{EVIL}", "-o", "x.jsonl"),
    ("view", "--store", f"no{EVIL}.sqlite", "--no-open"),
    ("schema", EVIL),
]


def test_no_command_lets_the_terminal_obey(planted, harness):
    assert harness(*EVALUATE).code == 0
    with sqlite3.connect(".harness/store.sqlite") as store:  # as somebody else's store might have it
        store.execute("UPDATE cells SET label = label || ? WHERE label = 'first'", (EVIL,))
    store.close()
    obeyed, shown = [], 0
    for arguments in COMMANDS:
        ran = harness(*arguments)
        shown += "\\x1b" in ran.out + ran.err or "\\u202e" in ran.out + ran.err
        found = OBEYED.findall(ran.out + ran.err)
        if found or ran.code == 70:
            obeyed.append((arguments, ran.code, found, (ran.out + ran.err)[-300:]))
    assert obeyed == []
    assert shown > len(COMMANDS) * 0.7  # they do say what the others wrote


def test_json_stays_json_and_says_the_same(planted, harness):
    assert harness(*EVALUATE).code == 0
    for arguments in (EVALUATE, ("list", "models"), ("show", "demo/evil"), ("plugins",), ("doctor",)):
        ran = harness(*arguments, "--json")
        assert OBEYED.findall(ran.out) == []
        assert any("\x1b]0;title" in text for text in _texts(ran.document)), arguments


def _texts(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def test_a_bar_keeps_its_own_escapes_and_shows_those_of_names(monkeypatch):
    import io

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    progress = TerminalProgress()
    with progress.cell(EVIL, EVIL, 3) as tick:
        tick(1)
        tick(2)
    progress.step(EVIL, 1, **{f"loss{EVIL}": 0.5})
    progress.warn(EVIL)
    progress.say(EVIL)
    written = terminal.getvalue()
    assert "\\x1b]0;title" in written
    assert "\x1b]" not in written
    assert "\x1b[31m" not in written
    assert not set(written) & set("\x07\x9b\u202e\x08\x7f")


def test_what_libraries_log_and_die_of_is_shown(shell, add_plugin):
    add_plugin(
        "logs",
        f"import logging, warnings, threading\nEVIL = {EVIL!r}\nlogging.getLogger('x').error('%s', EVIL)\n"
        "warnings.warn(EVIL)\n\ndef die():\n    raise ValueError(EVIL)\n\n"
        "t = threading.Thread(target=die)\nt.start()\nt.join()\n",
    )
    ran = shell("plugins")
    assert ran.err.count("\\x1b]0;title") == 3
    assert OBEYED.findall(ran.out + ran.err) == []


def test_log_records_of_this_process_are_left_alone(harness):
    harness("list", "kinds")
    assert logging.getLogRecordFactory() is logging.LogRecord
