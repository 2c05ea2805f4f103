"""The figures of routers on real models that the READMEs of ``embedllm`` and ``routing`` state, made again.

``HARNESS_DATA`` names the folder that has ``routing/``; what needs it is skipped without it. Each study prints a table
as its document has it, from seeded splits of nine real models' outcomes on 5,610 questions, MiniLM vectors; all of them
take about three minutes of one core.

- ``splits``: routers on 100 splits into 80 % to train on and 10 % to test on, and pairs of them.
- ``curve``: the same with 50 to 4,488 questions to train on.
- ``left-out``: every family of questions left out of training in turn.
- ``ellipses``: spread of coordinates on the map by influences, over that of refits.
- ``cascade``: error of an evaluator at which a cascade falls below routers, on the first ten splits.
- ``budget``: what a certified budget saves and keeps on a later slice, by 20 seeds.
- ``certificate``: how often what loses just too much is certified, and what is better is not (made up).

Run: python benchmarks/routing_studies.py [--only splits] [--quick] [--json]
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from _nine_models import Figures, Nine, forecast, main, routed, short, table, with_ends, with_spread
from harness_plugins.embedllm.canonical import canonical, replicates
from harness_plugins.embedllm.exact import Problem, predicted
from harness_plugins.embedllm.probing import leave_categories_out
from harness_plugins.routing import budgeted, cascades, cost_quality
from harness_plugins.routing.certificate import certified
from harness_plugins.routing.over_embedder import nearest_means, unit

from harness import Columns

NEIGHBOURS, RIDGE = 31, 1.0
SPLITS = 100


def routers(nine: Nine, train: np.ndarray, test: np.ndarray) -> dict[str, np.ndarray]:
    """Predictions of all routers on the test part, (n, m), by their names in the documents."""
    vectors, known = nine.vectors[train], nine.outcomes[train]
    means = known.mean(axis=0)
    near = nearest_means(unit(nine.vectors[test]), unit(vectors), known, min(NEIGHBOURS, len(train)))
    fit = Problem(vectors, known).fit(RIDGE)
    exact = predicted(nine.vectors[test], fit.weights, fit.intercepts)
    by_name = {name: known[nine.categories[train] == name].mean(axis=0) for name in set(nine.categories[train])}
    return {
        "best constant, chosen on train": np.tile(means, (len(test), 1)),
        f"{NEIGHBOURS} nearest neighbours": near,
        f"EmbedLLM, exact, ridge {RIDGE:g}": exact,
        "mean of both": (near + exact) / 2,
        "look-up by category, without reading": np.array([by_name.get(name, means) for name in nine.categories[test]]),
    }


def splits(nine: Nine, quick: bool) -> Figures:
    """Forecasts and routes of all routers, mean and standard deviation over the splits, and differences of pairs."""
    accuracy: dict[str, list[float]] = {}
    route: dict[str, list[float]] = {}
    for seed in range(2 if quick else SPLITS):
        train, test = nine.split(seed)
        for name, chances in routers(nine, train, test).items():
            accuracy.setdefault(name, []).append(forecast(chances, nine.outcomes[test]))
            route.setdefault(name, []).append(float(routed(chances, nine.outcomes[test]).mean()))
    constant, near, exact, _, look_up = accuracy
    rows = [("", "forecast accuracy", "route accuracy", "gain over the constant")]
    for name, values in accuracy.items():
        gain = np.subtract(route[name], route[constant])
        added = "" if name == constant else with_spread(gain.tolist(), sign=True)
        rows.append((name, with_spread(values), short(float(np.mean(route[name])), 4), added))
    table(rows)
    rows = [("", "forecast", "better on", "route", "better on")]
    for one, other in ((exact, near), (exact, look_up), (near, look_up), (exact, constant), (near, constant)):
        cells = []
        for kind in (accuracy, route):
            paired = np.subtract(kind[one], kind[other])
            cells += [with_spread(paired.tolist(), sign=True), f"{(paired > 0).sum()} of {len(paired)}"]
        rows.append((f"{one} less {other}", *cells))
    table(rows)
    return {"forecast_accuracy": accuracy, "route_accuracy": route}


def curve(nine: Nine, quick: bool) -> Figures:
    """Fewer questions to train on: the first ones of each split's order."""
    sizes = (50, 200, 500, 1000, 2000, 4488)
    shown = ("best constant", "31 nearest", "EmbedLLM")
    found = np.zeros((2, 3, len(sizes)))
    seeds = range(2 if quick else SPLITS)
    for seed in seeds:
        train, test = nine.split(seed)
        for number, size in enumerate(sizes):
            of_all = routers(nine, train[:size], test)
            for row, name in enumerate(shown):
                chances = next(values for key, values in of_all.items() if key.startswith(name))
                right = forecast(chances, nine.outcomes[test]), routed(chances, nine.outcomes[test]).mean()
                found[:, row, number] += np.array(right) / len(seeds)
    rows = [("train questions", *(f"{size:,}" for size in sizes))]
    for kind, what in enumerate(("forecast", "route")):
        for row, name in enumerate(("constant", "neighbours", "EmbedLLM")):
            rows.append((f"{what}: {name}", *(short(value) for value in found[kind, row])))
    table(rows)
    return {
        "train_questions": sizes,
        "routers": shown,
        "forecast_accuracy": found[0].tolist(),
        "route_accuracy": found[1].tolist(),
    }


