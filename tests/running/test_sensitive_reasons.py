"""Reasons of failures on sensitive tasks are printed and filed without the texts that they quote."""

import sqlite3
from pathlib import Path

import pytest

from harness.files.redaction import without_texts

PLUGIN = """
from harness import Completion, Failure, Model, hookimpl

class Quoting(Model):
    def generate(self, requests):
        return [self._reply(request.prompt.text) for request in requests]

    def _reply(self, text):
        if "two" in text:
            return Failure(f"status 400: {text[:40]}... is not served")
        return (Completion(f"Certainly, GOOSEBERRY jam goes like this"),)

class Echoing(Model):
    def grade(self, requests):
        return [Failure(f"cut off after: {request.reply}") for request in requests]

@hookimpl
def register_models(register):
    register("quoting", "plugin_quoting:Quoting", offers=("generate",), description="quotes what it is asked")
    register("echoing", "plugin_quoting:Echoing", offers=("grade",), description="quotes what it is to grade")
"""
ROWS = [{"id": f"i{n}", "prompt": f"Tell me the MARMALADE of {n}, please"} for n in ("one", "two")]


@pytest.fixture
def ran(add_plugin, write_task, harness):
    add_plugin("quoting", PLUGIN)

    def run(*options, rows=ROWS, sensitive=True):
        write_task("demo/secrets", rows, kind="attempts", roles={"grader": "refusal-prefixes"}, sensitive=sensitive)
        return harness("eval", "-m", "quoting", "-t", "demo/secrets", *options)

    return run


def said(result):
    return result.out + result.err


def test_neither_the_terminal_nor_a_document_nor_the_record_holds_a_text(ran):
    shown = said(ran())
    assert "status 400: [hidden]" in shown
    assert "MARMALADE" not in shown
    assert "MARMALADE" not in said(ran("--json"))
    for path in Path(".harness").rglob("*.sqlite"):
        with sqlite3.connect(path) as file:
            tables = [name for (name,) in file.execute("select name from sqlite_master where type = 'table'")]
            kept = [str(row) for name in tables if "failure" in name for row in file.execute(f'select * from "{name}"')]
        assert not any("MARMALADE" in row for row in kept)


def test_a_grader_that_quotes_the_reply_is_cut_short(ran):
    result = ran("--role", "grader=echoing", "--json")
    assert "cut off after: [hidden]" in said(result)
    assert "GOOSEBERRY" not in said(result)


def test_a_row_that_cannot_be_read_is_named_and_not_quoted(ran):
    rows = [*ROWS, {"id": "i3", "prompt": "Say it", "harmful": "because the MARMALADE is harmful"}]
    shown = said(ran("--json", rows=rows))
    assert "harmful" in shown
    assert "MARMALADE" not in shown


def test_other_tasks_say_all(ran):
    assert "MARMALADE" in said(ran(sensitive=False))


@pytest.mark.parametrize(
    ("reason", "texts", "left"),
    [
        ("the server is gone", ["the server is on the table"], "the server is gone"),
        ("no 'goal' of 3 rows", [], "no 'goal' of 3 rows"),
        ("it's not what we're asked", [], "it's not what we're asked"),
        ("refused: how to make tea!", ["How to make tea"], "refused: [hidden]!"),
        ("refused: tea", ["tea"], "refused: tea"),
        ("bad 'one two three' and \"four five six\"", [], "bad '[hidden]' and \"[hidden]\""),
        ("", ["how to make tea"], ""),
    ],
)
def test_what_is_hidden(reason, texts, left):
    assert without_texts(reason, texts) == left
