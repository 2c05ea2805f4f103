"""Slow, obvious definitions of the metrics of detection and similarity, over plain lists."""

import itertools
import math

from oracles_mean import mean

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


ORACLES = {
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
}