def left_out(nine: Nine, quick: bool) -> Figures:
    """Each family left out of training; Spearman's rho, and mean absolute error in points."""
    kept = nine.categories < "d" if quick else np.ones(len(nine.outcomes), dtype=bool)
    found = leave_categories_out(nine.vectors[kept], nine.outcomes[kept], nine.categories[kept].tolist(), RIDGE)
    rows = [("", "EmbedLLM", "others")]
    for one in found:
        cells = [f"{short(who.spearman, 2)}, {100 * who.error:.0f}" for who in (one.by_router, one.by_others)]
        rows.append((one.category, *cells))
    table(rows)
    rank = sum(one.by_router.spearman > one.by_others.spearman for one in found)
    error = sum(one.by_router.error < one.by_others.error for one in found)
    print(f"rho is greater than that of the others on {rank} of {len(found)}, the error less on {error}\n")
    return {
        one.category: {
            name: {"spearman": who.spearman, "mean_absolute_error": who.error}
            for name, who in (("embedllm", one.by_router), ("others", one.by_others))
        }
        for one in found
    }


def ellipses(nine: Nine, quick: bool) -> Figures:
    """Standard deviation of each model's first two coordinates by influences, over that of as many refits."""
    problem = Problem(nine.vectors, nine.outcomes)
    fit = problem.fit(RIDGE)
    place = canonical(fit.weights)
    directions, coordinates = place.directions[:, :2], place.coordinates[:, :2]
    influences = problem.influences(fit, RIDGE, directions)
    drawn = replicates(coordinates, influences, [None] * len(nine.vectors))
    refits, draw = [], np.random.default_rng(1)
    for _ in range(3 if quick else 100):
        rows = draw.integers(0, len(nine.vectors), len(nine.vectors))
        refits.append(Problem(nine.vectors[rows], nine.outcomes[rows]).fit(RIDGE, gap=1e-4).weights @ directions)
    ratio = drawn.std(axis=0) / np.std(refits, axis=0)
    table(
        [("model", "coordinate 1", "coordinate 2")]
        + [(model, *(short(value, 2) for value in values)) for model, values in zip(nine.models, ratio, strict=True)]
    )
    print(f"mean, least and greatest ratio: {with_ends(ratio.ravel().tolist(), 2)}\n")
    return {"ratio": dict(zip(nine.models, ratio.tolist(), strict=True))}


def cascade(nine: Nine, quick: bool) -> Figures:
    """AIQ of a cascade whose evaluator errs, beside routers on the same axes, and the error where they cross."""
    costs = nine.costs()
    found: dict[str, dict[str, list[float]]] = {}
    for seed in range(2 if quick else 10):
        train, test = nine.split(seed)
        for name, chances in list(routers(nine, train, test).items())[1:]:
            values = {"predicted": chances, "outcome": nine.outcomes[test], "cost": costs[test]}
            columns = Columns(values, facts={"models": nine.models})
            router = cost_quality.AverageImprovementInQuality().compute(columns)
            erring = cascades.CascadeImprovement(0.1).compute(columns)
            crossing = float("nan") if erring.detail["crossing"] is None else erring.detail["crossing"]
            figures = (router.value, erring.value, router.detail["zero_router"], crossing)
            for key, value in zip(("aiq", "cascade_aiq", "zero_router_aiq", "crossing"), figures, strict=True):
                found.setdefault(name, {}).setdefault(key, []).append(float(value))
    rows = [("", "its AIQ", "cascade, error .1", "mixing single models", "better than the cascade from an error of")]
    for name, values in found.items():
        *means, crossings = values.values()
        rows.append((name, *(short(float(np.mean(one))) for one in means), with_ends(crossings, 2)))
    table(rows)
    return dict(found)


