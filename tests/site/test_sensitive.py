"""A site shows no text of a sensitive task, also where texts are asked for, unless these are asked for by name."""

import json

import pytest

from harness import build_site
from harness.names.registry import Registry

SECRET = "MARMALADE"


@pytest.fixture
def registry(write_task, harness, project):
    """A sensitive and an ordinary task of recorded detectors, one of whose answers failed."""
    rows = [{"id": f"i{n}", "text": f"Tell me {SECRET} of item {n}", "label": n % 2} for n in range(6)]
    write_task("demo/secrets", rows, kind="detection", sensitive=True)
    write_task("demo/plain", [{**row, "text": f"plain {row['id']}"} for row in rows], kind="detection")
    recorded = [
        {"task": task, "id": row["id"], "log_odds": None if row["id"] == "i5" else float(row["label"])}
        for task in ("demo/secrets", "demo/plain")
        for row in rows
    ]
    (project / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in recorded))
    models = ("-m", "one=recorded:path=r.jsonl", "-m", "keyword-list", "-m", "prompt-length")
    ran = harness("eval", *models, "-t", "demo/secrets", "-t", "demo/plain", "--json")
    assert ran.code == 0, ran.err
    return Registry()


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_file_of_a_site_holds_a_text_of_a_sensitive_task(registry, tmp_path):
    notes = []
    build_site(["demo/secrets", "demo/plain"], tmp_path / "site", texts=True, registry=registry, say=notes.append)
    made = contents(tmp_path / "site")
    assert [name for name, content in made.items() if SECRET.encode() in content] == []
    assert any(b"plain i3" in content for content in made.values())  # of the other task they are there
    assert any("demo/secrets" in note and "--show-sensitive" in note for note in notes)
    reasons = [name for name, content in made.items() if b"says that the request failed" in content]
    assert reasons
    assert not any("secrets" in name for name in reasons)
    assert any(b"hidden: the reason may hold texts" in content for content in made.values())


def test_texts_are_there_for_who_asks_for_them_by_name(registry, tmp_path):
    build_site(["demo/secrets"], tmp_path / "site", texts=True, show_sensitive=True, registry=registry)
    made = contents(tmp_path / "site")
    assert [name for name, content in made.items() if SECRET.encode() in content]
    assert any(b"says that the request failed" in content for content in made.values())
    assert any(b"--texts --show-sensitive" in content for content in made.values())


def test_the_option_is_for_sites(registry, harness):
    ran = harness("leaderboard", "demo/secrets", "--show-sensitive", "-o", "board.md")
    assert ran.code != 0
    assert "--show-sensitive is for a site" in ran.err
    assert SECRET not in harness("leaderboard", "demo/secrets", "--format", "json").out
