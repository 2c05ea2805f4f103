"""The commands that make a model's figures again, and what failed."""

import html
import re
import shlex

from harness_plugins.site.provenance import without_folders


def shown_commands(page):
    [shown] = re.findall(r'<pre class="command"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return [shlex.split(html.unescape(line)) for line in re.findall("<code>(.*?)</code>", shown)]


def test_the_command_of_a_cross_validated_model_makes_it_again(harness, project):
    from harness.api import build_site

    task = "quickstart/detection"
    point = ("operating-point", "-t", task, "--base", "prompt-length", "--folds", 2, "--seed", 3, "--set", "rule=f1")
    for words in (("linear-detector", "-t", task, "--folds", 2, "--label", "odd"), point):
        assert harness("cross-validate", *words).code == 0
    (project / "registry.yaml").write_text(f"benchmarks:\n  own: {{tasks: [{task}]}}\n")
    build_site(["own"], "site")
    for page in (project / "site" / "own" / "models").iterdir():
        [words] = shown_commands(page.read_text("utf-8"))
        assert words[:2] == ["harness", "cross-validate"]
        ran = harness(*words[1:], "--json")
        assert ran.code == 0
        assert "training" not in ran.err


def test_a_model_evaluated_in_both_ways_has_both_commands(harness, project):
    from harness.api import build_site

    assert (
        harness("cross-validate", "linear-detector", "-t", "quickstart/detection", "--folds", 2, "--label", "m").code
        == 0
    )
    assert harness("eval", "-m", "m=length", "-t", "quickstart/preferences").code == 0
    tasks = "[quickstart/detection, quickstart/preferences]"
    (project / "registry.yaml").write_text(f"benchmarks:\n  own: {{tasks: {tasks}}}\n")
    build_site(["own"], "site")
    words = shown_commands((project / "site" / "own" / "models" / "m.html").read_text("utf-8"))
    assert [" ".join(line) for line in words] == [
        "harness cross-validate linear-detector -t quickstart/detection --folds 2 --label m",
        "harness eval -m m=length -t quickstart/preferences",
    ]


def test_lists_of_parts_and_adapters_are_part_of_the_command(harness, project):
    from harness.api import build_site

    detectors = "[[keyword-list],[length:adapters=[[score-to-detect:negative=help,positive=harm]]]]"
    wall = f"wall=detector-ensemble:how=max,detectors={detectors}"
    scaled = "scaled=tfidf:adapters=[[embed-to-detect:scale=5.0]]"
    task = ("-t", "quickstart/detection")
    assert harness("eval", "-m", wall, "-m", scaled, *task).code == 0
    assert harness("eval", "-m", "typed=tfidf", *task, "--adapter", "embed-to-detect:scale=2.0").code == 0
    (project / "registry.yaml").write_text("benchmarks:\n  own: {tasks: [quickstart/detection]}\n")
    build_site(["own"], "site")
    pages = project / "site" / "own" / "models"
    [words] = shown_commands((pages / "wall.html").read_text("utf-8"))
    assert words == ["harness", "eval", "-m", wall, "-t", "own"]
    [words] = shown_commands((pages / "scaled.html").read_text("utf-8"))
    assert words == ["harness", "eval", "-m", scaled, "-t", "own"]
    [words] = shown_commands((pages / "typed.html").read_text("utf-8"))
    assert words[4:] == ["-t", "own", "--adapter", "embed-to-detect:scale=2.0"]


def test_reasons_of_failures_name_files_without_their_folders():
    for text, shown in (
        ("ValueError: bad (/home/me/models/mine.py:14)", "ValueError: bad (mine.py:14)"),
        ("No such file: '/home/me/secret/x.csv'", "No such file: 'x.csv'"),
        ("C:\\Users\\me\\x.py:3", "x.py:3"),
        ("HTTP 404 at http://localhost:8000/v1/chat", "HTTP 404 at http://localhost:8000/v1/chat"),
        ("3/4 of a/b/c", "3/4 of a/b/c"),
    ):
        assert without_folders(text) == shown
