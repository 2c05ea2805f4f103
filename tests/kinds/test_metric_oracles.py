"""Every metric that ships with the kinds against slow, obvious computations over plain lists."""

import itertools
import math
from itertools import combinations

import numpy as np
import pytest

NAN = float("nan")


def mean(values):
    return sum(values) / len(values) if values else None


# best of k: a row is a list of (score, correct)


def candidates(columns):
    rows = []
    for scores, correct in zip(columns.values["scores"].tolist(), columns.values["correct"].tolist(), strict=True):
        row = [(s, c) for s, c in zip(scores, correct, strict=True) if not math.isnan(c)]
        if not any(math.isnan(s) for s, _ in row):
            rows.append(row)
    return rows


def credit(row):
    top = max(s for s, _ in row)
    return mean([c for s, c in row if s == top])


def area(row):
    return mean([mean([credit(subset) for subset in combinations(row, k)]) for k in range(1, len(row) + 1)])


def split(row):
    return [s for s, c in row if c == 1], [s for s, c in row if c == 0]


def strictly_best(row):
    right, wrong = split(row)
    return float(any(all(r > w for w in wrong) for r in right))


def among_the_best(row):
    right, wrong = split(row)
    return float(any(all(r >= w for w in wrong) for r in right))


def reciprocal_rank(row, *, ties_against):
    right, wrong = split(row)
    ranks = [1 + sum(w > r or (ties_against and w == r) for w in wrong) for r in right]
    return max((1 / rank for rank in ranks), default=0.0)


def pairwise(columns, tie):
    shares = []
    for row in candidates(columns):
        right, wrong = split(row)
        pairs = [1.0 if r > w else tie if r == w else 0.0 for r in right for w in wrong]
        if pairs:
            shares.append(mean(pairs))
    return mean(shares)


def of_candidates(per_row):
    return lambda columns: mean([per_row(row) for row in candidates(columns)])


# preference: a row is (as given, exchanged), each "win", "tie", "loss" or None of the better response


def word(preference):
    if math.isnan(preference):
        return None
    return "tie" if preference == 0.5 else "win" if preference > 0.5 else "loss"


def games(columns, *, keep_unread):
    v = columns.values
    rows = []
    for a, b, better, answered in zip(v["as_given"], v["exchanged"], v["better"], v["answered"], strict=True):
        row = word(a), word(b), int(better)
        if answered and (keep_unread or None not in row[:2]):
            rows.append(row)
    return rows


def of_games(per_row, *, keep_unread=False):
    return lambda columns: mean([per_row(*row) for row in games(columns, keep_unread=keep_unread)])


POINTS = {"win": 1, "tie": 0, "loss": -1, None: 0}
CREDIT = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def strict(a, b, _):
    return ((a == "win") + (b == "win")) / 2


def both_orders(a, b, _):
    return float(POINTS[a] + POINTS[b] > 0)


def first_shown_wins(a, b, better):
    shown_first = [CREDIT[a], 1 - CREDIT[b]] if better == 0 else [1 - CREDIT[a], CREDIT[b]]
    return mean(shown_first)


def ties_to_second(a, _, better):
    return float(better == 1 if POINTS[a] == 0 else a == "win")


def first_order(columns):
    return mean([float(p > 0.5) for p in columns.values["as_given"] if not math.isnan(p)])


def cohen(codes):
    """Kappa of pairs of codes."""
    names = {code for pair in codes for code in pair}
    observed = mean([float(a == b) for a, b in codes])
    chance = sum(mean([a == name for a, _ in codes]) * mean([b == name for _, b in codes]) for name in names)
    return (observed - chance) / (1 - chance)


def winner(verdict, better):
    return {"win": better, "loss": 1 - better}.get(verdict, "neither")


def label_kappa(columns, orders=(0, 1)):
    rows = games(columns, keep_unread=False)
    return mean([cohen([(winner(row[order], row[2]), row[2]) for row in rows]) for order in orders])


def order_kappa(columns):
    return cohen([(winner(a, better), winner(b, better)) for a, b, better in games(columns, keep_unread=False)])