def budget(nine: Nine, quick: bool) -> Figures:
    """Half to train neighbours on, a quarter to certify on, a quarter that comes later; loss 2 %, confidence 95 %."""
    costs = nine.costs()
    kept: dict[str, list[float]] = {"certifying": [], "later": [], "cost": []}
    seeds = range(2 if quick else 20)
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(costs))
        train, certify, later = np.split(order, [len(order) // 2, 3 * len(order) // 4])
        constant, mean = int(nine.outcomes[train].mean(axis=0).argmax()), costs[certify].mean(axis=0)
        ways = budgeted.ways_of(mean)
        penalties = [budgeted.penalty_of(way, mean, constant) for way in ways]
        chosen, got = {}, {}
        for name, part in (("certifying", certify), ("later", later)):
            near = nearest_means(unit(nine.vectors[part]), unit(nine.vectors[train]), nine.outcomes[train], NEIGHBOURS)
            chosen[name] = np.stack([(near - penalty).argmax(axis=1) for penalty in penalties], axis=1)
            got[name] = np.take_along_axis(nine.outcomes[part], chosen[name], axis=1)
        figures = got["certifying"] - 0.98 * nine.outcomes[certify][:, [constant]]
        passed, _ = certified(figures, -0.98, 0.95, starts=(0, [way.margin for way in ways].index(0)))
        if not passed.any():
            continue
        place = int(np.argmin(np.where(passed, mean[chosen["certifying"]].mean(axis=0), np.inf)))
        for name, part in (("certifying", certify), ("later", later)):
            kept[name].append(float(got[name][:, place].mean() / nine.outcomes[part, constant].mean()))
        of_model = costs[later].mean(axis=0)
        kept["cost"].append(float(of_model[chosen["later"][:, place]].mean() / of_model[constant]))
    enough = int((np.array(kept["later"]) >= 0.98).sum())
    rows = [("certified in", "quality kept, certifying", "quality kept, later", "at least 98 % later", "cost, later")]
    shares = [with_ends(kept[name]) for name in ("certifying", "later", "cost")]
    rows.append((f"{len(kept['cost'])} of {len(seeds)}", *shares[:2], f"{enough}", shares[2]))
    table(rows)
    return dict(kept)


def certificate(quick: bool) -> Figures:
    """A constant right in 65 % of questions, a router that is elsewhere in some of them, with a stated mean gain."""
    runs = 100 if quick else 2000
    gains = (-0.013, 0.0, 0.02, 0.05)
    found: Figures = {}
    rows = [("questions", "router differs on", *(f"gain {100 * gain:+.1f} points" for gain in gains))]
    for questions in (500, 1000, 2000):
        for differs in (0.1, 0.5):
            draw, shares = np.random.default_rng(0), []
            for gain in gains:
                wins = 0
                for _ in range(runs):
                    constant = draw.random(questions) < 0.65
                    elsewhere = draw.random(questions) < differs
                    router = np.where(elsewhere, draw.random(questions) < 0.65 + gain / differs, constant)
                    wins += bool(certified((router - 0.98 * constant)[:, None], -0.98, 0.95)[0][0])
                shares.append(wins / runs)
            rows.append((f"{questions:,}", f"{100 * differs:.0f} %", *map(short, shares)))
            found[f"{questions}, {differs:g}"] = dict(zip(map(str, gains), shares, strict=True))
    table(rows)
    return found


STUDIES = {
    "splits": splits,
    "curve": curve,
    "left-out": left_out,
    "ellipses": ellipses,
    "cascade": cascade,
    "budget": budget,
    "certificate": certificate,
}

if __name__ == "__main__":
    main(__doc__, STUDIES, {"certificate"})
