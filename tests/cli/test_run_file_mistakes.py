"""Whatever is wrong with a run file is said before anything is computed, all of it, with file, line, key and mend."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from harness.terminal import visible

from ..messages import saying


@pytest.fixture
def mistakes(study, harness, toys):
    """The problems of a run file, which are the same with ``--dry-run`` and in JSON; nothing may have been made."""

    def find(text=None, **keys):
        path = study(**keys)
        if text is not None:
            (toys / path).write_text(text)
        before = sorted(toys.rglob("*"))
        ran = harness("run", path, "--json")
        assert ran.code == 2
        problems = [failure["reason"] for failure in ran.document["failures"]]
        assert (ran.document["written"], ran.document["not_written"]) == ([], [])
        for options in ((), ("--dry-run",)):
            ran = harness("run", path, *options)
            assert ran.code == 2
            assert all(visible(line) in ran.err for problem in problems for line in problem.splitlines())
            assert "internal error" not in ran.err
        assert sorted(toys.rglob("*")) == before
        return problems

    return find


def board(output="board.md", benchmark="demo", **more):
    return {"benchmark": benchmark, "output": output, **more}


def test_mistakes_of_all_kinds_are_reported_together_in_the_order_of_their_lines(mistakes, toys):
    (toys / "study/foreign").mkdir()
    (toys / "study/foreign/index.html").write_text("<p>mine")
    (toys / "study/file").write_text("text")
    (toys / "study/bad.yaml").write_text("source: x\nfigures:\n  m:\n    demo/plain:accuracy: 55\n")
    found = mistakes(
        """models:
  - lenght
  - a=length
  - a=toy-reader
tasks: [demo]
roles: {jugde: lenght}
metrics: [accuracyy]
adapters: [score-to-compar]
split: tset
limit: 3
store: file
leaderboards:
  - {benchmark: demo, output: a.md, published: [bad.yaml, none.yaml], merge: [file, none.sqlite]}
  - {benchmark: demo, output: ./a.md}
  - {benchmark: dmeo, output: b.md}
  - {benchmark: demo, output: c.md, format: htm}
  - {benchmark: demo, output: board.xlsx}
  - {benchmark: demo, output: file/d.md}
  - {benchmark: demo, output: foreign/}
"""
    )
    begins = [
        "2: models.0: no model is named 'lenght' (did you mean 'length' or 'equal-length'?)",
        "4: models.2: two models are called 'a'; give one another label: LABEL=MODEL",
        "6: roles.jugde: no model is named 'lenght' (did you mean 'length' or 'equal-length'?)",
        "6: roles.jugde: no task asked for has the role 'jugde'",
        "7: metrics.0: no metric is named 'accuracyy' (did you mean 'accuracy'",
        "8: adapters.0: no adapter is named 'score-to-compar' (did you mean 'score-to-compare'",
        "9: split: the task demo/plain has no split 'tset'; it has: test",
        "9: split: leaderboards hold whole evaluations of the test split; remove this key, or 'leaderboards'",
        "10: limit: leaderboards hold whole evaluations of the test split; remove this key, or 'leaderboards'",
        f"11: store: {toys}/study/file: not a usable store",
        "13: leaderboards.0.published.0: bad.yaml:4: figures.m.demo/plain:accuracy: 55 is no fraction",
        "13: leaderboards.0.published.1: none.yaml: no such file",
        "13: leaderboards.0.merge.0: file: not a usable store: file is not a database",
        "13: leaderboards.0.merge.1: none.sqlite: there is no such store",
        "14: leaderboards.1.output: ./a.md and leaderboards.0.output (a.md) are one place",
        "15: leaderboards.2.benchmark: no benchmark or task is named 'dmeo' (did you mean 'demo'?)",
        "16: leaderboards.3.format: no format is named 'htm' (did you mean 'html'?); there are table, markdown",
        "17: leaderboards.4.output: board.xlsx: the ending .xlsx names no format; give a format, one of these",
        "18: leaderboards.5.output: file/d.md: cannot be made: ",
        "19: leaderboards.6.output: foreign: holds an index.html that harness did not write",
    ]
    assert sorted(found) == sorted(
        line for text in begins for line in found if line.startswith(f"study/run.yaml:{text}")
    ), "\n".join(found)
    assert len(found) == len(begins)
    lines = [int(problem.split(":")[1]) for problem in found]
    assert lines == sorted(lines)


def test_what_breaks_the_schema_does_not_hide_the_rest(mistakes):
    found = mistakes(
        """models: [lenght]