def published_kappa(*orders):
    """LLMBar codes verdicts for the first response 1 and others 0, and labels 1 and 2."""

    def of(columns):
        rows = games(columns, keep_unread=True)
        return mean([cohen([(int(winner(row[i], row[2]) == 0), row[2] + 1) for row in rows]) for i in orders])

    return of


def published_order_kappa(columns):
    rows = games(columns, keep_unread=True)
    return cohen([(winner(a, better) == 0, winner(b, better) == 0) for a, b, better in rows])


# detection: a row is (score, label)


def scored(columns, score="log_odds", label="label"):
    pairs = zip(columns.values[score].tolist(), columns.values[label].tolist(), strict=True)
    return [(s, y) for s, y in pairs if not math.isnan(s)]


def auroc(rows):
    positives, negatives = [s for s, y in rows if y == 1], [s for s, y in rows if y == 0]
    return mean([1.0 if p > n else 0.5 if p == n else 0.0 for p in positives for n in negatives])


def average_precision(rows):
    precisions = []
    for score, label in rows:
        if label == 1:
            caught = [y for s, y in rows if s >= score]
            precisions.append(mean(caught))
    return mean(precisions)


def rates(rows, threshold):
    true = [s >= threshold for s, y in rows if y == 1]
    false = [s >= threshold for s, y in rows if y == 0]
    return sum(true) / len(true), sum(false) / len(false)


def tpr_at(rows, rate):
    thresholds = [math.inf, *{s for s, _ in rows}]
    return max(tpr for tpr, fpr in (rates(rows, t) for t in thresholds) if fpr <= rate)


def points(rows):
    """(false, true positive rate) of letting in nothing, then every level from the top."""
    return [(0.0, 0.0), *(rates(rows, t)[::-1] for t in sorted({s for s, _ in rows}, reverse=True))]


def tpr_interpolated(rows, rate):
    around = [(left, right) for left, right in itertools.pairwise(points(rows)) if left[0] <= rate < right[0]]
    (x0, y0), (x1, y1) = around[-1]
    return y0 + (y1 - y0) * (rate - x0) / (x1 - x0)


def partial_auroc(rows, rate):
    ends = [*(p for p in points(rows) if p[0] <= rate), (rate, tpr_interpolated(rows, rate))]
    area = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in itertools.pairwise(ends))
    return (1 + (area - rate**2 / 2) / (rate - rate**2 / 2)) / 2


def precision_at(rows, threshold):
    return mean([y for s, y in rows if s >= threshold])


def auprc_trapezoid(rows):
    curve = [(0.0, 1.0)]
    for threshold in sorted({s for s, _ in rows}, reverse=True):
        curve.append((rates(rows, threshold)[0], precision_at(rows, threshold)))
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in itertools.pairwise(curve))


def predictive_value(true, false, prevalence):
    return prevalence * true / (prevalence * true + (1 - prevalence) * false)


def over_thresholds(figure):
    """The best of a figure of called rows, over all thresholds between scores."""
    return lambda columns: max(figure(scored(columns), t) for t in (-math.inf, *{s for s, _ in scored(columns)}))


def accuracy(rows, threshold):
    return mean([float(positive == truth) for positive, truth in called(rows, threshold)])


def accuracy_of_published_thresholds(columns):
    rows, kept = scored(columns), [math.inf]
    levels = sorted({s for s, _ in rows}, reverse=True)
    steps = [(sum(y == 1 for s, y in rows if s == t), sum(y == 0 for s, y in rows if s == t)) for t in levels]
    for i, level in enumerate(levels):
        on_a_straight_line = 0 < i < len(levels) - 1 and steps[i] == steps[i + 1]
        if not on_a_straight_line:
            kept.append(level)
    return max(accuracy(rows, t) for t in kept)


def share(rows, success, among):
    chosen = [row for row in rows if among(*row)]
    return mean([float(success(*row)) for row in chosen])


def calibration_error(rows, bin_of, bins):
    total = 0.0
    for wanted in range(bins):
        own = [(1 / (1 + math.exp(-s)), y) for s, y in rows if bin_of(s) == wanted]
        total += abs(sum(p - y for p, y in own))
    return total / len(rows)


