"""Generated data sets have the columns of the real ones, a known truth, and run through the real loader."""

import itertools

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from harness_plugins.ppe import synthetic
from scipy.stats import spearmanr

from harness.stats import bradley_terry
from harness.tasks.build import build_task
from harness.tasks.data.sources import mirror_file

from ..messages import saying

TEXT, WHOLE, REAL, TRUTH = pyarrow.string(), pyarrow.int64(), pyarrow.float64(), pyarrow.bool_()


def struct(**fields):
    return pyarrow.struct(list(fields.items()))


def many(type_):
    return pyarrow.list_(type_)


TOKENS = ("context_a_tokens", "context_b_tokens", "sum_assistant_a_tokens", "sum_assistant_b_tokens", "sum_user_tokens")
CRITERIA = (
    *("complexity", "creativity", "domain_knowledge", "problem_solving", "real_world", "specificity"),
    "technical_accuracy",
)
BATTLES = {
    **dict.fromkeys(
        ("question_id", "model_a", "model_b", "winner", "prompt", "response_1", "response_2", "language"), TEXT
    ),
    "conv_metadata": struct(**dict.fromkeys((*TOKENS, "turns"), WHOLE)),
    "is_code": TRUTH,
    "is_refusal": TRUTH,
    "category_tag": struct(
        **{
            "criteria_v0.1": struct(**dict.fromkeys(CRITERIA, TRUTH)),
            "if_v0.1": struct(**{"if": TRUTH, "score": WHOLE}),
            "math_v0.1": struct(math=TRUTH),
        }
    ),
    "hard_prompt": TRUTH,
    "easy_prompt": TRUTH,
    "if_prompt": TRUTH,
    "math_prompt": TRUTH,
    "sim": REAL,
    "length_a": WHOLE,
    "length_b": WHOLE,
    "token_diff": REAL,
    "longer_won": TEXT,
}
COMMON = {
    "question_id": TEXT,
    "model_name": TEXT,
    "parsed_outputs": many(TEXT),
    "scores": many(TRUTH),
    "mean_score": REAL,
    "prompt": TEXT,
    **{f"response_{i}": TEXT for i in range(1, 33)},
    "conflict_pairs": many(many(WHOLE)),
    "sampled_conflict_pairs": many(many(WHOLE)),
}
EXTRAS = {
    "MMLU-Pro": {"question", "options", "answer", "answer_index", "category"},
    "MATH": {"problem", "level", "type", "solution", "sanitized_solution"},
    "GPQA": {
        *("Question", "Subdomain", "Record ID", "High-level domain", "choices", "correct_choice"),
        *("correct_choice_index", "canary_string"),
    },
    "IFEval": {"ifeval_prompt", "key", "instruction_id_list", "kwargs", "score_data"},
    "MBPP-Plus": {"task_id", "code", "source_file", "test_imports", "test_list", "test"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    synthetic.write(folder, rows=400, seed=5, missing=True)
    return folder


def table(folder, name, split):
    return pyarrow.parquet.read_table(folder / "lmarena-ai" / name / f"{split}.parquet")


@pytest.fixture(scope="module")
def battles(folder):
    return table(folder, "PPE-Human-Preference-V1", "test").to_pylist()


def test_battles_have_the_columns_of_the_data_set(folder):
    schema = table(folder, "PPE-Human-Preference-V1", "test").schema
    assert {field.name: field.type for field in schema} == BATTLES


@pytest.mark.parametrize("name", EXTRAS)
def test_prompts_have_the_columns_of_their_set(folder, name):
    schema = table(folder, f"PPE-{name}-Best-of-K", "train").schema
    common = {key: kind for key, kind in COMMON.items() if name != "MBPP-Plus" or key != "parsed_outputs"}
    assert {key: schema.field(key).type for key in common} == common
    assert set(schema.names) - common.keys() == EXTRAS[name]


def test_winners_languages_and_the_odd_column_of_text(battles):
    winners = [row["winner"] for row in battles]
    assert set(winners) == {"model_a", "model_b", "tie", "tie (bothbad)"}
    assert np.mean([winner.startswith("tie") for winner in winners]) == pytest.approx(0.363, abs=0.08)
    assert {row["language"] for row in battles} >= {"English", "Chinese", "Russian", "German"}
    assert {row["longer_won"] for row in battles} == {"True", "False", "tie"}
    for row in battles:
        if row["longer_won"] != "tie":
            longer = "model_a" if row["length_a"] > row["length_b"] else "model_b"
            assert (row["winner"] == longer) == (row["longer_won"] == "True")


def test_all_twenty_models_meet_each_other(battles):
    met = [frozenset((row["model_a"], row["model_b"])) for row in battles]
    assert set(met) == {frozenset(pair) for pair in itertools.combinations(synthetic.MODELS, 2)}
    few = list(synthetic.battles(20, seed=9))
    assert len({row["model_a"] for row in few} | {row["model_b"] for row in few}) == 20


def test_the_ratings_recover_the_strengths_behind_them():
    rows = list(synthetic.battles(6000, seed=2))
    index = {name: i for i, name in enumerate(synthetic.MODELS)}
    credit = {"model_a": 1.0, "model_b": 0.0}
    fit = bradley_terry.fit(
        np.array([index[row["model_a"]] for row in rows]),
        np.array([index[row["model_b"]] for row in rows]),
        np.array([credit.get(row["winner"], 0.5) for row in rows]),
        n_players=len(index),
    )
    assert spearmanr(fit.strengths, synthetic.strengths(seed=2)).statistic > 0.95


@pytest.mark.parametrize("name", EXTRAS)
def test_pairs_join_a_right_and_a_wrong_response(folder, name):
    rows = table(folder, f"PPE-{name}-Best-of-K", "train").to_pylist()
    assert {row["model_name"] for row in rows} == set(synthetic.GENERATORS)
    for row in rows:
        scores = row["scores"]
        assert len(scores) == 32
        assert row["mean_score"] == pytest.approx(np.mean(scores))
        assert 0 < sum(scores) < 32
        assert len(row["conflict_pairs"]) == sum(scores) * (32 - sum(scores))
        assert all(scores[i] != scores[j] for i, j in row["conflict_pairs"] + row["sampled_conflict_pairs"])
        assert len(row["sampled_conflict_pairs"]) == 5
    gaps = [sum(row[f"response_{i}"] is None for i in range(1, 33)) for row in rows]
    assert set(gaps) == {0, 1}


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    assert list(synthetic.battles(30, seed=4)) == list(synthetic.battles(30, seed=4))
    assert list(synthetic.battles(30, seed=4)) != list(synthetic.battles(30, seed=5))
    assert list(synthetic.prompts("MATH", 5, seed=4)) != list(synthetic.prompts("GPQA", 5, seed=4))


def test_better_answers_can_be_told_by_a_simple_model(battles):
    decided = [row for row in battles if row["winner"] in ("model_a", "model_b")]
    points = [(row["response_1"].count("detail"), row["response_2"].count("detail")) for row in decided]
    credit = [0.5 + 0.5 * np.sign(a - b) for a, b in points]
    right = [c if row["winner"] == "model_a" else 1 - c for c, row in zip(credit, decided, strict=True)]
    assert np.mean(right) > 0.6


def test_tasks_find_and_read_them(folder, registry, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(folder))
    file, _ = mirror_file("lmarena-ai/PPE-MATH-Best-of-K", None, "train", None)
    assert file == folder / "lmarena-ai" / "PPE-MATH-Best-of-K" / "train.parquet"
    items = list(build_task(registry, "ppe/human-preference").items("test"))
    assert len(items) == 400
    assert {"hard_prompt", "similar_response", "shorter_won", "non_english_prompt"} <= {
        domain for item in items for domain in item.domains
    }


def test_the_command_says_what_to_do_next_and_what_is_wrong(tmp_path, capsys):
    synthetic.main([str(tmp_path / "out"), "--rows", "8"])
    assert capsys.readouterr().out == saying(f"HARNESS_DATA={tmp_path / 'out'}", "harness eval -m length -t ppe")
    assert len(list((tmp_path / "out").rglob("*.parquet"))) == 6
    for wrong in (["--rows", "0"], ["--seed", "-1"]):
        with pytest.raises(SystemExit, match="2"):
            synthetic.main([str(tmp_path / "out"), *wrong])
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="2"):
        synthetic.main([str(tmp_path / "file")])
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.slow
def test_the_full_size_is_that_of_the_real_sets(tmp_path):
    files = synthetic.write(tmp_path, full=True)
    sizes = [pyarrow.parquet.read_metadata(file).num_rows for file in files]
    assert sizes == [16_038, 512, 512, 512, 512, 507]
