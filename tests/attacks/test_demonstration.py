"""A detector that looks safe until somebody searches; beside a weak target and an unbreakable one."""

import pytest
from harness_plugins.attacks.demonstration import rows

from harness import evaluate, train


def test_the_texts_are_made_by_rule_and_the_splits_share_none():
    test, again = list(rows("test")), list(rows("test"))
    assert test == again
    assert [row["label"] for row in test] == [0, 1] * 40
    learnt = list(rows("train", n=60))
    assert not {row["text"] for row in test} & {row["text"] for row in learnt}
    assert len(learnt) == 60 * 18  # as it is, ten encodings, seven templates
    assert len(list(rows("train", armed=False))) == 80
    assert all(("word" in row["text"] or "pass" in row["text"]) == bool(row["label"]) for row in test)


def value(outcome, model, task, metric):
    (cell,) = [cell for cell in outcome.cells if (cell.label, cell.task) == (model, task)]
    return next(r.estimate for r in cell.results if (r.metric, r.domain) == (metric, "overall"))


@pytest.mark.slow
def test_a_search_breaks_what_templates_do_not(project):
    train("tfidf-detector", "attacks/demonstration", "words")
    (project / "terms.txt").write_text("secret word\nhidden word\npassword\n")
    models = ["words=tfidf-detector:path=words", "weak=keyword-list:path=terms.txt", "always=constant:value=5"]
    static = [f"attack:{name}:attacks/demonstration" for name in ("none", "frames", "padding")]
    same, every = (f"attack:adaptive:attacks/demonstration:queries=40{more}" for more in (",moves=insertion+frame", ""))
    outcome = evaluate(models, [*static, same, every])
    for task in static:
        assert value(outcome, "words", task, "true_positive_rate").value >= 0.975, task
    lifted = value(outcome, "words", same, "adaptive_success_rate")
    assert lifted.value >= 0.95
    assert lifted.low > 1 - min(value(outcome, "words", task, "true_positive_rate").low for task in static)
    assert value(outcome, "weak", every, "adaptive_success_rate").value == 1.0
    assert value(outcome, "weak", every, "mean_queries").value < value(outcome, "words", every, "mean_queries").value
    assert value(outcome, "always", every, "adaptive_success_rate").value == 0.0
    # An early success counts more: what is broken sooner has the larger area.
    areas = [value(outcome, model, every, "adaptive_success_area").value for model in ("always", "words", "weak")]
    assert areas == sorted(areas)