def equal_width(rows, bins):
    return calibration_error(rows, lambda s: min(int(bins / (1 + math.exp(-s))), bins - 1), bins)


def equal_mass(rows, bins):
    def bin_of(score):
        middle = sum(s < score for s, _ in rows) + sum(s == score for s, _ in rows) / 2
        return min(int(middle / len(rows) * bins), bins - 1)

    return calibration_error(rows, bin_of, bins)


def called(rows, threshold):
    return [(s > threshold, y == 1) for s, y in rows]


def f1(rows, threshold):
    hits = sum(positive and truth for positive, truth in called(rows, threshold))
    return 2 * hits / sum(positive + truth for positive, truth in called(rows, threshold))


def balanced(rows, threshold):
    right = [(positive == truth, truth) for positive, truth in called(rows, threshold)]
    return mean([mean([r for r, truth in right if truth]), mean([r for r, truth in right if not truth])])


def brier(rows):
    return mean([(1 / (1 + math.exp(-s)) - y) ** 2 for s, y in rows])


def log_loss(rows):
    return mean([math.log(1 + math.exp(-s if y == 1 else s)) for s, y in rows])


def cells(columns, wanted):
    shares = []
    for c, r in zip(columns.values["chosen"].tolist(), columns.values["rejected"].tolist(), strict=True):
        if not any(map(math.isnan, [*c, *r])):
            shares.append(mean([float(c[i] > r[j]) for i in range(3) for j in range(3) if wanted(i, j)]))
    return mean(shares)


# ties: a row is (margin, spread, pair), of the reference prompts and of the tied ones


def ties_score(columns):
    v = columns.values
    rows = zip(v["margin"].tolist(), v["spread"].tolist(), v["reference"].tolist(), v["pair"].tolist(), strict=True)
    rows = [row for row in rows if not math.isnan(row[0])]
    references, tied = [r for r in rows if r[2] == 1], [r for r in rows if r[2] == 0]
    pairs = []
    for margin, spread, _, number in tied:
        partners = [m for m, _, _, other in references if other == number]
        if partners:
            pairs.append((margin, min(margin, *partners), spread))
    closeness = [
        0.0 if lower == s == 0 else math.tanh(lower / s - 1) if s else math.copysign(1, lower) for _, lower, s in pairs
    ]
    return (
        0.30 * mean([float(m > 0) for m, *_ in tied])
        + 0.30 * mean([float(m > 0) for m, *_ in references])
        + 0.20 * mean([float(m > s) for m, _, s in pairs])
        + 0.20 * mean([float(lower > s) for _, lower, s in pairs])
        + 0.01 * mean(closeness)
    )


# sectioned preference: a row is (credit, section, weight of the pair)


def rewardbench_credit(columns):
    v = columns.values
    rows = []
    for a, b, answered, scored, section, weight in zip(
        v["as_given"], v["exchanged"], v["answered"], v["scored"], v["section"], v["pair_weight"], strict=True
    ):
        if answered:
            undecided = 0.0 if scored else 0.5
            games = [{"win": 1.0, "loss": 0.0}.get(word(p), undecided) for p in (a, b)]
            rows.append((mean(games), int(section), weight))
    return rows


def section_mean(columns):
    rows = rewardbench_credit(columns)
    sections = []
    for wanted in sorted({section for _, section, _ in rows}):
        own = [(c, w) for c, section, w in rows if section == wanted]
        sections.append(sum(c * w for c, w in own) / sum(w for _, w in own))
    return mean(sections)


