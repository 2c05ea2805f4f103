"""All PPE metrics of one reward model at full size, against the published method in the same process.

16,038 battles in 12 domains, and five sets of 512 prompts with 32 responses (synthetic scores).

Run: python benchmarks/ppe.py [--baseline-domains 1] [--rounds 1000] [--all-domains]
Baseline: the published method, written anew: for every domain one fit and 1000 bootstrap fits by L-BFGS-B, win-rate
matrices by loops over rows, 100 rounds of permutations by loops over prompts; timed on the first --baseline-domains
domains (full size) and one set with one of its generators, and scaled to all by the number of rows.
Limit: reading the scores once and computing the plain accuracies.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from harness.metric import Columns
from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

DOMAINS = {
    "overall": 1.0, "hard_prompt": 0.306, "easy_prompt": 0.235, "if_prompt": 0.289, "is_code": 0.179,
    "math_prompt": 0.133, "similar_response": 0.569, "shorter_won": 0.402, "english_prompt": 0.558,
    "non_english_prompt": 0.442, "chinese_prompt": 0.116, "russian_prompt": 0.106,
}  # fmt: skip
"""Shares of the battles, as in the data."""
HUMAN = ("battle_accuracy", "row_wise_pearson", "elo_spearman", "elo_kendall", "separability", "confidence_agreement",
         "elo_brier")  # fmt: skip
SAMPLED = ("conflict_pair_accuracy", "pooled_auroc", "best_of_k_max", "best_of_k_accuracy", "best_of_k_loss",
           "best_of_k_squared_gap", "best_of_k_area")  # fmt: skip
COMPAT = {"human": [f"{name}@compat" for name in HUMAN],
          "sampled": [f"{name}@compat" for name in SAMPLED[:5]]}  # fmt: skip
MODELS, PROMPTS, RESPONSES, GENERATORS, SETS = 20, 512, 32, 4, 5


def battles(rng: np.random.Generator, n: int = 16038) -> tuple[Columns, dict[str, np.ndarray]]:
    """Columns of battles with 36 % ties, and which rows each domain has."""
    strength = np.linspace(-0.6, 0.6, MODELS)
    first = rng.integers(0, MODELS, n)
    second = (first + rng.integers(1, MODELS, n)) % MODELS
    mind = strength[first] - strength[second] + rng.logistic(size=n)
    outcome = np.where(np.abs(mind) < 0.75, 0.5, mind > 0).astype(float)
    better = (outcome == 0).astype(float)
    prefers_first = (mind + 2 * rng.logistic(size=n) > 0).astype(float)
    towards = np.where(better == 1, 1 - prefers_first, prefers_first)
    values = {"as_given": towards, "exchanged": towards, "better": better, "answered": np.ones(n), "outcome": outcome,
              "first_model": first.astype(float), "second_model": second.astype(float)}  # fmt: skip
    facts = {"models": tuple(f"m{i}" for i in range(MODELS)), "orders": "both"}
    return Columns(values, None, facts), {name: rng.random(n) < share for name, share in DOMAINS.items()}


def sampled(rng: np.random.Generator) -> Columns:
    """Columns of one set of sampled responses, five pairs a prompt."""
    correct = (rng.random((PROMPTS, RESPONSES)) < rng.uniform(0.1, 0.9, (PROMPTS, 1))).astype(float)
    correct[:, 0], correct[:, 1] = 1, 0
    scores = rng.normal(size=correct.shape) + 0.5 * correct
    right = np.argsort(-correct + rng.random(correct.shape), axis=1)[:, :1].repeat(5, axis=1)
    wrong = np.argsort(correct + rng.random(correct.shape), axis=1)[:, :1].repeat(5, axis=1)
    gap = np.take_along_axis(scores, right, 1) - np.take_along_axis(scores, wrong, 1)
    given = 0.5 + 0.5 * np.sign(gap)
    values = {"scores": scores, "correct": correct, "pair_first": right.astype(float), "answered": np.ones(PROMPTS),
              "pair_second": wrong.astype(float), "pair_given": given, "pair_exchanged": given}  # fmt: skip
    return Columns(values, np.arange(PROMPTS), {"orders": "both"})


def ours(registry: Registry, human: Columns, domains: dict[str, np.ndarray], sets: list[Columns], compat: bool) -> dict:
    """Every metric in every domain, with intervals; values by (part, domain, metric)."""
    names = (COMPAT["human"], COMPAT["sampled"]) if compat else (HUMAN, SAMPLED)
    metrics = [[build_metric(registry, name) for name in part] for part in names]
    found = {}
    whole = Columns(human.values, human.clusters, human.facts)  # without what an earlier call may have kept
    for domain, mask in domains.items():
        part = whole if domain == "overall" else whole.take(mask)
        found |= {("human", domain, m.name): m.compute(part) for m in metrics[0]}
    for i, columns in enumerate(sets):
        fresh = Columns(columns.values, columns.clusters, columns.facts)
        generator = np.arange(PROMPTS) % GENERATORS
        for domain in range(-1, GENERATORS):
            part = fresh if domain < 0 else fresh.take(generator == domain)
            found |= {(f"set {i}", domain, m.name): m.compute(part) for m in metrics[1]}
    return found


def published_human(columns: Columns, rounds: int, overall: np.ndarray | None) -> tuple[dict[str, float], np.ndarray]:
    """One domain by the published method: both tables' bootstrap, win rates by loops over rows.

    Ranks are held against the ratings over all battles, ``overall``; returns those of this domain too.
    """
    from scipy.optimize import minimize
    from scipy.stats import kendalltau, spearmanr

    first, second = (columns.values[n].astype(int) for n in ("first_model", "second_model"))
    outcome, better = columns.values["outcome"], columns.values["better"]
    verdict = np.where(better == 1, 1 - columns.values["as_given"], columns.values["as_given"])
    tables, rates = [], []
    for credit in (outcome, verdict):
        # Models are numbered as they appear, which the seeded draws depend on.
        _, appearance = np.unique(np.r_[first, second], return_index=True)
        number = np.argsort(np.argsort(appearance))
        rows, weights = np.unique(np.c_[number[first], number[second], 2 * credit], axis=0, return_counts=True)
        back = np.argsort(number)
        a, b, o = back[rows[:, 0].astype(int)], back[rows[:, 1].astype(int)], rows[:, 2] / 2

        def fit(w: np.ndarray, a: np.ndarray = a, b: np.ndarray = b, o: np.ndarray = o) -> np.ndarray:
            def loss(r: np.ndarray) -> tuple[float, np.ndarray]:
                p = 1 / (1 + np.exp(-np.log(10) * (r[a] - r[b])))
                pull = w * (p - o) * np.log(10)
                gradient = np.bincount(a, pull, MODELS) - np.bincount(b, pull, MODELS)
                return -float(w @ (o * np.log(p) + (1 - o) * np.log(1 - p))), gradient

            options = {"maxiter": 100, "gtol": 1e-6}
            return 1000 + 400 * minimize(loss, np.zeros(MODELS), jac=True, method="L-BFGS-B", options=options).x

        draws = np.random.default_rng(0).multinomial(len(first), weights / weights.sum(), rounds) / len(first)
        tables.append((fit(weights.astype(float)), np.array([fit(w) for w in draws])))
        wins, games = np.zeros((MODELS, MODELS)), np.zeros((MODELS, MODELS))
        for i, j, c in zip(first, second, credit, strict=True):
            wins[i, j] += c
            wins[j, i] += 1 - c
            games[i, j] += 1
            games[j, i] += 1
        rates.append(np.divide(wins, games, out=np.full_like(wins, np.nan), where=games > 0))
    (truth, _), (rating, rounds_of) = tables
    low, high = np.quantile(rounds_of, (0.025, 0.975), axis=0)
    apart = [max(low[i], low[j]) >= min(high[i], high[j]) for i in range(MODELS) for j in range(i)]
    decisive = outcome != 0.5
    against = truth if overall is None else overall
    return {
        "elo_spearman": float(spearmanr(against, rating).statistic),
        "elo_kendall": float(kendalltau(against, rating).statistic),
        "separability": float(np.mean(apart)),
        "battle_accuracy": float((verdict == outcome)[decisive].mean()),
    }, truth


def published_sampled(columns: Columns, rounds: int = 100) -> dict[str, float]:
    """One set by the published method: rounds of shared permutations, loops over prompts."""
    scores, gold = columns.values["scores"], columns.values["correct"]
    rng = np.random.default_rng(0)
    curves, oracles = [], []
    for _ in range(rounds):
        order = rng.permutation(scores.shape[1])
        curve, oracle = np.zeros(scores.shape), np.zeros(scores.shape)
        for i in range(len(scores)):
            s, g = scores[i][order], gold[i][order]
            best = np.maximum.accumulate(s)
            first = np.searchsorted(np.flatnonzero(np.r_[True, s[1:] > best[:-1]]), np.arange(len(s)), side="right") - 1
            curve[i] = g[np.flatnonzero(np.r_[True, s[1:] > best[:-1]])[first]]
            oracle[i] = np.maximum.accumulate(g)
        curves.append(curve.mean(axis=0))
        oracles.append(oracle.mean(axis=0))
    curve, oracle = np.array(curves), np.array(oracles)
    return {
        "best_of_k_accuracy": float(curve[:, -1].mean()),
        "best_of_k_max": float(curve.max(axis=1).mean()),
        "best_of_k_squared_gap": float(((oracle - curve) ** 2).mean()),
    }


def main() -> None:
    """Time both and compare their numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baseline-domains", type=int, default=1, help="domains that the baseline is timed on")
    parser.add_argument("--rounds", type=int, default=1000, help="bootstrap rounds of the baseline")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    human, domains = battles(rng)
    sets = [sampled(rng) for _ in range(SETS)]
    registry = Registry()
    ours(registry, human, {"overall": domains["overall"]}, sets[:1], compat=False)  # imports

    start = time.perf_counter()
    exact = ours(registry, human, domains, sets, compat=False)
    exact_seconds = time.perf_counter() - start
    start = time.perf_counter()
    compat = ours(registry, human, domains, sets, compat=True)
    compat_seconds = time.perf_counter() - start

    start = time.perf_counter()
    timed = list(domains)[: chosen.baseline_domains]
    theirs: dict[str, dict[str, float]] = {}
    overall = None
    for domain in timed:
        part = human if domain == "overall" else human.take(domains[domain])
        theirs[domain], truth = published_human(part, chosen.rounds, overall)
        overall = truth if overall is None else overall
    human_seconds = time.perf_counter() - start
    start = time.perf_counter()
    set_values = published_sampled(sets[0])
    set_seconds = 2 * SETS * (time.perf_counter() - start)  # the whole set, and its four generators
    human_total = human_seconds * len(domains) / len(timed)
    start = time.perf_counter()
    for mask in domains.values():
        (human.values["as_given"][mask] > 0.5).mean()
    for columns in sets:
        columns.values["scores"].argmax(axis=1)
    limit = time.perf_counter() - start

    baseline = human_total + set_seconds
    print(f"{len(exact)} values with intervals:      {exact_seconds:8.2f} s   {baseline / exact_seconds:8.0f} x faster")
    print(
        f"{len(compat)} values as published:        {compat_seconds:8.2f} s   {baseline / compat_seconds:8.0f} x faster"
    )
    print(f"published method (scaled):        {baseline:8.1f} s   ({human_total:.1f} human, {set_seconds:.1f} sampled)")
    print(f"limit, reading and plain means:   {limit:8.4f} s")
    print("\nagreement with the published method")
    for domain, values in theirs.items():
        for name, value in values.items():
            e, c = exact["human", domain, name], compat["human", domain, f"{name}@compat"]
            digits = f"published {value:.5f}  as published {c.value:.5f}  exact {e.value:.5f} +- {e.stderr:.5f}"
            print(f"  {domain:12s} {name:22s} {digits}")
    for name, value in set_values.items():
        e = exact["set 0", -1, name]
        print(f"  {'set 0':12s} {name:22s} published {value:.5f}  exact {e.value:.5f} +- {e.stderr:.5f}")


if __name__ == "__main__":
    main()
