import json
import math

import numpy as np
import pytest

from harness import compare, evaluate, stats
from harness.errors import UsageError
from harness.names.registry import Registry

from ..messages import saying

N = 60


@pytest.fixture
def lab(tmp_path):
    """A detection task ``suite/texts`` in three domains, one of a single class; models of recorded log-odds."""
    return Lab(tmp_path)


class Lab:
    def __init__(self, folder):
        self.folder, self.store = folder, folder / "store.sqlite"
        rng = np.random.default_rng(0)
        self.labels = rng.integers(0, 2, N)
        self.easy = rng.standard_normal(N)
        self.registry = self.define()

    def define(self, **changes):
        rows = [
            {"id": str(i), "text": f"t{i}", "label": int(y), "kind": "clean" if i % 3 == 0 and not y else f"k{i % 2}"}
            for i, y in enumerate(self.labels)
        ]
        self.kinds = [row["kind"] for row in rows]
        data = self.write("data.jsonl", rows)
        task = {
            "kind": "detection",
            "data": {"test": {"file": data}},
            "slices": ["kind"],
            "metrics": ["auroc", "brier"],
        }
        file = self.folder / "registry.yaml"
        file.write_text(json.dumps({"tasks": {"suite/texts": task | changes}}), encoding="utf-8")
        return Registry(extra=file)

    def write(self, name, rows):
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    def add(self, name, noise, seed, *, failed=(), limit=None):
        """Evaluate a model whose log-odds follow the labels with noise; returns them."""
        rng = np.random.default_rng(seed)
        log_odds = 2.0 * self.labels - 1 + self.easy + noise * rng.standard_normal(N)
        rows = [
            {"task": "suite", "id": str(i), "log_odds": None if i in failed else float(v)}
            for i, v in enumerate(log_odds)
        ]
        path = self.write(f"{name}.jsonl", rows)
        evaluate(
            [f"{name}=recorded:path={path}"], ["suite/texts"], store=self.store, registry=self.registry, limit=limit
        )
        return log_odds

    def compare(self, first="a", second="b", **options):
        found = compare(first, second, ["suite/texts"], store=self.store, registry=self.registry, **options)
        return {(c.metric, c.domain): c for c in found}


def brier_items(log_odds, labels):
    return (1 / (1 + np.exp(-log_odds)) - labels) ** 2


def auroc(scores, labels):
    gaps = scores[labels == 1][:, None] - scores[labels == 0]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def test_the_difference_of_two_means_is_that_of_the_items(lab):
    a, b = lab.add("a", 0.5, 1), lab.add("b", 1.5, 2)
    found = lab.compare()["brier", "overall"]
    items = brier_items(a, lab.labels) - brier_items(b, lab.labels)
    assert found.difference.value == pytest.approx(items.mean())
    assert found.difference.stderr == pytest.approx(items.std(ddof=1) / math.sqrt(N))
    assert found.difference.n == N
    assert (found.first, found.second) == (
        pytest.approx(brier_items(a, lab.labels).mean()),
        pytest.approx(brier_items(b, lab.labels).mean()),
    )
    assert (found.unit, found.higher_is_better) == ("fraction", False)


def test_the_error_of_a_difference_of_areas_is_that_of_resampling_both_together(lab):
    a, b = lab.add("a", 0.5, 1), lab.add("b", 1.5, 2)
    found = lab.compare()["auroc", "overall"]
    assert found.difference.value == pytest.approx(auroc(a, lab.labels) - auroc(b, lab.labels))
    rng = np.random.default_rng(5)
    draws = [rng.integers(0, N, N) for _ in range(2000)]
    spread = np.std([auroc(a[i], lab.labels[i]) - auroc(b[i], lab.labels[i]) for i in draws])
    assert found.difference.stderr == pytest.approx(spread, rel=0.1)
    apart = math.hypot(*(np.std([auroc(s[i], lab.labels[i]) for i in draws]) for s in (a, b)))
    assert found.difference.stderr < 0.9 * apart  # what is easy for one is easy for the other


def test_exchanging_the_models_turns_the_difference_round(lab):
    lab.add("a", 0.5, 1, failed={4, 5})
    lab.add("b", 1.5, 2, failed={5, 6})
    there, back = lab.compare("a", "b"), lab.compare("b", "a")
    assert there.keys() == back.keys()
    for key in {("auroc", "overall"), ("brier", "overall"), ("brier", "clean"), ("auroc", "k0")}:
        one, other = there[key].difference, back[key].difference
        assert [one.value, one.low, one.high] == pytest.approx([-other.value, -other.high, -other.low])
        assert [one.stderr, one.p_value, one.n] == pytest.approx([other.stderr, other.p_value, other.n])
        assert (there[key].first, there[key].second) == (back[key].second, back[key].first)


def test_models_are_compared_on_the_items_that_neither_failed(lab):
    a, b = lab.add("a", 0.5, 1, failed={0, 1, 2}), lab.add("b", 1.5, 2, failed={2, 3})
    found, kept = lab.compare()["brier", "overall"], np.arange(N) > 3
    items = [brier_items(s, lab.labels)[kept] for s in (a, b)]
    assert (found.first, found.second) == (pytest.approx(items[0].mean()), pytest.approx(items[1].mean()))
    assert (found.difference.value, found.difference.n) == (pytest.approx((items[0] - items[1]).mean()), N - 4)