ORACLES = {
    "best_of_k_accuracy": of_candidates(credit),
    "best_of_k_strict": of_candidates(strictly_best),
    "best_of_k_with_ties": of_candidates(among_the_best),
    "best_of_k_area": of_candidates(area),
    "reciprocal_rank": of_candidates(lambda row: reciprocal_rank(row, ties_against=True)),
    "reciprocal_rank_with_ties": of_candidates(lambda row: reciprocal_rank(row, ties_against=False)),
    "pairwise_accuracy": lambda columns: pairwise(columns, 0.5),
    "pairwise_accuracy_strict": lambda columns: pairwise(columns, 0.0),
    "accuracy": of_games(lambda a, b, _: (CREDIT[a] + CREDIT[b]) / 2),
    "accuracy_strict": of_games(strict),
    "accuracy_strict@compat": of_games(strict, keep_unread=True),
    "accuracy_both_orders": of_games(both_orders),
    "accuracy_both_orders@compat": of_games(both_orders, keep_unread=True),
    "accuracy_right_in_both": of_games(lambda a, b, _: float(a == b == "win")),
    "accuracy_right_in_both@compat": of_games(lambda a, b, _: float(a == b == "win"), keep_unread=True),
    "accuracy_first_order": first_order,
    "accuracy_first_order@compat": of_games(lambda a, b, _: float(a == "win"), keep_unread=True),
    "accuracy_second_order": lambda c: mean([float(p > 0.5) for p in c.values["exchanged"] if not math.isnan(p)]),
    "accuracy_second_order@compat": of_games(lambda a, b, _: float(b == "win"), keep_unread=True),
    "label_kappa": label_kappa,
    "label_kappa@compat": published_kappa(0, 1),
    "label_kappa_first_order@compat": published_kappa(0),
    "label_kappa_second_order@compat": published_kappa(1),
    "order_kappa": order_kappa,
    "order_kappa@compat": published_order_kappa,
    "accuracy_ties_to_second@compat": of_games(ties_to_second, keep_unread=True),
    "unparsed_rate": of_games(lambda a, b, _: ((a is None) + (b is None)) / 2, keep_unread=True),
    "order_consistency": of_games(lambda a, b, _: float(a == b)),
    "order_consistency@compat": of_games(lambda a, b, _: float(POINTS[a] == POINTS[b]), keep_unread=True),
    "first_position_rate": of_games(first_shown_wins),
    "tie_rate": of_games(lambda a, b, _: ((a == "tie") + (b == "tie")) / 2),
    "auroc": lambda columns: auroc(scored(columns)),
    "average_precision": lambda columns: average_precision(scored(columns)),
    "f1:threshold=1": lambda columns: f1(scored(columns), 1),
    "balanced_accuracy:threshold=1": lambda columns: balanced(scored(columns), 1),
    "tpr_at_fpr:rate=0.3": lambda columns: tpr_at(scored(columns), 0.3),
    "tpr_at_fpr_interpolated:rate=0.3": lambda columns: tpr_interpolated(scored(columns), 0.3),
    "partial_auroc:rate=0.3": lambda columns: partial_auroc(scored(columns), 0.3),
    "auprc_trapezoid@compat": lambda columns: auprc_trapezoid(scored(columns)),
    "ppv_at_prevalence:prevalence=0.01,rate=0.3": lambda columns: predictive_value(
        tpr_at(scored(columns), 0.3), 0.3, 0.01
    ),
    "ppv:prevalence=0.01": lambda columns: predictive_value(*rates(scored(columns), 0.5), 0.01),
    "true_positive_rate": lambda columns: share(scored(columns), lambda s, y: s > 0, lambda s, y: y == 1),
    "false_positive_rate": lambda columns: share(scored(columns), lambda s, y: s > 0, lambda s, y: y == 0),
    "precision": lambda columns: share(scored(columns), lambda s, y: y == 1, lambda s, y: s > 0),
    "optimal_accuracy": over_thresholds(accuracy),
    "optimal_accuracy@compat": accuracy_of_published_thresholds,
    "optimal_balanced_accuracy": over_thresholds(balanced),
    "optimal_f1": over_thresholds(f1),
    "expected_calibration_error": lambda columns: equal_width(scored(columns), 15),
    "expected_calibration_error:bins=5,binning=mass": lambda columns: equal_mass(scored(columns), 5),
    "brier": lambda columns: brier(scored(columns)),
    "log_loss": lambda columns: log_loss(scored(columns)),
    "similarity_auroc": lambda columns: auroc(scored(columns, "similarity", "same")),
    "similarity_average_precision": lambda columns: average_precision(scored(columns, "similarity", "same")),
    "style_accuracy": lambda columns: cells(columns, lambda i, j: True),
    "style_accuracy_hard": lambda columns: cells(columns, lambda i, j: i < j),
    "style_accuracy_normal": lambda columns: cells(columns, lambda i, j: i == j),
    "style_accuracy_easy": lambda columns: cells(columns, lambda i, j: i > j),
    "ties_score": ties_score,
    "section_mean": section_mean,
    "accuracy_rewardbench@compat": lambda columns: mean([c for c, *_ in rewardbench_credit(columns)]),
}
# A kappa may be negative.
BOUNDED = [name for name in ORACLES if name not in ("log_loss", "ties_score") and "kappa" not in name]
# Their standard errors hold a slope whose bandwidth is chosen by the number of negatives.
SMOOTHED = ("tpr_at_fpr", "ppv_at_prevalence")
EXACT = ("true_positive_rate", "false_positive_rate", "precision")


