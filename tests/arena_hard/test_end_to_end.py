"""Arena-Hard from the command line: the made-up set, records, and a candidate and a judge that are language models."""

import json
import math

import pytest
from harness_plugins.arena_hard.loading import HUB
from harness_plugins.arena_hard.made_up import MadeUpJudge, catalogue, things, written

from harness import Conversation, Pair
from harness.tasks import MIRROR_VARIABLE

MADE_UP = "arena-hard/made-up"
FAIR = "fair=made-up-writer:skill=0.5"
LONG = "long=made-up-writer:skill=0.5,words=200,marked=yes"
MODELS = '''
from harness import Completion, Model, hookimpl


class Writer(Model):
    """Writes what the prompt says."""

    def generate(self, requests):
        return [(Completion(request.prompt.text.partition("WRITE ")[2]),) for request in requests]


class Language(Model):
    """A judge that says which of two answers holds the word good; nothing where neither does or both do."""

    seen = []

    def generate(self, requests):
        return [(Completion(self.judged(request.prompt.messages[-1].content)),) for request in requests]

    def judged(self, text):
        self.seen.append(text)
        first, second = (
            text.partition(f"Start of Assistant {one}'s Answer")[2].partition("The End")[0] for one in "AB"
        )
        if ("good" in first) == ("good" in second):
            return "[[A>B]] or [[B>A]]" if "good" in first else "I cannot tell."
        return "[[A>>B]]" if "good" in first else "[[B>A]]"


@hookimpl
def register_models(register):
    register("writer", "plugin_arena:Writer", offers=("generate",), description="writes")
    register("language", "plugin_arena:Language", offers=("generate",), description="judges")
'''


@pytest.fixture
def values(harness):
    def run(task, *models, role=None, code=0, metrics=()):
        named = [part for model in models for part in ("-m", model)]
        roles = [] if role is None else ["--role", f"judge={role}"]
        ran = harness("eval", *named, "-t", task, *roles, *(p for m in metrics for p in ("--metric", m)), "--json")
        assert ran.code == code, ran.err
        return {(r["model"], r["metric"]): r for r in ran.document["results"]}

    return run


def test_the_benchmark_runs_without_data_and_ranks_the_trivial_models(harness):
    ran = harness("eval", "arena-hard", "--json")
    assert ran.code == 0, ran.err
    scores = {r["model"]: r["value"] for r in ran.document["results"] if r["metric"] == "arena_hard_score"}
    assert scores["copy-of-baseline"] == 0.5
    assert scores["empty"] == 0.0
    assert scores["longest"] < scores["fair"] < scores["good"]
    assert {r["task"] for r in ran.document["results"]} == {MADE_UP}


def test_a_biased_judge_has_its_published_intervals_too_narrow_and_its_order_shows(values):
    found = values(MADE_UP, FAIR)
    right, published = (found["fair", f"arena_hard_score{form}"] for form in ("", "@compat"))
    assert right["value"] == published["value"]
    assert right["stderr"] > 1.3 * published["stderr"]
    assert found["fair", "duel_position_gap"]["high"] < -0.1
    fair = values(MADE_UP, FAIR, role="made-up-judge")["fair", "duel_position_gap"]
    assert fair["value"] == 0.0


def test_style_control_takes_a_verbose_model_down_on_the_board(harness):
    harness("eval", "arena-hard-made-up")
    board = harness("leaderboard", "arena-hard-made-up", "--format", "json").document
    figures = {entry["model"]: entry["figures"] for entry in board["entries"]}
    right = {m: figures[m]["style-controlled"] for m in ("fair", "fair-and-long")}
    plain = {m: figures[m][f"{MADE_UP}:arena_hard_score"] for m in right}
    assert plain["fair-and-long"]["low"] > plain["fair"]["high"]
    assert right["fair-and-long"]["low"] < right["fair"]["value"] < right["fair-and-long"]["high"]
    assert abs(right["fair"]["value"] - plain["fair"]["value"]) < 0.05
    assert "style-controlled" not in figures["empty"]  # it lost every game, which is said
    assert any("lost every game" in note and "empty" in note for note in board["notes"])


