"""The figures of a new model from few answers that the README of ``embedllm`` states, made again.

``HARNESS_DATA`` names the folder that has ``routing/``; what needs it is skipped without it. Each of nine real models
is left out of the pool in turn and learned from so many answers on random train questions (80 % of a seeded order of
5,610; its last 10 % to test on). All of it takes about five minutes of one core.

- ``few-answers``: log loss on the test questions from 30, 64 and 128 answers, by what is supposed of the new model; 50
  draws of the answers.
- ``intervals``: how often 95 % intervals hold the score on a category and on all questions, of train and of test, and
  how far the score is foretold, as ``harness onboard`` says them; ten draws.
- ``choice``: the second half of 64 questions by ``--choose determinant``, against all of them by lot; five draws in
  each of four splits.
- ``choice-made-up``: the same where the matrix is made as the method supposes.

Run: python benchmarks/onboarding_studies.py [--only few-answers] [--quick] [--json]
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from typing import NamedTuple

import numpy as np
from _nine_models import Figures, Nine, main, short, table
from harness_plugins.embedllm.exact import Problem, log_loss, predicted, sigmoid
from harness_plugins.embedllm.generated import generate
from harness_plugins.embedllm.onboarding import forecasts, next_questions
from harness_plugins.embedllm.prior import (
    Posterior,
    Prior,
    Spread,
    estimate,
    offsets,
    one_hot,
    posterior,
    prior,
    with_categories,
)

ANSWERS = (30, 64, 128)
RIDGE = 1.0
SHIFT_AND_SCALE = Spread(3.0, 0.5, 0.0, 0.0)
"""Wide on purpose: the two numbers are the new model's own."""
ALONE = Spread(3.0, 0.0, 0.0, 1.0)
"""With a pool of zeros: a ridge of 1 about nothing."""
ROWS = {
    "pool": "the pool's mean prediction",
    "own mean": "the model's own mean",
    "alone": "logistic regression on the answers alone",
    "shifted": "the pool's log-odds, shifted and scaled",
    "prior": "**this prior**",
    "shifted, offsets": "shifted and scaled, with offsets of categories",
    "prior, offsets": "this prior, with offsets of categories",
}


class Pool(NamedTuple):
    """A matrix without one model, as ``embedllm`` trains on it."""

    weights: np.ndarray
    intercepts: np.ndarray
    centre: np.ndarray
    spread: Spread
    names: tuple[str, ...]
    """Categories."""
    added: np.ndarray
    """Offsets of categories, (m, c)."""

    def prior(self, spread: Spread) -> Prior:
        """Of the router, which reads questions alone."""
        return prior(self.weights, self.intercepts, self.centre, spread)

    def wide(self, spread: Spread) -> Prior:
        """Of forecasts, which know categories."""
        return with_categories(self.prior(spread), self.added)


def pool_of(vectors: np.ndarray, outcomes: np.ndarray, categories: list[str]) -> Pool:
    """Fit all models of a pool, and estimate its prior."""
    fit = Problem(vectors, outcomes).fit(RIDGE)
    spread, _ = estimate(vectors, outcomes, fit.weights, fit.intercepts)
    odds = vectors @ fit.weights.T + fit.intercepts
    return Pool(fit.weights, fit.intercepts, vectors.mean(axis=0), spread, *offsets(odds, outcomes, categories))


def pools(nine: Nine, train: np.ndarray, models: int):
    """Each model's number, and the pool of the others."""
    for model in range(models):
        others = np.arange(len(nine.models)) != model
        yield model, pool_of(nine.vectors[train], nine.outcomes[train][:, others], nine.categories[train].tolist())