def figures(estimate):
    return [estimate.value, estimate.stderr, estimate.low, estimate.high, estimate.n, estimate.n_failed]


def test_every_metric_of_the_kinds_has_an_oracle_here(registry):
    own = {e.name for e in registry.entries("metric") if e.plugin in ("kinds", "reward_benchmarks")}
    assert {name.partition(":")[0] for name in ORACLES} == own


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("seed", range(5))
def test_a_metric_equals_its_slow_definition(name, seed, metric, random_columns):
    columns = random_columns(seed)
    assert metric(name).compute(columns).value == pytest.approx(ORACLES[name](columns), abs=1e-12)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("n", [2, 3, 10, 40])
def test_a_fraction_and_its_interval_stay_between_0_and_1(name, n, metric, random_columns):
    for seed in range(10):
        estimate = metric(name).compute(random_columns(seed, n, failures=False))
        if "reason" not in estimate.detail:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize("name", ORACLES)
def test_the_order_of_the_items_does_not_matter(name, metric, random_columns):
    columns = random_columns(1)
    shuffled = columns.take(np.random.default_rng(0).permutation(len(columns)))
    assert figures(metric(name).compute(shuffled)) == pytest.approx(figures(metric(name).compute(columns)), abs=1e-12)


@pytest.mark.parametrize("name", ORACLES)
def test_repeating_every_item_in_its_cluster_adds_no_certainty(name, metric, random_columns):
    from harness.metric import Columns

    columns = random_columns(2)
    once = metric(name).compute(columns)
    twice = Columns({k: np.concatenate([v, v]) for k, v in columns.values.items()}, np.tile(np.arange(40), 2))
    repeated = metric(name).compute(twice)
    assert (repeated.value, repeated.n, repeated.n_failed) == (
        pytest.approx(once.value, abs=1e-12),
        2 * once.n,
        2 * once.n_failed,
    )
    if not name.startswith(SMOOTHED):
        assert repeated.stderr == pytest.approx(once.stderr, rel=1e-9)


@pytest.mark.parametrize("name", ORACLES)
def test_failed_rows_are_counted_and_change_nothing_else(name, metric, random_columns):
    columns = random_columns(3)
    chosen = metric(name)
    valid = chosen.valid(columns)
    whole, clean = chosen.compute(columns), chosen.compute(columns.take(valid))
    assert (whole.n, whole.n_failed) == (int(valid.sum()), int((~valid).sum()))
    assert whole.n_failed > 0
    assert figures(whole)[:4] == figures(clean)[:4]
    assert whole.detail == clean.detail


@pytest.mark.parametrize("name", ORACLES)
def test_nothing_but_failures_gives_no_value_and_says_so(name, metric, random_columns):
    from harness.metric import Columns

    columns = random_columns(0, 4, failures=False)
    truth = {"correct", "label", "same", "better"}
    values = {k: v if k in truth else np.full_like(v, NAN) for k, v in columns.values.items()}
    estimate = metric(name).compute(Columns(values | {"answered": np.zeros(4)}))
    assert (estimate.n, estimate.n_failed, estimate.detail) == (0, 4, {"reason": "every request failed"})
    assert all(map(math.isnan, figures(estimate)[:4]))