tasks: [demo]
seed: soon
limit: 0
leaderboards:
  - {benchmark: demo, outptu: a.md}
  - {benchmark: dmeo, output: b.md}
  - {benchmark: [], output: ""}
  - {benchmark: demo, output: b.md}
"""
    )
    begins = [
        "1: models.0: no model is named 'lenght'",
        "3: seed: must be a whole number, got 'soon'",
        "4: limit: must be at least 1, got 0",
        "6: the key 'leaderboards.0.output' is missing",
        "6: unknown key 'leaderboards.0.outptu' (did you mean 'output'?)",
        "7: leaderboards.1.benchmark: no benchmark or task is named 'dmeo'",
        "8: leaderboards.2.benchmark: must not be empty",
        "8: leaderboards.2.output: must not be empty",
        "9: leaderboards.3.output: b.md and leaderboards.1.output (b.md) are one place",
    ]
    assert len(found) == len(begins)
    assert all(line.startswith(f"study/run.yaml:{text}") for line, text in zip(found, begins, strict=True)), found


def test_a_misspelt_key_that_others_depend_on_is_said_without_what_would_follow_from_it(mistakes):
    found = mistakes("model: [length]\ntasks: [demo]\nlimt: 3\n")
    assert found == [
        saying("study/run.yaml:1", "'model'", "'models'"),
        saying("study/run.yaml:3", "'limt'", "'limit'", "'split'"),
    ]


def test_a_broken_registry_is_named_with_the_key_that_names_it(mistakes, toys):
    (toys / "study/more.yaml").write_text("modles: {}\n")
    found = mistakes("tasks: [demo]\nregistry: more.yaml\nseed: x\n")
    assert len(found) == 2
    assert found[0] == saying("study/run.yaml:2", "registry", f"{toys}/study/more.yaml:1", "'modles'")
    assert found[1].startswith("study/run.yaml:3: seed: ")

    (toys / "study/registry.yaml").write_text("store: 3\n")
    found = mistakes("tasks: [demo]\nregistry: none.yaml\nseed: x\n")
    assert [problem.partition(": ")[0] for problem in found] == [
        "study/run.yaml",
        "study/run.yaml:2",
        "study/run.yaml:3",
    ]
    assert found[0] == saying("registry.yaml:1", "store", "text", "3", "quotes")


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("/", saying("/:", "folder", "file")),
        (".", saying("study", "folder")),
        ("run.yaml", saying("run.yaml", "usable")),
        ("registry.yaml/x/y.sqlite", saying("registry.yaml", "folder")),
        ("a\0b", saying("embedded null byte")),
    ],
)
def test_a_store_that_is_none(mistakes, store, said):
    found = mistakes(store=store, tasks=["demo"])
    assert len(found) == 1
    assert re.match(r"study/run\.yaml:6: store: ", found[0])
    assert found[0] == said


def test_true_is_no_number_and_no_models_are_the_default_ones(mistakes, study, harness, toys):
    found = mistakes("models: [length]\ntasks: [demo]\nseed: true\nlimit: yes\nconfidence: false\n")
    assert [problem.partition("run.yaml:")[2] for problem in found] == [
        saying("3", "seed", "whole number", "true"),
        saying("4", "limit", "whole number", "true"),
        saying("5", "confidence", "number", "false"),
    ]
    found = mistakes(models=[], tasks=["demo/plain"])
    assert found == [saying("study/run.yaml:", "-m MODEL", "'models'", "harness list models")]
    add_benchmark(toys, "other", default_models=["length"])
    assert harness("run", study(models=[], tasks=["other"]), "--dry-run").out.count("length") == 1


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"", b"- demo", b"tasks: [", b"? [a]\n: b\n", b"1: 2\nnull: 3\n", b"\0"]
)
def test_rubbish_is_one_clear_error(study, harness, toys, content):
    path = study()
    (toys / path).write_bytes(content)
    ran = harness("run", path)
    assert ran.code == 2
    assert "run.yaml" in ran.err
    assert "internal error" not in ran.err


# outputs


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("a.md", "./a.md", "one place"),
        ("a.md", "deep/../a.md", "one place"),
        ("a.md", "{folder}/a.md", "one place"),
        ("folder/a.md", "link/a.md", "one place"),
        ("site", "site/", "one place"),
        ("~/a.md", "{folder}/a.md", "one place"),
        ("site/", "site/index.html", "a site and one of its own pages"),
        ("site/index.html", "site/", "a site and one of its own pages"),
        ("site/", "site/demo/", "a site and one of its own pages"),
        ("site/", "site/demo/leaderboard.json", "a site and one of its own pages"),
        ("site/assets/site.html", "site/", "a site and one of its own pages"),
        ("a.md", "a.md/b.md", "a file and what lies below it"),
    ],
)
def test_two_outputs_that_cannot_both_be_written(mistakes, toys, monkeypatch, first, second, said):
    folder = toys / "study"
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(toys.parent / "cache"))
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(folder / "folder")
    found = mistakes(leaderboards=[board(first), board(second.format(folder=folder))])
    assert len(found) == 1
    assert found[0].startswith("study/run.yaml:11: leaderboards.1.output: ")
    assert found[0] == saying(f"leaderboards.0.output ({first.replace('~', str(folder))})", said)


def test_outputs_that_only_look_alike_are_written(study, harness, toys):
    folder = toys / "study"
    (folder / "link.md").symlink_to("a.md")
    boards = [board("site/"), board("site/board.csv"), board("a.md"), board("a.md.csv"), board("v1.2")]
    path = study(leaderboards=[*boards, board("site/inner/"), board("link.md")])
    for _ in range(2):  # the next build leaves what another one wrote
        assert harness("run", path).code == 0
        names = ("site/index.html", "site/board.csv", "site/inner/demo/index.html", "v1.2/index.html", "a.md")
        assert all((folder / name).is_file() for name in names)
        assert not (folder / "link.md").is_symlink()  # replaced, as any file is


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (board("folder", format="csv"), saying("folder:", "is a folder", "file")),
        (board("file.md/x/a.md"), saying("file.md", "folder")),
        (board("file"), saying("file:", "folder", "format")),
        (
            board("site/", format="csv"),
            saying("site/", "folder"),
        ),
        (board("a.md", ["demo", "other"]), saying("2 benchmarks", "site")),
        (board("run.yaml"), saying("run.yaml", "command")),
        (board("registry.yaml"), saying("registry.yaml", "command")),
        (board("/dev/null", format="csv"), saying("/dev/null", "device")),
        (board("x\0y.md"), saying("cannot be written: embedded null byte")),
        (board("x" * 300 + ".md"), saying("cannot be written: File name too long")),
        (board("../study/out/results.sqlite", format="csv"), saying("is read by this very command")),
        (board("out/results.sqlite/"), saying("is read by this very command")),
        (board("out/results.sqlite.files/"), saying("is in the folder of the store")),
        (board("out", format="csv"), saying("makes a file and what lies below it")),
        (board("folder/registry.yaml"), saying("read it as a registry")),
        (board("-"), saying("-:", "board.md")),
    ],
)
def test_places_that_cannot_be_written(mistakes, toys, given, said):
    (toys / "study/folder").mkdir()
    for name in ("file", "file.md"):
        (toys / "study" / name).write_text("mine")
    add_benchmark(toys, "other")
    found = mistakes(leaderboards=[given])
    assert len(found) == 1
    assert re.match(r"study/run\.yaml:(9|11): leaderboards\.0\.output: ", found[0])
    assert found[0] == said


def test_a_link_counts_where_it_lies_for_files_and_where_it_leads_for_others(mistakes, study, toys, monkeypatch):
    folder = toys / "study"
    closed = folder / "closed"
    closed.mkdir()
    (closed / "a.md").write_text("theirs")
    (folder / "link.md").symlink_to(closed / "a.md")  # is replaced
    (closed / "link.md").symlink_to(folder / "b.md")
    (folder / "site").symlink_to(closed)
    (folder / "store.sqlite").symlink_to(closed / "store.sqlite")
    allows = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and allows(path, mode))
    boards = [board("link.md"), board("closed/link.md"), board("site/")]
    found = mistakes(store="store.sqlite", leaderboards=boards)
    begins = ["6: store: ", "11: leaderboards.1.output: closed/link.md: ", "13: leaderboards.2.output: site: "]
    assert len(found) == len(begins)
    for problem, text in zip(found, begins, strict=True):
        assert problem.startswith(f"study/run.yaml:{text}")
        assert problem == saying(f"{closed}", "writing")


def test_what_allows_no_writing(mistakes, toys):
    (toys / "study/closed").mkdir(mode=0o500)
    if os.access(toys / "study/closed", os.W_OK):
        pytest.skip("this user may write everywhere, as root may")
    (toys / "study/closed.sqlite").touch(mode=0o400)
    found = mistakes(store="closed.sqlite", leaderboards=[board("closed/deep/a.md")])
    assert "store: " in found[0]
    assert found[0] == saying("closed.sqlite", "writing")
    assert found[1] == saying("closed allows no writing")


# what leaderboards are made of


def add_benchmark(toys, name, **keys):
    path = toys / "study/registry.yaml"
    registry = yaml.safe_load(path.read_text())
    registry["benchmarks"][name] = {"tasks": ["demo/plain"], **keys}
    path.write_text(yaml.safe_dump(registry))


@pytest.fixture
def second_task(study, toys, rows):
    """A task ``demo/second`` with a benchmark ``second`` of its own."""
    plain = (toys / "study/tasks/demo/plain.yaml").read_text()
    (toys / "study/tasks/demo/second.yaml").write_text(plain)
    add_benchmark(toys, "second", tasks=["demo/second"])


def test_a_leaderboard_that_nothing_can_fill_is_refused(mistakes, second_task):
    found = mistakes(leaderboards=[board("a.md"), board("b.md", "second"), board("site/", ["demo", "second"])])
    assert found == [
        saying(f"study/run.yaml:{10 + 2 * i}:", f"leaderboards.{i + 1}.benchmark:", "'second'", "'tasks'")
        for i in range(2)
    ]


def test_a_leaderboard_that_something_else_fills_is_warned_of(study, harness, toys, second_task):
    figures = '{"model": "m", "task": "demo/second", "metric": "best_of_k_accuracy", "value": 0.5}\n'
    (toys / "study/p.jsonl").write_text(figures)
    boards = [board("a.csv", "second", published=["p.jsonl"])]
    said = saying("study/run.yaml:8:", "leaderboards.0.benchmark:", "'second'")
    ran = harness("run", study(leaderboards=boards), "--dry-run")
    assert ran.code == 0
    assert ran.out == saying("warning:", *said.facts)
    ran = harness("run", study(leaderboards=boards))
    assert ran.code == 0, ran.err
    assert ran.err == saying("warning:", *said.facts)
    assert ",m," in (toys / "study/a.csv").read_text()
    # from the store, and from another
    assert harness("run", study(tasks=["demo/second"], store="other.sqlite")).code == 0
    for keys in ({"store": "other.sqlite"}, {"merge": ["other.sqlite"]}):
        more = {"merge": keys.pop("merge")} if "merge" in keys else {}
        ran = harness("run", study(**keys, leaderboards=[board("b.csv", "second", **more)]))
        assert ran.code == 0, ran.err
        assert ran.err == said
        assert "toy-reader" in (toys / "study/b.csv").read_text()


def test_an_aggregate_that_cannot_be_computed_is_said_also_of_a_benchmark_that_is_only_shown(mistakes, toys):
    add_benchmark(toys, "odd", aggregates=[{"name": "all", "how": "maen", "of": ["demo/plain:accuracy"]}])
    found = mistakes(tasks=["demo/plain"], leaderboards=[board(benchmark="odd")])
    assert len(found) == 1
    assert "leaderboards.0.benchmark: " in found[0]
    assert "'maen' (did you mean 'mean'?)" in found[0]


def test_each_mistake_in_a_published_file_has_its_line(mistakes, toys):
    (toys / "study/p.yaml").write_text("source: 3\nfigures: {m: {'demo/plain:accuracy': x}}\nnotes: 1\n")
    found = mistakes(leaderboards=[board(published=["p.yaml"])])
    where = "study/run.yaml:11: leaderboards.0.published.0: p.yaml"
    assert found == [
        saying(f"{where}:1", "source", "text", "3", "quotes"),
        saying(f"{where}:2", "figures.m.demo/plain:accuracy", "number", "'x'"),
        saying(f"{where}:3", "'notes'", "'note'"),
    ]


def test_formats_are_listed_once(mistakes):
    (found,) = mistakes(leaderboards=[board("a", format="site")])
    assert "no format is named 'site' (" in found
    assert found == saying("folder", "site/")
    (found,) = mistakes(leaderboards=[board("a", format="xyz")])
    assert found.count("markdown") == 1


def test_published_figures_of_other_tasks_and_rubbish(mistakes, toys):
    folder = toys / "study"
    (folder / "other.jsonl").write_text('{"model": "m", "task": "x/y", "metric": "accuracy", "value": 0.5}\n')
    (folder / "rubbish.jsonl").write_bytes(bytes(range(256)))
    (folder / "rubbish.jsonl.gz").write_bytes(b"no gzip")
    names = ["other.jsonl", "rubbish.jsonl", "rubbish.jsonl.gz", "."]
    found = mistakes(leaderboards=[board(published=names)])
    assert len(found) == len(names)
    assert found[0] == saying("published.0", "other.jsonl", "'demo'")
    assert all(f"study/run.yaml:{11 + i}: leaderboards.0.published.{i}: {n}" in found[i] for i, n in enumerate(names))


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        ({"output": "a.md", "outcome": "one.csv"}, ["outcome:", "site", "folder"]),
        ({"output": "a.md", "texts": True}, ["texts:", "site", "folder"]),
        ({"output": "a.md", "url": "https://example.org/"}, ["url:", "site", "folder"]),
        ({"output": "site/", "url": "example.org"}, ["url:", "'example.org'", "https://"]),
        ({"value_column": "a"}, ["value_column:", "'outcome'"]),
        ({"outcome": "none.csv"}, ["outcome:", "none.csv"]),
        ({"outcome": "rubbish.csv"}, ["outcome:", "rubbish.csv"]),
        ({"outcome": "folder"}, ["outcome:", "folder:"]),
        ({"outcome": ""}, ["outcome:", ".:"]),
        ({"outcome": "two.csv"}, ["outcome:", "two.csv:", "'value_column'"]),
        ({"outcome": "two.csv", "value_column": "c"}, ["value_column:", "two.csv:", "'c'"]),
        ({"outcome": "one.csv", "model_column": "c"}, ["model_column:", "one.csv:", "'c'"]),
    ],
)
def test_outcomes_that_no_site_can_show(mistakes, toys, more, facts):
    folder = toys / "study"
    (folder / "folder").mkdir()
    (folder / "one.csv").write_text("model,a\nlength,1\n")
    (folder / "two.csv").write_text("model,a,b\nlength,1,2\n")
    (folder / "rubbish.csv").write_bytes(bytes(range(256)))
    found = mistakes(leaderboards=[board(**{"output": "site/", **more})])
    assert len(found) == 1
    key, *rest = facts
    assert re.match(r"study/run\.yaml:\d+: leaderboards\.0\." + re.escape(key), found[0])
    assert found[0] == saying(*rest)


def test_a_label_that_names_other_models_in_stores_to_merge(mistakes, study, harness, toys):
    for name, model in (("one", "length"), ("two", "random")):
        assert harness("run", study(models=[f"a={model}"], store=f"{name}.sqlite")).code == 0
    merging = {"leaderboards": [board(merge=["one.sqlite", "two.sqlite"])]}
    found = mistakes(models=["length"], store="three.sqlite", **merging)
    assert found[0] == saying("leaderboards.0.merge:", "label 'a'", "demo/plain", "one.sqlite", "two.sqlite")
    merging = {"leaderboards": [board(merge=["two.sqlite"])]}
    found = mistakes(models=["a=length"], store="three.sqlite", **merging)
    assert found[0] == saying("label", "'a'", "demo/plain", "two.sqlite")
    found = mistakes(models=["b=length"], store="one.sqlite", **merging)
    assert found[0] == saying("leaderboards.0.merge", "label", "'a'")
    assert harness("run", study(models=["a=random"], store="one.sqlite", **merging)).code == 0  # evaluated anew


def test_a_label_that_names_other_models_on_other_tasks(mistakes, study, harness, toys, second_task):
    add_benchmark(toys, "both", tasks=["demo/plain", "demo/second"])
    assert harness("run", study(models=["a=random:seed=4"], tasks=["demo/second"], store="two.sqlite")).code == 0
    merging = {"leaderboards": [board(benchmark="both", merge=["two.sqlite"])]}
    # of a store that is not there yet
    found = mistakes(models=["a=random"], tasks=["demo/plain"], store="new.sqlite", **merging)
    assert found[0] == saying("leaderboards.0.merge", "label", "'a'", "two.sqlite")
    # of what stays in the own store, where another task is evaluated anew
    assert harness("run", study(models=["a=random"], tasks=["demo/second"], store="own.sqlite")).code == 0
    found = mistakes(models=["a=random:seed=4"], tasks=["demo/plain"], store="own.sqlite", **merging)
    assert found[0] == saying("label", "'a'", "demo/second")
    assert "own.sqlite and in two.sqlite: " in found[0]
    # the same model, on other tasks
    same = study(models=["a=random:seed=4"], tasks=["demo/plain"], store="new.sqlite", **merging)
    assert harness("run", same).code == 0


# writing


def test_one_that_cannot_be_written_stops_neither_the_others_nor_the_results(study, harness, toys, monkeypatch):
    path = study(leaderboards=[board("a.md"), board("deep/b.md"), board("c.md")])
    harness("run", path, "--dry-run")
    from harness.files import atomic

    write = atomic.write_atomically

    def full(place, text):
        if place.name == "b.md":
            raise OSError(28, "No space left on device")
        write(place, text)

    monkeypatch.setattr(atomic, "write_atomically", full)
    ran = harness("run", path, "--json")
    assert ran.code == 1
    document = ran.document
    folder = toys / "study"
    assert [Path(p) for p in document["written"]] == [folder / "a.md", folder / "c.md"]
    reason = "deep/b.md: cannot be written: No space left on device"
    assert document["not_written"] == [{"output": str(folder / "deep/b.md"), "reason": reason}]
    assert document["results"]
    assert document["failures"] == []
    ran = harness("run", path)
    assert ran.code == 1
    assert f"not written: deep/b.md: {reason}" in ran.err


def test_a_bug_of_a_plugin_in_one_leaderboard_leaves_the_others(study, harness, toys, monkeypatch):
    from harness.leaderboard import render

    def broken(made, format_):
        if format_ == "csv":
            raise ZeroDivisionError("of a plugin")
        return render(made, format_)

    monkeypatch.setattr("harness.leaderboard.rendering.render", broken)
    ran = harness("run", study(leaderboards=[board("a.csv"), board("b.md")]))
    assert ran.code == 1
    assert ran.err == saying("a.csv", "ZeroDivisionError: of a plugin")
    assert (toys / "study/b.md").is_file()