def few_answers(nine: Nine, quick: bool) -> Figures:
    """Log loss on the test questions."""
    train, test = nine.split(0)
    models, draws = (2, 2) if quick else (len(nine.models), 50)
    losses = {name: np.zeros((len(ANSWERS), models)) for name in ROWS}
    draw = np.random.default_rng(1)
    for model, pool in pools(nine, train, models):
        wide = np.hstack([nine.vectors, one_hot(nine.categories.tolist(), pool.names)])
        truth = nine.outcomes[test, model]
        nothing = prior(np.zeros_like(pool.weights), np.zeros_like(pool.intercepts), pool.centre, ALONE)
        own = {
            "alone": (nothing, nine.vectors),
            "shifted": (pool.prior(SHIFT_AND_SCALE), nine.vectors),
            "prior": (pool.prior(pool.spread), nine.vectors),
            "shifted, offsets": (pool.wide(SHIFT_AND_SCALE), wide),
            "prior, offsets": (pool.wide(pool.spread), wide),
        }
        for row, count in enumerate(ANSWERS):
            for _ in range(draws):
                shown = draw.permutation(train)[:count]
                answers = nine.outcomes[shown, model]
                chances = {
                    "pool": predicted(nine.vectors[test], pool.weights, pool.intercepts).mean(axis=1),
                    "own mean": np.full(len(test), (answers.sum() + 0.5) / (count + 1)),
                }
                for name, (supposed, vectors) in own.items():
                    chances[name] = sigmoid(posterior(supposed, vectors[shown], answers).odds(vectors[test]))
                for name, chance in chances.items():
                    losses[name][row, model] += log_loss(chance, truth) / draws
    at = ANSWERS.index(64)

    def beats(name: str, other: str) -> str:
        return f"{int((losses[name][at] < losses[other][at]).sum())}"

    rows = [("answers", *map(str, ANSWERS), "at 64 beats the pool", "beats shift and scale")]
    for name, shown in ROWS.items():
        against = ("" if name == "pool" else beats(name, "pool"), "" if name == "shifted" else beats(name, "shifted"))
        rows.append((shown, *(short(float(loss)) for loss in losses[name].mean(axis=1)), *against))
    table(rows)
    print(
        f"with offsets, the prior beats shift and scale for {beats('prior, offsets', 'shifted, offsets')} of {models}\n"
    )
    return {"answers": ANSWERS, "log_loss_by_model": {ROWS[name]: values.tolist() for name, values in losses.items()}}


def intervals(nine: Nine, quick: bool) -> Figures:
    """Coverage of the scores on the train questions, of which some are answered, and on the fewer test questions.

    An interval is of the score on those very questions: the fewer they are, the more of it is luck, which it knows.
    """
    train, test = nine.split(0)
    models, draws = (2, 2) if quick else (len(nine.models), 10)
    parts = {"train": train, "test": test}
    kinds = ("categories", "categories without offsets", "all together")
    held = {part: {kind: np.zeros((len(ANSWERS), 2)) for kind in kinds} for part in parts}
    off = {part: {kind: np.zeros(len(ANSWERS)) for kind in ("forecast", "plain mean")} for part in parts}
    draw = np.random.default_rng(1)
    for model, pool in pools(nine, train, models):
        wide = np.hstack([nine.vectors, one_hot(nine.categories.tolist(), pool.names)])
        both = {kinds[0]: (pool.wide(pool.spread), wide), kinds[1]: (pool.prior(pool.spread), nine.vectors)}
        truth = nine.outcomes[:, model]
        for row, count in enumerate(ANSWERS):
            for number in range(draws):
                shown = draw.permutation(train)[:count]
                answered = np.full(len(truth), np.nan)
                answered[shown] = truth[shown]
                for kind, (supposed, own) in both.items():
                    found = posterior(supposed, own[shown], truth[shown])
                    for part, rows in parts.items():
                        named = nine.categories[rows]
                        whole, *rest = forecasts(found, own[rows], named.tolist(), answered[rows], seed=number)
                        scores = [truth[rows][named == one.category].mean() for one in rest]
                        right = [one.low <= score <= one.high for one, score in zip(rest, scores, strict=True)]
                        held[part][kind][row] += sum(right), len(right)
                        if kind == kinds[0]:
                            score = truth[rows].mean()
                            held[part][kinds[2]][row] += whole.low <= score <= whole.high, 1
                            off[part]["forecast"][row] += abs(whole.accuracy - score) / (models * draws)
                            off[part]["plain mean"][row] += abs(truth[shown].mean() - score) / (models * draws)
    rows = [("answers", *map(str, ANSWERS))]
    shares = {part: {kind: values[:, 0] / values[:, 1] for kind, values in held[part].items()} for part in parts}
    for part, of_part in parts.items():
        for kind, values in shares[part].items():
            cells = [f"{100 * value:.0f}" for value in values]
            rows.append((f"{len(of_part):,} {part} questions: {kind}, 95 % intervals hold, %", *cells))
        for kind, values in off[part].items():
            cells = [f"{100 * value:.1f}" for value in values]
            rows.append((f"{len(of_part):,} {part} questions: score by {kind} off by, points", *cells))
    table(rows)
    return {
        "answers": ANSWERS,
        "held": {part: {kind: values.tolist() for kind, values in shares[part].items()} for part in parts},
        "score_off_by": {part: {kind: values.tolist() for kind, values in off[part].items()} for part in parts},
    }


