"""Bradley-Terry strengths of 200 models from a million battles, with four covariates and who was shown first.

Run: python benchmarks/bradley_terry.py [--quick] [--clusters 5000]
The other way is scikit-learn's LogisticRegression on the sparse design of the same battles, in the same process: one
maximum without errors, and to the same objective, so that both must find the same strengths. The limit is one pass over
the battles' numbers as they come (players, outcome, weight, covariates, position), summed once, at the speed of memory.
Memory is what the process grows by beyond the battles themselves.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from _measure import best, own_memory

from harness.stats import bootstrap_fit, fit, jackknife_fit

SEED = 0


def made_up(models: int, battles: int, clusters: int) -> dict[str, np.ndarray]:
    """Battles of models of known strength, one in ten a tie."""
    rng = np.random.default_rng(SEED)
    strengths = rng.normal(size=models)
    first = rng.integers(0, models, battles)
    second = (first + rng.integers(1, models, battles)) % models
    covariates = rng.normal(size=(battles, 4))
    position = rng.choice([-1.0, 1.0], battles)
    gap = strengths[first] - strengths[second] + covariates @ [0.3, 0.2, 0.1, 0.0] + 0.3 * position
    outcome = (rng.random(battles) < 1 / (1 + np.exp(-gap))).astype(float)
    outcome[rng.random(battles) < 0.1] = 0.5
    return {
        "first": first,
        "second": second,
        "outcome": outcome,
        "covariates": covariates,
        "position": position,
        "weights": np.ones(battles),
        "clusters": rng.integers(0, clusters, battles),
    }


def other_way(battles: dict[str, np.ndarray], models: int, solver: str) -> np.ndarray:
    """Parameters by scikit-learn, model 0 at 0; a tie is half a won and half a lost battle."""
    from scipy.sparse import csr_array, hstack
    from sklearn.linear_model import LogisticRegression

    n = len(battles["first"])
    rows = np.repeat(np.arange(n), 2)
    columns = np.column_stack([battles["first"], battles["second"]]).ravel()
    signs = np.tile([1.0, -1.0], n)
    players = csr_array((signs, (rows, columns)), shape=(n, models))[:, 1:]
    design = hstack([players, battles["covariates"], battles["position"][:, None]], format="csr")
    tied = np.flatnonzero(battles["outcome"] == 0.5)
    won = (battles["outcome"] > 0).astype(int)
    weights = np.where(battles["outcome"] == 0.5, 0.5, 1.0)
    from scipy.sparse import vstack

    whole = vstack([design, design[tied]], format="csr")
    model = LogisticRegression(C=np.inf, fit_intercept=False, solver=solver, tol=1e-6, max_iter=1000)
    model.fit(
        whole, np.concatenate([won, np.zeros(tied.size, int)]), np.concatenate([weights, np.full(tied.size, 0.5)])
    )
    return np.concatenate([[0.0], model.coef_[0]])


def timed(name: str, function, repeats: int = 1):
    """Print the least seconds of some calls, and return them with the last result."""
    seconds, result = [], None
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        seconds.append(time.process_time() - start)
    print(f"{name}: {min(seconds):.2f} s", flush=True)
    return min(seconds), result


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="30 models and 50,000 battles")
    parser.add_argument("--clusters", type=int, default=5000)
    asked = parser.parse_args()
    models, n = (30, 50_000) if asked.quick else (200, 1_000_000)

    battles = made_up(models, n, asked.clusters)
    maximum_only = {name: array for name, array in battles.items() if name != "clusters"}
    size = sum(array.nbytes for array in maximum_only.values())
    limit = best(lambda: [array.sum() for array in maximum_only.values()])
    before = own_memory()
    print(f"{models} models, {n:,} battles, {asked.clusters:,} clusters; {size / 2**20:.0f} MiB of numbers")
    print(f"one pass over them: {limit:.4f} s")

    plain = {name: battles[name] for name in ("first", "second", "outcome")}
    timed("strengths alone, battles independent", lambda: fit(**plain, anchor=0), 3)
    ours, found = timed("with covariates and position, battles independent", lambda: fit(**maximum_only, anchor=0), 3)
    print(
        f"  {found.iterations} Newton steps; {ours / limit:.0f} passes' time; grew by {own_memory() - before:.0f} MiB"
    )
    clustered, _ = timed("with covariates and position, by cluster", lambda: fit(**battles, anchor=0), 3)
    print(f"  {clustered / limit:.0f} passes' time; grew by {own_memory() - before:.0f} MiB")
    timed("leaving each cluster out", lambda: jackknife_fit(**battles, anchor=0))
    rng = np.random.default_rng(SEED)
    timed("10 bootstrap refits by cluster", lambda: bootstrap_fit(**battles, anchor=0, rng=rng, replicates=10))
    print(f"  grew by {own_memory() - before:.0f} MiB")

    mine = np.concatenate([found.strengths, found.coefficients, [found.position]])
    for solver in ("lbfgs", "newton-cholesky"):
        theirs, values = timed(f"scikit-learn, {solver}, no errors", lambda s=solver: other_way(battles, models, s))
        print(f"  {theirs / ours:.1f}x; strengths differ by {np.abs(values - mine).max():.1e} nats at most")
    print(f"  grew by {own_memory() - before:.0f} MiB")


if __name__ == "__main__":
    main()
