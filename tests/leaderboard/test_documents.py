"""LaTeX and model cards."""

import re

import pytest
import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

from harness.leaderboard import Board, BoardEntry, render
from harness.leaderboard.board import Column
from harness.leaderboard.documents import latex_text
from harness.stats import Estimate

NAN = float("nan")
HOSTILE = [
    r"\input{/etc/passwd}",
    r"a & b \\ c % d # e $x$ _f_ ^g ~h {i}",
    '<b>|"quotes"|</b>',
    "two\nlines",
    "\u202egnp.exe",
    "!!python/object:os.system x",
    "- a: &b *c",
    "null",
    "'",
]


def board(name):
    accuracy = Estimate(0.6229, 0.026, 0.571, 0.672, 350, 2)
    bare = Estimate(0.51234, NAN, NAN, NAN, 1)
    entries = [
        BoardEntry(name, {"mean": accuracy, "suite/task:loss": bare}, {}, 3, 1, 1, 2, True),
        BoardEntry("theirs", {"mean": bare}, {}, 0, published=("them",)),
        BoardEntry("nothing", {"mean": Estimate(NAN, NAN, NAN, NAN, 0)}, {}, 0),
    ]
    columns = [Column("mean", "mean", "fraction", True), Column("suite/task:loss", "task loss", "nats", False)]
    return Board("suite", "What it is.", columns, entries, ["a note"])


def test_latex_is_one_row_a_model_between_rules():
    text = render(board("first_model"), "latex")
    assert r"1 (1-2) & first\_model & 62.29 [57.1, 67.2] & 0.5123 & 3 \\" in text
    assert r"\begin{tabular}{rlrrr}" in text
    assert r"rank & model & mean & task loss (lower is better) & failed \\" in text
    assert r"\caption{suite: What it is.}" in text
    assert r"\textdagger{} & theirs \textdagger{}" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_model_is_called_is_no_command_of_latex(name):
    plain, hostile = (render(board(n), "latex") for n in ("plain", name))
    assert len(hostile.splitlines()) == len(plain.splitlines())
    row = next(line for line in hostile.splitlines() if line.startswith("1 (1-2) & "))
    # Without the escapes there is nothing left that LaTeX would obey, but the ends of cells and of the row.
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]", "", row.removesuffix(r" \\"))
    assert not set("\\{}%$#_^~") & set(bare)
    assert bare.count("&") == 4


def test_every_character_that_latex_obeys_is_escaped():
    for character in "\\{}&%$#_^~":
        assert latex_text(character).startswith("\\")
        assert len(latex_text(character)) > 1


@pytest.mark.parametrize("name", ["plain", *HOSTILE])
def test_a_model_card_is_read_back_by_the_hub(name):
    document = yaml.safe_load(render(board(name), "model-card"))
    [index] = document["model-index"]
    assert index["name"] == name
    found, results = model_index_to_eval_results(document["model-index"])
    assert found == name
    assert [(r.dataset_name, r.metric_type, r.metric_value) for r in results] == [
        ("suite", "aggregate", 0.6229),
        ("suite", "loss", 0.51234),
    ]
    assert results[0].metric_name == "mean [57.10, 67.20]"
    assert results[0].metric_args == {"unit": "fraction", "interval_95": [0.571, 0.672], "n": 350, "n_failed": 2}
    assert results[1].metric_args["interval_95"] is None


def test_latex_shows_what_would_turn_the_direction_of_writing():
    assert latex_text("a\u202egnp\u2066\x1b") == r"a\textbackslash{}u202egnp\textbackslash{}u2066\textbackslash{}x1b"