def by_criterion(
    supposed: Prior, vectors: np.ndarray, truth: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int
) -> tuple[float, float]:
    """Log loss on test after 64 answers: all by lot, and the second half by determinant after the same first half."""
    order = np.random.default_rng(seed).permutation(train)
    first, by_lot = order[:32], order[:64]
    found = posterior(supposed, vectors[first], truth[first])
    candidates = np.zeros(len(truth), dtype=bool)
    candidates[order[32:]] = True
    chosen = next_questions(found, vectors, candidates, 32, criterion="determinant", seed=seed)
    chosen_rows = np.concatenate([first, [row for row, _ in chosen]])
    losses = []
    for rows in (by_lot, chosen_rows):
        after: Posterior = posterior(supposed, vectors[rows], truth[rows])
        losses.append(log_loss(sigmoid(after.odds(vectors[test])), truth[test]))
    return losses[0], losses[1]


def _say_choice(found: np.ndarray) -> Figures:
    """Print mean log losses, (models, draws, 2)."""
    lot, chosen = found.mean(axis=1).T
    rows = [
        ("64 questions", "log loss", "better for"),
        ("all by lot", short(float(lot.mean())), f"{(lot < chosen).sum()}"),
    ]
    rows.append(("half by lot, half by determinant", short(float(chosen.mean())), f"{(chosen < lot).sum()}"))
    table(rows)
    less = chosen - lot
    error = float(less.std(ddof=1) / np.sqrt(len(less)))
    print(
        "determinant less lot, mean and standard error over models: "
        f"{short(float(less.mean()), 4, True)} ± {short(error, 4)}\n"
    )
    return {"log_loss_by_lot": lot.tolist(), "log_loss_half_by_determinant": chosen.tolist()}


def choice(nine: Nine, quick: bool) -> Figures:
    """On the nine models, with offsets of categories as ``harness onboard`` has them, in four splits."""
    models, splits, draws = (2, 1, 2) if quick else (len(nine.models), 4, 5)
    found = np.zeros((models, splits, draws, 2))
    for split in range(splits):
        train, test = nine.split(split)
        for model, pool in pools(nine, train, models):
            wide = np.hstack([nine.vectors, one_hot(nine.categories.tolist(), pool.names)])
            supposed, truth = pool.wide(pool.spread), nine.outcomes[:, model]
            for seed in range(draws):
                found[model, split, seed] = by_criterion(supposed, wide, truth, train, test, seed)
    return _say_choice(found.reshape(models, splits * draws, 2))


def choice_made_up(quick: bool) -> Figures:
    """On ten models of known weights, whose questions' places are given: `generated`."""
    made = generate(800 if quick else 2500)
    models, draws = (2, 2) if quick else (10, 10)
    cut = int(0.8 * len(made.vectors))
    train, test = np.arange(cut), np.arange(cut, len(made.vectors))
    found = np.zeros((models, draws, 2))
    for model in range(models):
        others = np.arange(10) != model
        pool = pool_of(
            made.vectors[train], made.outcomes[train][:, others], [str(one) for one in made.categories[train]]
        )
        for seed in range(draws):
            supposed = pool.prior(pool.spread)
            found[model, seed] = by_criterion(supposed, made.vectors, made.outcomes[:, model], train, test, seed)
    return _say_choice(found)


STUDIES = {
    "few-answers": few_answers,
    "intervals": intervals,
    "choice": choice,
    "choice-made-up": choice_made_up,
}

if __name__ == "__main__":
    main(__doc__, STUDIES, {"choice-made-up"})