def hub_of(project, monkeypatch, rows):
    folder = project / "data" / HUB / "data" / "arena-hard-v0.1"
    (folder / "model_answer").mkdir(parents=True)
    questions = [
        {"uid": id_, "category": "arena-hard-v0.1", "cluster": "c", "prompt": f"WRITE {text}"} for id_, text, _ in rows
    ]
    answers = [{"question_id": id_, "choices": [{"turns": [{"content": base}]}]} for id_, _, base in rows]
    (folder / "question.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    (folder / "model_answer" / "gpt-4-0314.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    monkeypatch.setenv(MIRROR_VARIABLE, str(project / "data"))


ROWS = [
    ("won", "a good one", "a bad one"),
    ("lost", "bad {first} {second} [[A>>B]]", "good"),
    ("same", "equal", "equal"),
    ("both", "good", "also good"),
    ("neither", "bad", "so-so"),
    ("empty", "", "good"),
]


def test_a_candidate_and_a_judge_that_are_language_models(project, monkeypatch, add_plugin, values):
    import sys

    hub_of(project, monkeypatch, ROWS)
    add_plugin("arena", MODELS)
    judge = "judge:base=language,prompt=arena-hard"
    found = values("arena-hard/prompts", "writer", role=judge)
    score = found["writer", "arena_hard_score"]
    # won: strong when shown first and slight when second; lost and empty: the other way; same: two ties without asking.
    assert score["value"] == pytest.approx((3 + 1 + 0 + 0 + 0.5 + 0.5) / (4 + 4 + 2 + 4))
    assert (score["n"], score["n_failed"]) == (4, 2)
    assert found["writer", "duel_coverage"]["value"] == pytest.approx(8 / 12)
    assert found["writer", "duel_unread_rate"]["value"] == pytest.approx(4 / 12)
    seen = sys.modules["plugin_arena"].Language.seen
    assert any("bad {first} {second} [[A>>B]]" in text for text in seen)
    assert not any("equal" in text for text in seen)
    assert found["writer", "arena_hard_score:weight=1"]["value"] == pytest.approx(3 / 8)


def test_without_a_judge_answers_are_kept_and_every_verdict_is_missing(project, monkeypatch, add_plugin, harness):
    hub_of(project, monkeypatch, ROWS[:2])
    add_plugin("arena", MODELS)
    ran = harness("eval", "-m", "writer", "-t", "arena-hard/prompts", "--json")
    values = {r["metric"]: r["value"] for r in ran.document["results"]}
    assert values["arena_hard_score"] is None
    assert "--role judge=MODEL" in ran.out + ran.err
    again = harness("eval", "-m", "writer", "-t", "arena-hard/prompts", "--role", "judge=judge:base=language", "--json")
    assert again.code == 0, again.err


def test_a_judge_of_two_labels_gives_no_weighted_score_and_says_why(project, monkeypatch, add_plugin, harness):
    hub_of(project, monkeypatch, ROWS[:2])
    add_plugin("arena", MODELS.replace("[[A>>B]]", "[[A]]").replace("[[B>A]]", "[[B]]"))
    role = "judge=judge:base=language,prompt=mt-bench"
    ran = harness("eval", "-m", "writer", "-t", "arena-hard/prompts", "--role", role, "--json")
    found = {r["metric"]: r for r in ran.document["results"]}
    assert found["arena_hard_score"]["value"] is None
    assert "weight=1" in found["arena_hard_score"]["detail"]["reason"]
    assert found["arena_hard_score:weight=1"]["value"] is not None


def test_recorded_battles_need_no_judge_and_stand_beside_published_rows(project, monkeypatch, harness):
    hub_of(project, monkeypatch, ROWS)
    rows = "".join(f"{id_},gpt-4-0314,m,model_b\n" * 4 for id_, *_ in ROWS[:4])
    (project / "b.csv").write_text("question_id,model_a,model_b,winner\n" + rows)
    ran = harness("eval", "-m", "mine=arena-hard-battles:model=m,path=b.csv", "-t", "arena-hard/prompts", "--json")
    assert ran.code == 0, ran.err
    score = next(r for r in ran.document["results"] if r["metric"] == "arena_hard_score")
    assert (score["value"], score["n"], score["n_failed"]) == (1.0, 4, 2)
    board = harness("leaderboard", "arena-hard", "--format", "json").document
    shown = {entry["model"]: entry for entry in board["entries"]}
    assert not shown["mine"]["published"]
    for model, value in (("Meta-Rewarding iteration 4", 0.291), ("TPO", 0.373), ("gpt-4-0613", 0.3790)):
        assert shown[model]["published"]
        assert shown[model]["figures"]["arena-hard/prompts:arena_hard_score@compat"]["value"] == value


def test_recorded_answers_and_verdicts_work_as_everywhere(project, monkeypatch, values):
    hub_of(project, monkeypatch, ROWS[:2])
    task = "arena-hard/prompts"
    texts = [{"task": task, "id": id_, "text": text} for id_, text, _ in ROWS[:2]]
    verdicts = [
        {"task": task, "id": id_, "of": "mine", "order": order, "p_first": float(order == "ba"), "label": label}
        for id_ in ("won", "lost")
        for order, label in (("ab", "second"), ("ba", "slightly first"))
    ]
    (project / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in texts))
    (project / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in verdicts))
    found = values(task, "mine=recorded:path=texts.jsonl", role="recorded:path=verdicts.jsonl")
    assert found["mine", "arena_hard_score"]["value"] == 1.0
    assert found["mine", "arena_hard_score"]["detail"]["strong"] == 2


