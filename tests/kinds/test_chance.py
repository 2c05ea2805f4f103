"""Declared chance levels against simulation: answers that have nothing to do with the labels, for every metric."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from harness.metric import Columns, mean_metric
from harness.names.registry import Registry
from harness.running.chance import chance_level, with_chance, wrong_chance
from harness.stats import Estimate
from harness.tasks.build_metric import build_metric

NAN = math.nan
REGISTRY = Registry()
WITHOUT = {
    # What a model does when it is attacked: nothing is guessed.
    "adaptive_success_area",
    "adaptive_success_by_calls",
    "adaptive_success_rate",
    "mean_attacker_calls",
    "mean_queries",
    "recall_under_attack",
    "attack_success_at_k",
    "attack_success_at_least",
    "attack_success_at_most",
    "attack_reach",
    "attack_success_rate",
    "attack_success_rate@compat",
    "attack_success_rate_by_goal",
    "attack_success_rate_micro",
    "attack_success_rate_ppi",
    "attack_success_rate_rogan_gladen",
    "benign_failure_rate",
    "harm_score",
    "harm_score_at_most",
    "benign_utility",
    "canary_rate",
    "code_rate",
    "containment",
    "control_asr",
    "control_leak_rate",
    "extraction_rate",
    "insecure_rate",
    "leak@garak",
    "leak_rate",
    "over_refusal_rate",
    "partial_refusal_rate",
    "refusal_rate",
    # What firewalls stop, and at what cost beside another rule of the same traffic.
    "guard_milliseconds",
    "guarded_utility",
    "lift_over_length",
    "residual_asr",
    "residual_asr_newer",
    "unscored_rate",
    # Against a rule, or against other models; 0 is equality with it, not chance.
    "defence_lift",
    "detection_lift",
    "indirect_defence_lift",
    "judge_lift",
    "mark_lift",
    "reference_z",
    "refusal_lift",
    "targeted_asr",
    "utility_under_attack",
    "verbatim_share",
    "words_kept",
    # How strong a mark is, and how p-values behave: no label is guessed.
    "false_marks",
    "marks_found",
    "mean_mark_z",
    "mean_unmarked_z",
    "spread_of_unmarked_z",
    # They hold answers against no label: how a model answers, not how often it is right.
    "first_position_rate",
    # Duels with a baseline: half is equality with it, not chance; and how a judge comes to its verdicts.
    "arena_hard_score",
    "arena_hard_score@compat",
    "answer_characters",
    "answer_characters_more",
    "lc_win_rate",
    "lc_win_rate@compat",
    "lc_win_rate_fixed_c",
    "lc_win_rate_minimal",
    "lc_win_rate_unregularised",
    "duel_coverage",
    "duel_discrete_win_rate",
    "duel_position_gap",
    "duel_tie_rate",
    "duel_unread_rate",
    "duel_win_rate",
    "order_consistency",
    "order_consistency@compat",
    "order_kappa",
    "order_kappa@compat",
    "pair_unparsed_rate",
    "separability",
    "separability@compat",
    "separability_pairwise",
    "tie_rate",
    "unparsed_rate",
    # How likely a reply is to a model: nothing is chosen from.
    "response_loss",
    # A mean over classes, of which the rarer ones weigh as much.
    "people_macro_f1@compat",
    # Free answers, to which any text is a possible reply.
    "answered_rate",
    "pass_at_1",
    "pass_at_k",
    "truncated_rate",
    # The best of noisy figures lies above chance by an amount without a closed form.
    "best_of_k_max",
    "best_of_k_max@compat",
    "optimal_accuracy",
    "optimal_accuracy@compat",
    "optimal_balanced_accuracy",
    "optimal_f1",
    # Noise alone sets the figure.
    "elo_brier",
    "elo_brier@compat",
    "expected_calibration_error",
    "forecast_calibration_error",
    "reuse_calibration_error",
    "ties_score",
    # Of routers: how they choose, not how well.
    "mean_cost",
    "prediction_entropy",
    "route_robustness",
    "usage_entropy",
    # Against another choice of the same data, or another way to behave; 0 is equality with it, not chance.
    "injection_lift",
    "leak_lift",
    "best_single_ratio",
    "cost_saved",
    "gain_at_best",
    "quality_lost",
    "route_gain",
    "route_gain_over_category",
    # Of caches: what a policy hits, errs and saves, which depends on how often it hits.
    "cache_cost_saved",
    "cache_efficiency",
    "cache_error_growth",
    "cache_error_rate",
    "cache_gain_over_identical",
    "cache_gain_over_static",
    "cache_hit_rate",
    "cache_money_saved",
    "cache_precision",
    "cache_seconds_saved",
    "cache_tokens_saved",
    # What the data allow, whatever the router.
    "best_constant",
    "best_constant_on_test",
    "best_of_category",
    "best_of_category_on_test",
    "guess_corrected_oracle",
    "oracle",
    "uniform_router",
    "zero_router_aiq",
    # The best of many budgets or cuts lies above chance by an amount without a closed form.
    "aiq",
    "aiq@compat",
    "cascade_aiq",
    "cascade_cost_saved",
    "cpt",
    "cpt@compat",
    "hit_rate_at_error",
    "perf_gain",
    "quality_at_budget",
    "scored_cascade_aiq",
    "scored_cascade_cost_saved",
}
NEEDED = {
    "attack_success_at_k": "attack_success_at_k:k=1",
    "attack_success_rate_rogan_gladen": "attack_success_rate_rogan_gladen:sensitivity=0.9,specificity=0.9",
    "reference_ratio": "reference_ratio:reference=0.9",
    "reference_z": "reference_z:mean=0.9,spread=0.1",
}
"""Specifications of metrics that have no default of everything."""
BUILT = {name: build_metric(REGISTRY, NEEDED.get(name, name)) for name in sorted(REGISTRY.names("metric"))}
SHIPPED = [n for n, e in ((e.name, e) for e in REGISTRY.entries("metric")) if e.distribution == "harness-eval"]
DECLARED = [name for name in SHIPPED if BUILT[name].chance is not None]
SETTINGS = ["tpr_at_fpr:rate=0.1", "partial_auroc:rate=0.3", "f1:threshold=0.7", "ppv:prevalence=0.2"]
ROUNDS = {"confidence_agreement@compat": 8, "best_of_k_loss@compat": 25, "best_of_k_accuracy@compat": 25}
"""Fewer than 100 where each takes a bootstrap, or permutations."""


def verdicts(rng, *, tied, n=240):
    """A judge that contradicts itself; or, with ties, a scorer, which cannot."""
    better = rng.integers(0, 2, n).astype(float)
    first = rng.choice([0.0, 0.5, 1.0], n, p=[0.45, 0.1, 0.45])
    again = first if tied else rng.choice([0.0, 0.5, 1.0], n, p=[0.3, 0.2, 0.5])
    given, exchanged = (np.where(better == 0, won, 1 - won) for won in (first, again))
    subset = np.arange(n) % 6
    return Columns(
        {
            "as_given": given,
            "exchanged": exchanged,
            "better": better,
            "answered": np.ones(n),
            "scored": np.full(n, float(tied)),
            "people": np.where(np.arange(n) % 5 == 0, 0.5, 1 - better),
            "subset": subset.astype(float),
            "section": (subset // 2).astype(float),
            "pair_weight": np.where(subset == 3, 2.5, 1.0),
        }
    )


def detections(rng, *, tied, n=400):
    scores = rng.integers(-3, 4, n).astype(float) if tied else rng.normal(size=n)
    labels = (np.arange(n) < n // 4).astype(float)
    return Columns({"log_odds": scores, "label": labels, "similarity": scores, "same": labels})


def best_of(rng, *, tied, n=200, k=6):
    scores = rng.integers(0, 3, (n, k)).astype(float) if tied else rng.normal(size=(n, k))
    correct = (rng.random((n, k)) < 0.4).astype(float)
    scores[::3, 4:], correct[::3, 4:] = NAN, NAN  # prompts with fewer responses
    return Columns({"scores": scores, "correct": correct})


def whole_best_of(rng, *, tied):
    """Prompts of as many responses, none of them with one score throughout, as the published code takes them."""
    columns = best_of(rng, tied=tied)
    scores, correct = columns.values["scores"][:, :4], columns.values["correct"][:, :4]
    varied = scores.min(axis=1) < scores.max(axis=1)
    return Columns({"scores": scores[varied], "correct": correct[varied]})


def styles(rng, *, tied, n=200):
    draw = (lambda: rng.integers(0, 3, (n, 3)).astype(float)) if tied else (lambda: rng.normal(size=(n, 3)))
    return Columns({"chosen": draw() + np.arange(3), "rejected": draw() + np.arange(3)})  # later styles please more


def pairs(rng, *, tied, n=200, p=3):
    correct = np.tile([1.0, 0.0], (n, 1))
    first = rng.integers(0, 2, (n, p)).astype(float)
    given, exchanged = (rng.choice([0.0, 0.5, 1.0] if tied else [0.0, 1.0], (n, p)) for _ in range(2))
    values = {"pair_first": first, "pair_second": 1 - first, "pair_given": given, "pair_exchanged": exchanged}
    return Columns({"scores": np.full((n, 2), NAN), "correct": correct, "answered": np.ones(n), **values})


def battles(rng, *, tied, n=1500, m=6):
    strength = np.linspace(-1.5, 1.5, m)
    first = rng.integers(0, m, n)
    second = (first + rng.integers(1, m, n)) % m
    outcome = (strength[first] - strength[second] + rng.logistic(size=n) > 0).astype(float)
    credit = rng.choice([0.0, 0.5, 1.0] if tied else [0.0, 1.0], n)
    better = (outcome == 0).astype(float)
    given = np.where(better == 1, 1 - credit, credit)
    values = {"as_given": given, "exchanged": given, "better": better, "answered": np.ones(n), "outcome": outcome}
    models = tuple(f"m{i}" for i in range(m))
    return Columns(
        {**values, "first_model": first.astype(float), "second_model": second.astype(float)},
        facts={"models": models, "orders": "both"},
    )


def routed(rng, *, tied, n=200, m=4):
    """A router over models some of whose outcomes are unknown."""
    predicted = rng.integers(0, 4, (n, m)) / 3 if tied else rng.random((n, m))
    outcome = (rng.random((n, m)) < 0.4).astype(float)
    outcome[rng.random((n, m)) < 0.1] = NAN
    cost = 1e-3 * np.arange(1, m + 1) * rng.uniform(0.5, 1.5, (n, 1))
    score = rng.integers(0, 4, (n, m)) / 3 if tied else rng.random((n, m))
    return Columns({"predicted": predicted, "outcome": outcome, "cost": cost, "score": score})


def routed_between_two(rng, *, tied, n=200):
    """A router between a strong and a weak model, whose gap a question has nothing to do with what is predicted."""
    predicted = rng.integers(0, 4, (n, 2)) / 3 if tied else rng.random((n, 2))
    outcome = (rng.random((n, 2)) < [0.8, 0.4]).astype(float)
    return Columns({"predicted": predicted, "outcome": outcome}, facts={"models": ("strong", "weak")})


def traffic(rng, *, tied, n=400):
    """A firewall whose blocks have nothing to do with attacks, a third of which succeed."""
    attack = (np.arange(n) % 2).astype(float)
    label = attack * (np.arange(n) % 3 == 0)
    return Columns({"attack": attack, "label": label, "blocked": (rng.random(n) < 0.3).astype(float)})


def graded(rng, *, tied, n=300):
    """A grader whose verdicts and probabilities have nothing to do with what people say."""
    gold_class, outcome = rng.choice([0.0, 1.0, 4.0], n, p=[0.3, 0.5, 0.2]), rng.choice([0.0, 1.0, 2.0], n)
    grade = rng.integers(0, 4, n) / 3 if tied else rng.random(n)
    judged, gold = (outcome == 1).astype(float), (gold_class == 1).astype(float)
    return Columns({"outcome": outcome, "judged": judged, "grade": grade, "gold": gold, "gold_class": gold_class})


def exposed(rng, *, tied, n=400):
    """Secrets that a model knows nothing of. With ties, which the middle rank breaks, their exposure is lower."""
    space = rng.choice([10.0, 1000.0], n)
    return Columns({"exposure": np.log2(space / rng.integers(1, space + 1)), "space": space})


def matched(rng, *, tied, n=300):
    """Prompts of a stream whose similarity to the nearest earlier one says nothing; some have none."""
    similarity = rng.integers(0, 4, n) / 4 if tied else rng.random(n)
    right = (rng.random(n) < 0.4).astype(float)
    similarity[:30], right[:30] = -2.0, 0.0
    return Columns({"similarity": similarity, "right": right})


GENERATORS = (verdicts, detections, best_of, styles, pairs, battles, graded, routed, traffic, exposed, matched)


def generator_of(metric):
    """The first generator that gives the columns which a metric needs."""
    if metric.name in ("pooled_auroc@compat", "best_of_k_loss@compat"):
        return whole_best_of
    if metric.name == "apgr":
        return routed_between_two
    if metric.name == "apgr@compat":  # undefined where scores tie
        return lambda rng, *, tied: routed_between_two(rng, tied=False)
    rng = np.random.default_rng(0)
    return next(make for make in GENERATORS if set(metric.needs) <= make(rng, tied=False).values.keys())


def simulated(name, *, tied, rounds):
    """Differences between the value and the declared chance level, (rounds,), of answers that know nothing."""
    metric = build_metric(REGISTRY, NEEDED.get(name, name))
    make, rng = generator_of(metric), np.random.default_rng(1)
    differences = []
    for _ in range(rounds):
        columns = make(rng, tied=tied)
        differences.append(metric.compute(columns).value - chance_level(metric, columns))
    return np.array(differences)


def test_every_shipped_metric_declares_chance_or_is_known_to_have_none():
    assert {name for name in SHIPPED if BUILT[name].chance is None} == WITHOUT


@pytest.mark.parametrize("tied", [False, True], ids=["no-ties", "ties"])
@pytest.mark.parametrize("name", [*DECLARED, *SETTINGS])
def test_answers_that_know_nothing_have_the_declared_figure_on_average(name, tied):
    rounds = ROUNDS.get(name, 100)
    differences = simulated(name, tied=tied, rounds=rounds)
    error = differences.std(ddof=1) / math.sqrt(rounds)
    assert np.isfinite(differences).all()
    assert abs(differences.mean()) <= (4 if rounds >= 100 else 5) * error + 1e-9


@pytest.mark.parametrize("name", [n for n in DECLARED if not n.endswith("@compat")])
def test_a_figure_that_knows_nothing_is_seldom_called_other_than_chance(name):
    metric, rng = build_metric(REGISTRY, NEEDED.get(name, name)), np.random.default_rng(2)
    make = generator_of(metric)
    told = []
    for _ in range(30):
        columns = make(rng, tied=False)
        told.append(with_chance(metric, metric.compute(columns), columns).at_chance)
    assert np.mean(told) >= 0.8


def judged(given, exchanged):
    given, exchanged = np.array(given, float), np.array(exchanged, float)
    n = len(given)
    return Columns({"as_given": given, "exchanged": exchanged, "better": np.zeros(n), "answered": np.ones(n)})


@pytest.mark.parametrize(
    ("columns", "chance"),
    [
        (judged([1, 1, 0, 0], [1, 0, 1, 0]), 0.25),  # contradicts itself as often as not
        (judged([1, 1, 1, 0], [1, 1, 1, 0]), 0.5),  # gives scores, and never contradicts itself
        (judged([1, 1, 0, 0], [0, 0, 1, 1]), 0.0),  # always names the response shown first
    ],
)
def test_chance_on_balance_of_both_orders_follows_from_how_the_answers_were_made(columns, chance):
    assert chance_level(BUILT["accuracy_both_orders"], columns) == chance


def test_chance_of_the_best_of_k_is_the_mean_share_of_correct_responses():
    scores = np.array([[1.0, 2, 3, 4], [2, 1, NAN, NAN]])
    columns = Columns({"scores": scores, "correct": np.array([[1.0, 0, 0, 0], [0, 1, NAN, NAN]])})
    assert chance_level(BUILT["best_of_k_accuracy"], columns) == (1 / 4 + 1 / 2) / 2
    assert chance_level(BUILT["reciprocal_rank"], columns) == pytest.approx((25 / 48 + 3 / 4) / 2)


def test_failed_rows_have_no_part_in_chance():
    columns = Columns({"scores": np.array([[1.0, 2], [NAN, NAN]]), "correct": np.array([[1.0, 0], [1, 1]])})
    assert chance_level(BUILT["best_of_k_accuracy"], columns) == 0.5


@pytest.mark.parametrize("name", ["average_precision", "f1", "true_positive_rate", "false_positive_rate", "brier"])
def test_labels_of_one_class_have_no_chance(name):
    columns = Columns({"log_odds": np.array([1.0, -1.0, 2.0]), "label": np.zeros(3)})
    assert chance_level(BUILT[name], columns) is None


@pytest.mark.parametrize(
    "name", ["auroc", "average_precision", "true_positive_rate", "f1", "precision", "balanced_accuracy", "tpr_at_fpr"]
)
def test_a_constant_detector_is_at_chance_by_every_metric(name):
    columns = Columns({"log_odds": np.full(60, 3.0), "label": (np.arange(60) < 20).astype(float)})
    metric = build_metric(REGISTRY, name)
    assert with_chance(metric, metric.compute(columns), columns).at_chance


@pytest.mark.parametrize(
    ("low", "high", "chance", "at", "worse_if_higher", "worse_if_lower"),
    [
        (0.4, 0.6, 0.5, True, False, False),
        (0.5, 0.5, 0.5, True, False, False),
        (0.51, 0.6, 0.5, False, False, True),
        (0.3, 0.49, 0.5, False, True, False),
        (0.4, 0.6, None, False, False, False),
        (NAN, NAN, 0.5, False, False, False),
    ],
)
def test_an_estimate_stands_to_chance_as_its_interval_does(low, high, chance, at, worse_if_higher, worse_if_lower):
    estimate = Estimate(0.5, 0.1, low, high, 9, chance=chance)
    assert estimate.at_chance is at
    assert (estimate.worse_than_chance(True), estimate.worse_than_chance(False)) == (worse_if_higher, worse_if_lower)


def test_lists_read_the_declared_level_from_the_source():
    """In a process that has loaded none of the metrics, so that the source is all there is."""
    code = (
        "import json, sys; from harness.names.own_chance import own_chance;"
        "from harness.names.registry import Registry;"
        "found = {e.name: own_chance(e.reference) for e in Registry().entries('metric')};"
        "assert 'numpy' not in sys.modules; print(json.dumps(found))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(ran.stdout)
    expected = {n: "computed" if callable(BUILT[n].chance) else BUILT[n].chance for n in SHIPPED}
    assert {name: found[name] for name in SHIPPED} == expected


# declared by others


def declared(chance, **more):
    @mean_metric(needs="right", description="how often", chance=chance, **more)
    def share(columns):
        return columns.values["right"]

    return share


RIGHT = Columns({"right": np.array([1.0, 0.0, NAN]), "k": np.array([2.0, 4.0, 8.0])})


def test_a_function_metric_declares_a_number_or_a_function_of_the_valid_rows():
    assert chance_level(declared(0.25)(), RIGHT) == 0.25
    assert chance_level(declared(lambda columns: float((1 / columns.values["k"]).mean()))(), RIGHT) == 0.375
    assert chance_level(declared(None)(), RIGHT) is None


def test_a_metric_that_declares_nothing_has_an_estimate_without_chance():
    metric = declared(None)()
    estimate = metric.compute(RIGHT)
    assert with_chance(metric, estimate, RIGHT) == estimate


@pytest.mark.parametrize(
    ("chance", "problem"), [(True, TypeError), ("half", TypeError), (NAN, ValueError), (1.5, ValueError)]
)
def test_what_is_no_chance_level_is_refused(chance, problem):
    assert wrong_chance(declared(chance))
    with pytest.raises(problem):
        chance_level(declared(chance)(), RIGHT)
    assert wrong_chance(declared(0.5)) == ""
