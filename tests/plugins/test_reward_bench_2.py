"""RewardBench 2: best of four, and the score of Ties against a slow transcription of its definition."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from harness import build_leaderboard, evaluate
from harness.cli import import_command
from harness.metric import Columns
from harness.names.registry import Registry
from harness.task import BadItem
from harness.tasks.build import build_task
from harness.tasks.build_metric import build_metric

from ..messages import saying

SUBSETS = ["Factuality", "Precise IF", "Math", "Safety", "Focus"]


def ties_by_hand(prompts):
    """The score of {id: (right scores, wrong scores)}, figure by figure."""
    margin = {i: min(right) - max(wrong) for i, (right, wrong) in prompts.items()}
    spread = {i: max(right) - min(right) for i, (right, _) in prompts.items()}
    references, tied = ([i for i in prompts if i.startswith(kind)] for kind in ("ref:", "tied:"))
    first = second = third = 0.0
    pairs = [i for i in tied if i.replace("tied", "ref") in prompts]
    for i in pairs:
        lower = min(margin[i], margin[i.replace("tied", "ref")])
        first += margin[i] > spread[i]
        second += lower > spread[i]
        if spread[i] > 0:
            third += math.tanh(lower / spread[i] - 1)
        else:
            third += np.sign(lower)
    accuracy = [sum(margin[i] > 0 for i in ids) / len(ids) for ids in (tied, references)]
    return 0.3 * accuracy[0] + 0.3 * accuracy[1] + (0.2 * first + 0.2 * second + 0.01 * third) / len(pairs)


def columns_of(prompts):
    ids = [i.split(":") for i in prompts]
    values = {
        "margin": [min(right) - max(wrong) for right, wrong in prompts.values()],
        "spread": [max(right) - min(right) for right, _ in prompts.values()],
        "reference": [float(kind == "ref") for kind, _ in ids],
        "pair": [float(number) for _, number in ids],
    }
    codes = np.unique(values["pair"], return_inverse=True)[1]
    return Columns({name: np.array(column) for name, column in values.items()}, codes)


SCORE = build_metric(Registry(), "ties_score")


def compute(prompts):
    return SCORE.compute(columns_of(prompts))


whole = st.integers(-3, 3).map(float)
pair_of_prompts = st.tuples(
    st.tuples(st.lists(whole, min_size=1, max_size=1), st.lists(whole, min_size=1, max_size=3)),
    st.tuples(st.lists(whole, min_size=2, max_size=4), st.lists(whole, min_size=1, max_size=3)),
)


def numbered(pairs):
    return {f"{kind}:{n}": p for n, pair in enumerate(pairs) for kind, p in zip(("ref", "tied"), pair, strict=True)}


@given(st.lists(pair_of_prompts, min_size=1, max_size=6))
def test_the_score_is_what_its_definition_says(pairs):
    prompts = numbered(pairs)
    made = compute(prompts)
    assert made.value == pytest.approx(ties_by_hand(prompts), abs=1e-12)
    assert made.low <= made.value + 1e-12
    assert made.value - 1e-12 <= made.high
    assert made.low >= -0.01
    assert made.high <= 1.01


@given(st.lists(pair_of_prompts, min_size=1, max_size=4), st.sampled_from([0.25, 0.5, 8.0]), whole)
def test_the_unit_and_origin_of_the_scores_do_not_matter(pairs, scale, shift):
    moved = [tuple(tuple([scale * (s + shift) for s in part] for part in prompt) for prompt in pair) for pair in pairs]
    assert compute(numbered(moved)) == compute(numbered(pairs))  # powers of two round nothing


def test_a_perfect_model_gets_101_and_a_reversed_one_less_than_nothing():
    perfect = numbered([(([1.0], [0.0]), ([1.0, 1.0], [0.0]))] * 20)
    worst = numbered([(([0.0], [1.0]), ([0.0, 0.0], [1.0]))] * 20)
    top, bottom = compute(perfect), compute(worst)
    assert (top.value, top.high) == pytest.approx((1.01, 1.01))
    assert bottom.value == pytest.approx(-0.01)
    assert top.low < 1.01  # twenty perfect pairs do not prove perfection
    assert bottom.high > -0.01


def test_a_constant_model_gets_nothing():
    assert compute(numbered([(([2.0], [2.0, 2.0]), ([2.0, 2.0], [2.0]))] * 3)).value == 0


def test_prompts_without_partner_count_in_the_accuracies_only():
    paired = numbered([(([3.0], [0.0]), ([3.0, 2.0], [0.0]))])
    alone = {**paired, "ref:7": ([0.0], [1.0]), "tied:9": ([5.0, 4.0], [3.0]), "tied:8": ([0.0, 1.0], [3.0])}
    made = compute(alone)
    assert made.value == pytest.approx(ties_by_hand(alone), abs=1e-12)
    assert made.detail["without_partner"] == 3
    assert made.detail["tied_accuracy"] == pytest.approx(2 / 3)
    assert made.detail["reference_accuracy"] == 0.5


def test_without_any_pair_there_is_no_score():
    made = compute({"ref:1": ([1.0], [0.0]), "tied:2": ([1.0, 1.0], [0.0])})
    assert math.isnan(made.value)
    assert made.detail == {"reason": saying("ref:N", "tied:N")}


def random_pairs(rng, n):
    """Pairs whose reference and tied prompt are about as hard as each other."""
    made = []
    for ease in rng.normal(1.5, 1, n):
        tied = (rng.normal(ease, 0.6, 4), rng.normal(0, 0.6, 5))
        made.append(((rng.normal(ease, 0.6, 1), rng.normal(0, 0.6, 5)), tied))
    return made


def test_the_error_is_the_spread_over_repeated_draws_of_pairs():
    rng = np.random.default_rng(11)
    truth = compute(numbered(random_pairs(rng, 20000))).value
    made = [compute(numbered(random_pairs(rng, 51))) for _ in range(300)]
    assert np.mean([e.value for e in made]) == pytest.approx(truth, abs=0.01)
    assert np.mean([e.stderr for e in made]) == pytest.approx(np.std([e.value for e in made]), rel=0.1)
    assert 0.92 <= np.mean([e.low <= truth <= e.high for e in made]) <= 0.985


# data of RewardBench 2's schema, through the loader


def rows():
    rng = np.random.default_rng(2)
    made = []
    for number, subset in enumerate(SUBSETS * 8):
        made.append((str(number), subset, 1, 3))
    for number in range(6):
        made += [(f"ref:{number}", "Ties", 1, 4), (f"tied:{number}", "Ties", 3 + number, 4)]
    rng.shuffle(made)
    return [
        {
            "id": id_,
            "prompt": f"prompt {id_}",
            "chosen": [f"right {id_} {k}" for k in range(int(right))],
            "rejected": [f"wrong {id_} {k}" for k in range(int(wrong))],
            "num_correct": int(right),
            "num_incorrect": int(wrong),
            "total_completions": int(right) + int(wrong),
            "models": ["m"] * (int(right) + int(wrong)),
            "subset": subset,
            "additional_metadata": None,
        }
        for id_, subset, right, wrong in made
    ]


def test_published_scores_run_from_the_authors_file_to_the_leaderboard(mirror, registry, tmp_path):
    data = rows()
    mirror("allenai/reward-bench-2/test", data)
    rng = np.random.default_rng(4)
    scores = [rng.integers(0, 3, row["total_completions"]).astype(float) for row in data]
    for row, values in zip(data, scores, strict=True):
        values[: row["num_correct"]] += 1
    table = {"id": [r["id"] for r in data], "subset": [r["subset"] for r in data]}
    table |= {"scores": [s.tolist() for s in scores], "num_correct": [r["num_correct"] for r in data]}
    published, recorded = tmp_path / "published.json", tmp_path / "recorded.jsonl"
    published.write_text(json.dumps(table), encoding="utf-8")
    ran = CliRunner().invoke(import_command.command, ["rewardbench", str(published), "-o", str(recorded)])
    assert ran.exit_code == 0, ran.output
    store = tmp_path / "store.sqlite"
    outcome = evaluate([f"rm=recorded:path={recorded}"], ["rewardbench-2"], store=store, registry=registry)
    assert outcome.exit_code == 0
    (entry,) = build_leaderboard("rewardbench-2", store=store, registry=registry).entries
    wanted = {}
    for subset in SUBSETS:
        own = [s for r, s in zip(data, scores, strict=True) if r["subset"] == subset]
        wanted[subset] = np.mean([1 / sum(s == max(s)) if s[0] == max(s) else 0.0 for s in own])
    right = {r["id"]: r["num_correct"] for r in data}
    ties = {i: (s[: right[i]], s[right[i] :]) for i, s in zip(table["id"], scores, strict=True) if ":" in i}
    wanted["Ties"] = ties_by_hand(ties)
    assert {name: entry.figures[name].value for name in wanted} == pytest.approx(wanted)
    assert entry.figures["score"].value == pytest.approx(np.mean(list(wanted.values())))
    assert entry.figures["score"].low < entry.figures["score"].value < entry.figures["score"].high


def test_the_prompts_of_a_pair_are_one_cluster(mirror, registry):
    mirror("allenai/reward-bench-2/test", rows())
    items = list(build_task(registry, "rewardbench-2/ties").items())
    assert len(items) == 12
    assert all(item.cluster == item.id.partition(":")[2] for item in items)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "tied-3"}, saying("'id'", "'tied-3'", "'ref:N'", "'tied:N'", "number")),
        ({"rejected": []}, saying("'rejected'", "empty")),
        ({"chosen": []}, saying("'chosen'", "empty")),
        ({"chosen": ["only"]}, saying("'chosen'", "tied:3", "1")),
        ({"id": "ref:3"}, saying("'chosen'", "ref:3", "2")),
        ({"rejected": None}, saying("'rejected'", "missing")),
    ],
)
def test_a_row_of_ties_that_cannot_be_is_reported(change, problem, mirror, registry):
    row = {"id": "tied:3", "prompt": "p", "chosen": ["a", "b"], "rejected": ["c"], "subset": "Ties"}
    mirror("allenai/reward-bench-2/test", [{**row, **change}, {**row, "id": "tied:4"}])
    bad, good = build_task(registry, "rewardbench-2/ties").items()
    assert isinstance(bad, BadItem)
    assert bad.problem == problem
    assert good.id == "tied:4"


def test_a_prompt_without_rejected_responses_is_reported(mirror, registry):
    row = {"id": "1", "prompt": "p", "chosen": ["a"], "rejected": [], "subset": "Math"}
    mirror("allenai/reward-bench-2/test", [row])
    (bad,) = build_task(registry, "rewardbench-2/best-of-4").items()
    assert bad.problem == saying("'rejected'", "empty")
