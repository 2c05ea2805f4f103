"""Published figures: from the recorded battles, and from tables of the repository."""

import os
from pathlib import Path

import numpy as np
import pytest
from harness_plugins.arena_hard.games import PromptAsked
from harness_plugins.arena_hard.published import table
from harness_plugins.arena_hard.recorded_battles import ArenaHardBattles
from harness_plugins.arena_hard.score import ArenaHardScore, games_of
from harness_plugins.arena_hard.score_compat import ArenaHardScoreCompat
from harness_plugins.arena_hard.style_control import style_controlled
from harness_plugins.arena_hard.task import ArenaHard

from harness import Definition, Failure, FieldColumns, Item
from harness.errors import DataError
from harness.metric import Columns
from harness.task import Answers
from harness.tasks import FileSource

PUBLISHED = {  # score and interval in percent
    "gpt-3.5-turbo-0125": (23.33805, 21.67, 25.27),
    "gpt-4-0613": (37.90193, 35.60, 40.36),
}
OTHERS = (
    "Nexusflow__Athene-V2-Chat",
    "Qwen__Qwen2.5-72B-Instruct",
    "mistralai__Mistral-Large-Instruct-2407",
    "mistralai__Mistral-Small-24B-Instruct-2501",
)


def files() -> Path:
    folder = Path(os.environ.get("HARNESS_DATA", "")) / "alignment" / "arena_hard"
    if not folder.is_dir() or not os.environ.get("HARNESS_DATA"):
        pytest.skip("Arena-Hard's files are not here: set HARNESS_DATA to a folder that holds alignment/arena_hard")
    return folder


def recorded(model: str) -> Columns:
    folder = files()
    battles = ArenaHardBattles(
        model,
        str(folder / "battles_v0.1_judge_gpt-4-1106-preview.csv.gz"),
        str(folder / "style_features_v0.1.csv.gz"),
    )
    task = ArenaHard(Definition(name="arena-hard/prompts"))
    ids = [str(row.values["uid"]) for row in FileSource(folder / "question_v0.1.jsonl.gz").rows()]
    answers = battles.recorded_games([PromptAsked(id_) for id_ in ids])
    rows = [
        task.row(Item(id_, {"baseline": ""}), [Answers("recorded_games", [], [answer])])
        for id_, answer in zip(ids, answers, strict=True)
    ]
    assert sum(isinstance(answer, Failure) for answer in answers) <= 1
    return Columns({name: np.array([row[name] for row in rows]) for name in task.columns}, facts=task.facts())


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_recorded_battles_give_the_published_score_and_interval(model):
    rows, (score, low, high) = recorded(model), PUBLISHED[model]
    found = ArenaHardScoreCompat(rounds=10_000).compute(rows)
    assert 100 * found.value == pytest.approx(score, abs=1e-4)
    assert (100 * found.low, 100 * found.high) == (pytest.approx(low, abs=0.5), pytest.approx(high, abs=0.5))
    assert found.n == 500


@pytest.mark.parametrize("model", PUBLISHED)
def test_intervals_by_prompt_are_half_as_wide_again_as_the_published_ones(model):
    rows = recorded(model)
    credit, weights = games_of(rows, 3)
    votes = np.repeat(credit.ravel(), weights.ravel().astype(int))
    found = ArenaHardScore().compute(rows)
    assert 1.5 <= found.stderr / (votes.std() / np.sqrt(len(votes))) <= 1.7


def test_the_win_rate_without_weights_is_another_quantity():
    rows = recorded("gpt-3.5-turbo-0125")
    assert 100 * ArenaHardScore(weight=1).compute(rows).value == pytest.approx(27.8, abs=1e-9)


def test_style_control_of_the_field_is_the_published_fit_and_without_its_mean_another():
    models = {model: recorded(model) for model in (*PUBLISHED, *OTHERS)}
    n = np.arange(500)
    field = {
        label: FieldColumns(n.astype("S"), None, True, np.ones(500, bool), 0 * n, n, lambda rows=rows: rows)
        for label, rows in models.items()
    }
    # As scikit-learn's LogisticRegression has it on the same votes, written twice, with C=1: the published fit.
    published = style_controlled(field, as_published=True).estimates
    assert 100 * published["gpt-4-0613"].value == pytest.approx(53.757, abs=0.01)
    assert 100 * published["gpt-3.5-turbo-0125"].value == pytest.approx(38.059, abs=0.01)
    assert 100 * published[OTHERS[0]].value == pytest.approx(80.042, abs=0.01)
    # The baseline writes less than the field: its mean difference of style is not none.
    right = style_controlled(field).estimates
    assert 100 * right["gpt-4-0613"].value == pytest.approx(39.18, abs=0.02)
    plain = style_controlled(field, features=[])
    assert 100 * plain.estimates["gpt-4-0613"].value == pytest.approx(PUBLISHED["gpt-4-0613"][0], abs=1e-4)
    alone = ArenaHardScore().compute(models["gpt-4-0613"])
    assert plain.estimates["gpt-4-0613"].stderr == pytest.approx(alone.stderr, rel=0.01)


def test_the_published_tables_are_read_with_their_intervals():
    csv = list(table(files() / "arena_hard_leaderboard_20240731.csv"))
    assert len(csv) == 60
    turbo = next(row for row in csv if row["model"] == "gpt-3.5-turbo-0125")
    assert (turbo["value"], turbo["low"], turbo["high"]) == (0.2334, 0.2167, 0.2527)
    text = {row["model"]: row for row in table(files() / "past_leaderboards.md")}
    assert text["athene-v2-chat"]["value"] == 0.85  # 72.1 with style control, which stands above it
    assert (text["athene-v2-chat"]["low"], text["athene-v2-chat"]["high"]) == (0.836, 0.867)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "model,score\nm,3\n", "t.csv:2"),
        ("t.csv", "model,score,rating_q025,rating_q975\nm,30,40,50\n", "not in its interval"),
        ("t.csv", "model,score,rating_q025,rating_q975\nm,4,3,5\nm,4,3,5\n", "there already"),
        ("t.md", "# Nothing\n", "no score"),
    ],
)
def test_a_table_that_is_none_is_an_error(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=said):
        list(table(tmp_path / name))
