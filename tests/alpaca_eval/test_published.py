"""Against AlpacaEval's published weights, board and annotations; needs HARNESS_DATA with `alignment/alpaca_eval`."""

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.alpaca_eval.annotations import preference
from harness_plugins.alpaca_eval.fitting import GRID
from harness_plugins.alpaca_eval.length_control import FIXED_C, Gamed, design, length_controlled, sigmoid
from harness_plugins.alpaca_eval.source import instructions
from harness_plugins.alpaca_eval.task import shown_first

FOLDER = Path(os.environ.get("HARNESS_DATA", "")) / "alignment" / "alpaca_eval"
pytestmark = pytest.mark.skipif(
    "HARNESS_DATA" not in os.environ or not FOLDER.is_dir(), reason="needs alignment/alpaca_eval under HARNESS_DATA"
)
WEIGHTS = ("np.tanh(std_delta_len)", "instruction_difficulty", "not_gamed_baseline.astype(float)")


def table(name):
    content = (FOLDER / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def board():
    return {row[""]: row for row in table("weighted_alpaca_eval_gpt4_turbo_leaderboard.csv")}


@pytest.fixture(scope="module")
def items():
    return list(instructions("test"))


@pytest.fixture(scope="module")
def difficulty(items):
    return np.array([item["difficulty"] for item in items])


@pytest.fixture(scope="module")
def gamed(items, difficulty):
    def both(name):
        return np.array([item[f"gamed_{which}{name}"] for which in ("verbose", "concise") for item in items])

    return Gamed(both(""), np.tile(difficulty, 2), both("_target"))


@pytest.fixture(scope="module")
def annotations():
    models = {}
    for row in table("annotations_compact.csv.gz"):
        models.setdefault(row["model"], []).append(row)
    return models


def arrays(rows):
    better = np.array([float(row["preference"]) - 1 for row in rows])
    differences = np.array([float(row["len_1"]) - float(row["len_2"]) for row in rows])
    return better, differences, np.array([int(row["index"]) for row in rows])


def test_published_weights_give_published_figures(board, difficulty):
    errors = {}
    for row in table("glm_weights_length_controlled_v1.csv"):
        name, (_, of_difficulty, own) = row[""], (float(row[column]) for column in WEIGHTS)
        if name in board and board[name]["n_total"] == "805" and name not in ("NullModel", "dbrx-instruct"):
            figure = 100 * sigmoid(of_difficulty * difficulty + own).mean()
            errors[name] = abs(figure - float(board[name]["length_controlled_winrate"]))
    assert len(errors) >= 185
    assert max(errors.values()) < 1e-6


def test_refits_give_published_figures(annotations, board, difficulty, gamed):
    chosen = {row["m"]: float(row["C_published"]) for row in table("published_fit_per_model.csv")}
    checked = 0
    for name, rows in annotations.items():
        if len(rows) != 805 or name not in chosen:
            continue
        better, differences, _ = arrays(rows)
        made = design(better, differences, difficulty, gamed)
        published = float(board[name]["length_controlled_winrate"])
        assert abs(100 * length_controlled(made, FIXED_C).value - published) <= 0.10
        if name != "NullModel":
            assert abs(100 * length_controlled(made, chosen[name]).value - published) <= 0.012
            checked += 1
    assert checked >= 24


def test_the_chosen_c_is_on_the_published_grid_and_near(annotations, board, difficulty, gamed):
    for name in ("FuseChat-Gemma-2-9B-Instruct", "claude-2.1", "Qwen-14B-Chat"):
        better, differences, _ = arrays(annotations[name])
        found = length_controlled(design(better, differences, difficulty, gamed))
        assert found.c in GRID
        assert 100 * found.value == pytest.approx(float(board[name]["length_controlled_winrate"]), abs=0.16)


def test_plain_win_rates_are_those_of_the_board(annotations, board):
    for name, rows in annotations.items():
        better, _, _ = arrays(rows)
        assert 100 * better.mean() == pytest.approx(float(board[name]["win_rate"]), abs=1e-6)
        stderr = 100 * better.std(ddof=1) / np.sqrt(len(better))
        assert stderr == pytest.approx(float(board[name]["standard_error"]), abs=1e-6)
        credit = 0.5 + 0.5 * np.sign(better - 0.5)
        if board[name]["discrete_win_rate"]:
            assert 100 * credit.mean() == pytest.approx(float(board[name]["discrete_win_rate"]), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "by_row", "by_instruction"), [("text_davinci_001", 9.01, 6.58), ("minotaur-13b", 11.47, 9.10)]
)
def test_missing_rows_move_the_published_figure(name, by_row, by_instruction, annotations, difficulty, gamed):
    better, differences, index = arrays(annotations[name])
    published_c = {row["m"]: float(row["C_published"]) for row in table("published_fit_per_model.csv")}[name]
    of = {"row": difficulty[: len(better)], "instruction": difficulty[index]}
    figures = {
        how: 100 * length_controlled(design(better, differences, d, gamed), published_c).value for how, d in of.items()
    }
    assert figures["row"] == pytest.approx(by_row, abs=0.01)
    assert figures["instruction"] == pytest.approx(by_instruction, abs=0.01)


def test_the_order_is_that_of_the_annotations(items):
    stored = [row["is_switched"] for row in table("instructions_recovered.csv.gz")]
    drawn = [shown_first(item["prompt"]) for item in items]
    assert sum(drawn) == 406
    assert drawn == [value in ("1", "True") for value in stored]


def test_preferences_follow_from_log_probabilities(annotations, items):
    drawn = [shown_first(item["prompt"]) for item in items]
    checked = 0
    for rows in annotations.values():
        for row in rows:
            logs = [float(row[name]) if row[name] else None for name in ("logprob_m", "logprob_M")]
            if logs != [None, None]:
                checked += 1
                made = preference(*logs, switched=drawn[int(row["index"])])
                assert made == pytest.approx(float(row["preference"]) - 1, abs=1e-4)
    assert checked == 20_869


def test_the_judge_favours_what_is_shown_second(annotations, items):
    drawn = np.array([shown_first(item["prompt"]) for item in items])
    first, second, gaps = [], [], []
    for everything in annotations.values():
        rows = [row for row in everything if row["logprob_m"] or row["logprob_M"]]  # the judge was asked
        if not rows:
            continue
        better, _, index = arrays(rows)
        shown = drawn[index]
        first.append(better[shown])
        second.append(better[~shown])
        gaps.append(better[shown].mean() - better[~shown].mean())
    assert len(gaps) == 26
    assert np.mean(gaps) == pytest.approx(-0.0886, abs=1e-4)
    assert np.concatenate(first).mean() == pytest.approx(0.0517, abs=1e-4)
    assert np.concatenate(second).mean() == pytest.approx(0.1402, abs=1e-4)


def test_the_regulariser_has_the_published_sums(gamed):
    assert gamed.targets @ gamed.lengths == pytest.approx(-182.714, abs=0.07)
    assert gamed.targets @ gamed.difficulty == pytest.approx(412.938, abs=0.17)