def test_models_are_compared_on_the_items_that_both_have(lab):
    a, b = lab.add("a", 0.5, 1), lab.add("b", 1.5, 2, limit=25)
    found = lab.compare()["auroc", "overall"]
    expected = auroc(a[:25], lab.labels[:25]) - auroc(b[:25], lab.labels[:25])
    assert (found.difference.value, found.difference.n) == (pytest.approx(expected), 25)


def test_every_metric_is_compared_on_every_domain(lab):
    a, b = lab.add("a", 0.5, 1), lab.add("b", 1.5, 2)
    found = lab.compare()
    assert list(found) == [(m, d) for m in ("auroc", "brier") for d in ("overall", "clean", "k0", "k1")]
    members = np.array([kind == "k0" for kind in lab.kinds])
    items = (brier_items(a, lab.labels) - brier_items(b, lab.labels))[members]
    assert found["brier", "k0"].difference.value == pytest.approx(items.mean())
    assert found["brier", "k0"].difference.n == members.sum()


def test_a_metric_that_is_not_defined_on_a_domain_has_no_difference_there(lab):
    lab.add("a", 0.5, 1)
    lab.add("b", 1.5, 2)
    found = lab.compare()["auroc", "clean"]
    d = found.difference
    assert all(map(math.isnan, [found.first, found.second, d.value, d.stderr, d.low, d.high, d.p_value]))
    assert d.n == lab.kinds.count("clean")


def test_a_model_does_not_differ_from_its_copy(lab):
    lab.add("a", 0.5, 1)
    lab.add("b", 0.5, 1)
    for comparison in lab.compare(metrics=["brier", "f1:threshold=1"]).values():
        if not math.isnan(comparison.first):
            assert (comparison.difference.value, comparison.difference.p_value) == (0.0, 1.0)


def test_metrics_may_be_chosen_that_the_task_does_not_list(lab):
    lab.add("a", 0.5, 1)
    lab.add("b", 1.5, 2)
    assert {metric for metric, _ in lab.compare(metrics=["log_loss"])} == {"log_loss"}


def test_nothing_in_common_leaves_no_difference_but_no_error(lab):
    lab.add("a", 0.5, 1, failed=set(range(30)))
    lab.add("b", 1.5, 2, failed=set(range(30, 60)))
    found = lab.compare()["brier", "overall"]
    assert math.isnan(found.difference.value)
    assert found.difference.n == 0


def test_an_unknown_model_suggests_the_nearest(lab):
    lab.add("alpha", 0.5, 1)
    with pytest.raises(UsageError, match=saying("'alhpa'", "texts", "'alpha'").pattern):
        lab.compare("alhpa", "alpha")


def test_results_on_another_version_of_the_task_are_not_compared(lab):
    lab.add("a", 0.5, 1)
    lab.registry = lab.define(slices=[])
    lab.add("b", 1.5, 2)
    with pytest.raises(UsageError, match=saying("evaluated", "different", "texts").pattern):
        lab.compare()


LOSS = """
import numpy as np
import pluggy
from harness import MeanMetric
hookimpl = pluggy.HookimplMarker("harness")

class Loss(MeanMetric):
    needs = ("log_odds", "label")
    higher_is_better = False
    bounds = None
    def per_item(self, columns):
        return np.logaddexp(0.0, np.where(columns.values["label"] == 1, -1, 1) * columns.values["log_odds"])

@hookimpl
def register_metrics(register):
    register("loss", "plugin_losses:Loss")
"""


def test_a_win_rate_is_of_the_metrics_direction_the_clusters_and_the_level(lab, add_plugin):
    add_plugin("losses", LOSS)
    lab.registry = lab.define(cluster="kind", metrics=["loss"])
    a, b = lab.add("a", 0.5, 1), lab.add("b", 1.5, 2)
    found = lab.compare(confidence=0.8)["loss", "overall"].win_rate
    sign = 2 * lab.labels - 1
    better = (sign * a > sign * b).astype(float)
    assert found.value == pytest.approx(better.mean())
    clusters = np.unique(lab.kinds, return_inverse=True)[1]
    alone = stats.win_rate(better, 1 - better, clusters=clusters, confidence=0.8)
    assert (found.low, found.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


def test_the_winner_is_named_by_the_direction_of_the_metric(lab):
    lab.add("clear", 0.1, 1)
    lab.add("noisy", 6.0, 2)
    found = lab.compare("noisy", "clear")
    assert found["brier", "overall"].difference.value > 0  # more is worse
    assert [found[name, "overall"].better for name in ("auroc", "brier")] == ["second", "second"]
    assert {c.better for c in lab.compare("clear", "clear").values()} == {"neither"}


def test_a_figure_that_is_not_resolvable_has_no_p_value_and_its_remark(lab):
    lab.registry = lab.define(metrics=["auroc", "tpr_at_fpr:rate=0.0001"])
    lab.add("clear", 0.1, 1)
    lab.add("noisy", 6.0, 2)
    found = lab.compare("clear", "noisy")
    told = found["tpr_at_fpr:rate=0.0001", "overall"]
    assert math.isnan(told.difference.p_value)
    assert (told.better, bool(told.unresolvable)) == ("neither", True)
    [remark] = told.remarks
    assert remark == saying("not resolvable", "clear, noisy")
    resolved = found["auroc", "overall"]
    assert (resolved.better, resolved.unresolvable, resolved.remarks) == ("first", "", ())