def v2_of(project, monkeypatch):
    folder = project / "data" / HUB / "data" / "arena-hard-v2.0"
    (folder / "model_answer").mkdir(parents=True)
    kinds = {"c": "coding", "m": "math", "w": "creative_writing"}
    questions, hard, creative = [], [], []
    for kind, subcategory in kinds.items():
        for number in range(3):
            id_, category = f"{kind}{number}", "creative_writing" if kind == "w" else "hard_prompt"
            mine, base = ("good", "bad") if kind != "m" or number else ("bad", "good")
            questions.append(
                {"uid": id_, "category": category, "subcategory": subcategory, "prompt": f"WRITE {mine} {id_}"}
            )
            answer = {"uid": id_, "messages": [{"role": "assistant", "content": {"answer": f"{base} {id_}"}}]}
            (creative if kind == "w" else hard).append(answer)
    for name, rows in (
        ("question", questions),
        ("model_answer/o3-mini-2025-01-31", hard),
        ("model_answer/gemini-2.0-flash-001", creative),
    ):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv(MIRROR_VARIABLE, str(project / "data"))


def test_every_category_of_v2_has_its_figures_and_its_baseline(project, monkeypatch, add_plugin, harness):
    v2_of(project, monkeypatch)
    add_plugin("arena", MODELS)
    role = "judge=judge:base=language,prompt=arena-hard-v2"
    ran = harness("eval", "arena-hard-v2", "-m", "writer", "--role", role, "--json")
    assert ran.code == 0, ran.err
    found = {(r["task"], r["domain"]): r for r in ran.document["results"] if r["metric"] == "arena_hard_score"}
    hard, creative = "arena-hard-v2/hard-prompts", "arena-hard-v2/creative-writing"
    assert found[hard, "coding"]["value"] == found[creative, "overall"]["value"] == 1.0
    # of mathematics two of three are won, strongly when shown first, and one is lost, slightly then, strongly otherwise
    assert found[hard, "math"]["value"] == pytest.approx(2 * 4 / (3 * 4))
    assert (found[hard, "overall"]["n"], found[creative, "overall"]["n"]) == (6, 3)
    published = next(r for r in ran.document["results"] if r["metric"] == "arena_hard_score@compat:version=v2.0")
    assert "a 90 % interval" in published["detail"]["note"]


def test_a_judge_of_v2_may_be_shown_references(project, monkeypatch, add_plugin, harness):
    import sys

    v2_of(project, monkeypatch)
    add_plugin("arena", MODELS)
    (project / "references.jsonl").write_text(json.dumps({"prompt": "WRITE good c0", "reference": "Forty-two."}) + "\n")
    role = "judge=judge:base=language,prompt=arena-hard-v2,references=references.jsonl"
    ran = harness("eval", "-t", "arena-hard-v2/hard-prompts", "-m", "writer", "--role", role)
    assert ran.code == 0, ran.err
    shown = [text for text in sys.modules["plugin_arena"].Language.seen if "Forty-two." in text]
    assert len(shown) == 2
    assert all("WRITE good c0" in text for text in shown)


# what is made up


def test_the_made_up_judge_is_as_biased_as_it_says():
    row = next(catalogue("test"))
    prompt, baseline = Conversation.user(row["prompt"]), row["baseline"]
    good = written(row["prompt"], 1.0, 40, marked=True, seed=5)
    assert len(things(0)) == 8
    exact = MadeUpJudge(error=0.0)
    one, other = exact.compare([Pair(prompt, good, baseline), Pair(prompt, baseline, good)])
    assert (one.p_first, one.label) == (1.0, "first")
    assert (other.p_first, other.label) == (0.0, "second")
    assert exact.compare([Pair(prompt, baseline, baseline)])[0].label == "tie"
    for biased, pair in (
        (MadeUpJudge(error=0.0, second=1.0), Pair(prompt, baseline, baseline)),
        (MadeUpJudge(error=0.0, length=1.0), Pair(prompt, baseline, baseline + " more" * 200)),
    ):
        assert biased.compare([pair])[0].p_first == 0.0
    assert exact.compare([Pair(Conversation.user("Why?"), "a", "b")])[0].p_first is None
    assert not math.isnan(MadeUpJudge().compare([Pair(prompt, "", baseline)])[0].p_first)