@pytest.mark.parametrize("name", ORACLES)
def test_no_rows_give_no_value_and_say_so(name, metric, random_columns):
    columns = random_columns(0, failures=False).take(np.zeros(40, dtype=bool))
    estimate = metric(name).compute(columns)
    assert (estimate.n, estimate.n_failed, estimate.detail) == (0, 0, {"reason": "no rows"})


@pytest.mark.parametrize("name", ORACLES)
def test_one_item_has_no_standard_error(name, metric, random_columns):
    estimate = metric(name).compute(random_columns(0, 1, failures=False))
    assert math.isnan(estimate.stderr)
    assert estimate.n == 1
    if not math.isnan(estimate.value) and name in BOUNDED and name not in EXACT:
        assert (estimate.low, estimate.high) == (0, 1)


TWO_CLASSES = ("auroc", "average_p", "tpr", "balanced", "similarity", "partial", "auprc", "ppv", "optimal")


@pytest.mark.parametrize("name", [n for n in ORACLES if n.startswith(TWO_CLASSES)])
def test_a_slice_of_one_class_has_a_reason_instead_of_a_value(name, metric, random_columns):
    estimate = metric(name).compute(random_columns(0, failures=False, classes=1))
    assert math.isnan(estimate.value)
    assert (estimate.n, estimate.n_failed) == (40, 0)
    assert "both classes are needed" in estimate.detail["reason"]


@pytest.mark.parametrize("name", ORACLES)
def test_one_class_never_raises(name, metric, random_columns):
    columns = random_columns(1, failures=False, classes=1)
    columns.values["correct"][:] = np.where(np.isnan(columns.values["correct"]), NAN, 1.0)
    estimate = metric(name).compute(columns)
    assert math.isnan(estimate.value) == ("reason" in estimate.detail)


CONSTANT = {
    "best_of_k_strict": 0.0,
    "best_of_k_with_ties": 1.0,
    "best_of_k_accuracy": 0.5,
    "best_of_k_area": 0.5,
    "reciprocal_rank": 1 / 3,
    "reciprocal_rank_with_ties": 1.0,
    "pairwise_accuracy": 0.5,
    "pairwise_accuracy_strict": 0.0,
    "accuracy": 0.5,
    "accuracy_strict": 0.0,
    "accuracy_both_orders": 0.0,
    "accuracy_right_in_both": 0.0,
    "accuracy_ties_to_second@compat": 0.25,
    "order_consistency": 1.0,
    "first_position_rate": 0.5,
    "tie_rate": 1.0,
    "auroc": 0.5,
    "average_precision": 0.25,
    "tpr_at_fpr:rate=0.5": 0.0,
    "tpr_at_fpr_interpolated:rate=0.5": 0.5,
    "partial_auroc:rate=0.2": 0.5,
    "auprc_trapezoid@compat": 0.625,
    "true_positive_rate": 0.0,
    "false_positive_rate": 0.0,
    "optimal_accuracy": 0.75,
    "optimal_accuracy@compat": 0.75,
    "optimal_balanced_accuracy": 0.5,
    "optimal_f1": 0.4,
    "expected_calibration_error": 0.25,
    "brier": 0.25,
    "log_loss": math.log(2),
    "style_accuracy": 0.0,
}


@pytest.mark.parametrize("name", CONSTANT)
def test_a_model_that_ties_everything_gets_what_the_convention_says(name, metric):
    from harness.metric import Columns

    n = 8
    half, quarter = np.full(n, 0.5), (np.arange(n) % 4 == 0).astype(float)
    values = {
        "scores": np.zeros((n, 4)),
        "correct": np.tile([1.0, 0.0, 1.0, 0.0], (n, 1)),
        "as_given": half,
        "exchanged": half,
        "answered": np.ones(n),
        "better": quarter,
        "log_odds": np.zeros(n),
        "label": quarter,
        "chosen": np.zeros((n, 3)),
        "rejected": np.zeros((n, 3)),
    }
    assert metric(name).compute(Columns(values)).value == pytest.approx(CONSTANT[name], abs=1e-12)
