"""MULI: extracting features against plain passes, memory of a large extraction, the exact fit against scikit-learn.

Three parts, each printed as it is done:

1. Features of prompts of lognormal length over a Llama of random weights made here: the whole of `gather` (tokenizer,
   model, store, log-odds, file), against plain passes of the same model over the same tokens, one prompt at a time,
   with the output layer on the last token only. CPU seconds, the least of all rounds.
2. Memory: features of 10,000 prompts x 32,000 tokens from a model that takes no time, and a fit on them.
3. The minimum of the authors' objective against what their descent and liblinear reach, on 2,000 x 4,000 features.
4. The fit of 5,000 x 32,000 features: `solve` against scikit-learn's saga, stopped as soon as its objective is within
   1e-3 of the minimum, and liblinear on the smaller problem (it copies everything). `--quick` makes all of it small.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import tempfile
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows, the first of which is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print()


def extraction(folder: Path, prompts: int, rounds: int) -> None:
    """Part 1."""
    import torch
    from harness_plugins.hf.language_model import LanguageModel
    from harness_plugins.muli.features import TokenFeature
    from harness_plugins.muli.gathering import gather
    from harness_plugins.muli.prompts import Prompting
    from scoring import Texts, lexicon, make_model, make_tokenizer

    from harness import Conversation, Item
    from harness.names.registry import Registry
    from harness.names.resolving import resolve_model
    from harness.running.runner import Runner
    from harness.store import Store

    rng = np.random.default_rng(0)
    words = lexicon(rng)
    rows = [("hidden x layers, vocabulary", "prompts", "tokens", "harness", "plain passes", "of the limit")]
    for hidden, layers, vocabulary in ((256, 4, 4096), (768, 6, 32_000)):
        tokenizer = make_tokenizer(words, vocabulary)
        place = make_model(folder / str(hidden), "AutoModelForCausalLM", tokenizer, hidden, layers, vocabulary)
        texts = Texts(rng, words, tokenizer)
        count = prompts if hidden == 256 else prompts // 6
        asked = [Conversation.user(texts.lognormal(120, 0.8, 1500)) for _ in range(count)]
        items = [Item(str(i), {"text": text, "label": i % 2}) for i, text in enumerate(asked)]
        plain = LanguageModel(str(place))
        plain.load()
        sequences = [torch.tensor([ids]) for ids in plain.encoder.prompts(asked)]

        def passes(plain=plain, sequences=sequences) -> float:
            start = time.process_time()
            with torch.inference_mode():
                for ids in sequences:
                    hidden_states = plain.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
                    torch.log_softmax(plain.model.lm_head(hidden_states[:, -1]), -1).numpy()
            return time.process_time() - start

        def whole(place=place, items=items, round_: int = 0) -> float:
            work = folder / f"work-{place.name}-{round_}"
            work.mkdir()
            registry = Registry()
            handle = resolve_model(registry, f"hf:path={place}", models_folder=folder).ready
            with Store(work / "store.sqlite") as store:
                client = Runner(registry, store).client()
                ask = handle.as_part(lambda capability, requests: client.ask(handle, capability, requests))
                client.ask(handle, "next_token", [Conversation.user("load")])  # loading is not what is measured
                start = time.process_time()
                gather(items, work, ask, Prompting(), TokenFeature(), lambda step, **values: None)
                return time.process_time() - start

        least = [float("inf"), float("inf")]
        for round_ in range(rounds):
            gc.collect()
            least = [min(least[0], whole(round_=round_)), min(least[1], passes())]
        tokens = sum(ids.shape[1] for ids in sequences)
        rows.append(
            (
                f"{hidden} x {layers}, {vocabulary}",
                str(count),
                str(tokens),
                f"{least[0]:.2f} s",
                f"{least[1]:.2f} s",
                f"{least[1] / least[0]:.2f}",
            )
        )
        plain.close()
    table(rows)


def log_softmax(logits):
    """Natural log-probabilities, shape (V,)."""
    below = logits - logits.max()
    return below - np.log(np.exp(below).sum())


def resident() -> int:
    """Anonymous memory of this process now, in MiB: without pages of mapped files, which the system may take back."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def memory(folder: Path, prompts: int, tokens: int) -> None:
    """Part 2."""
    from harness_plugins.muli.features import Standardised, extract, log_odds, measure
    from harness_plugins.muli.sparse_logistic import solve

    draw = np.random.default_rng(0)
    output = draw.standard_normal((24, tokens)).astype(np.float32)
    hidden = draw.standard_normal((prompts, 24)).astype(np.float32)
    labels = (hidden[:, 0] + 0.7 * draw.standard_normal(prompts) > 1.3).astype(int)
    seen = [resident()]

    def rows(start: int, end: int):
        made = []
        for state in hidden[start:end]:
            logits = (state @ output + draw.standard_normal(tokens, dtype=np.float32)).astype(np.float64)
            made.append(log_odds(log_softmax(logits)).astype(np.float32))
        seen.append(resident())
        return made

    matrix = extract(folder / "large.f32", prompts, tokens, rows).matrix
    extracted = max(seen)
    scale = measure(matrix)
    found = solve(Standardised(matrix, scale), labels, 5e-3, told=lambda *_: seen.append(resident()))
    table(
        [
            ("prompts x tokens", "file", "before", "most while extracting", "most while fitting", "tokens found"),
            (
                f"{prompts} x {tokens}",
                f"{(folder / 'large.f32').stat().st_size / 2**20:.0f} MiB",
                f"{seen[0]} MiB",
                f"{extracted} MiB",
                f"{max(seen)} MiB",
                str(len(found.support)),
            ),
        ]
    )
    del matrix
    (folder / "large.f32").unlink()


def synthetic(n: int, tokens: int):
    """Standardised features of correlated logits, 7 % positive."""
    from harness_plugins.muli.features import Standardised, log_odds, measure

    draw = np.random.default_rng(0)
    hidden = draw.standard_normal((n, 60)).astype(np.float32)
    leaning = 1.5 * hidden[:, 0] + hidden[:, 1] + 0.8 * draw.standard_normal(n)
    labels = (leaning > np.quantile(leaning, 0.93)).astype(int)
    output = 1.2 * draw.standard_normal((60, tokens)).astype(np.float32)
    matrix = np.empty((n, tokens), dtype=np.float32)
    for i in range(n):
        logits = (hidden[i] @ output + draw.standard_normal(tokens, dtype=np.float32)).astype(np.float64)
        matrix[i] = log_odds(log_softmax(logits))
    return matrix, Standardised(matrix, measure(matrix)), labels


def descents(folder: Path, n: int, tokens: int) -> None:
    """Part 3."""
    from harness_plugins.muli.descent import DescentSettings, descend
    from harness_plugins.muli.features import measure
    from harness_plugins.muli.sparse_logistic import solve
    from sklearn.linear_model import LogisticRegression

    warnings.filterwarnings("ignore")
    matrix, features, labels = synthetic(n, tokens)
    heavier = float((n - labels.sum()) / labels.sum())
    counts, penalty = np.where(labels == 1, heavier, 1.0) / n, 1e-3
    whole = features.columns(np.arange(tokens))

    def objective(weights, bias: float) -> float:
        margins = whole @ weights + bias
        loss = counts @ np.logaddexp(0, np.where(labels == 1, -margins, margins))
        return float(loss + penalty * (np.abs(weights).sum() + abs(bias)))

    def exact():
        found = solve(features, labels, penalty, positive_weight=heavier)
        return found.weights, found.bias

    def liblinear():
        made = LogisticRegression(
            l1_ratio=1.0, C=1 / (n * penalty), solver="liblinear", class_weight={0: 1.0, 1: heavier}, random_state=0
        ).fit(whole, labels)
        return made.coef_[0], float(made.intercept_[0])

    def published(epochs: int, batch: int):
        state = descend(matrix, measure(matrix), labels, DescentSettings(epochs=epochs, batch=batch), folder)
        return state.weights.astype(np.float64), float(state.bias)

    rows = [(f"{n} x {tokens}, {penalty:g}", "seconds", "objective", "tokens with a weight")]
    for name, way in (
        ("exact", exact),
        ("liblinear", liblinear),
        ("descent, 500 epochs of batches of 128", lambda: published(500, 128)),
        ("descent, 384 epochs of batches of 32", lambda: published(384, 32)),
    ):
        start = time.perf_counter()
        weights, bias = way()
        took = time.perf_counter() - start
        rows.append((name, f"{took:.2f}", f"{objective(weights, bias):.5f}", str(np.count_nonzero(weights))))
    table(rows)


def fits(n: int, tokens: int, penalties: tuple[float, ...], patience: float) -> None:
    """Part 4."""
    from harness_plugins.muli.sparse_logistic import solve
    from sklearn.linear_model import LogisticRegression

    warnings.filterwarnings("ignore")
    matrix, features, labels = synthetic(n, tokens)
    heavier = float((n - labels.sum()) / labels.sum())
    counts = np.where(labels == 1, heavier, 1.0) / n
    rows = [("texts x tokens, penalty", "solver", "seconds", "objective", "gap", "tokens with a weight", "ratio")]
    for penalty in penalties:
        name = f"{n} x {tokens}, {penalty:g}"
        start = time.perf_counter()
        # scikit-learn's saga leaves the bias free; so does this fit, that both have the same minimum.
        ours = solve(features, labels, penalty, positive_weight=heavier, bias_penalty=0.0)
        took = time.perf_counter() - start
        rows.append(
            (name, "harness", f"{took:.2f}", f"{ours.objective:.6f}", f"{ours.gap:.0e}", str(len(ours.support)), "")
        )
        whole = np.empty_like(matrix)
        for first in range(0, tokens, 1000):
            which = np.arange(first, min(first + 1000, tokens))
            whole[:, which] = features.columns(which)
        theirs = LogisticRegression(
            l1_ratio=1.0,
            C=1 / (n * penalty),
            solver="saga",
            class_weight={0: 1.0, 1: heavier},
            tol=0.0,
            max_iter=10,
            warm_start=True,
            random_state=0,
        )
        spent, objective = 0.0, np.inf
        while objective > ours.objective + 1e-3 and spent < patience:
            start = time.perf_counter()
            theirs.fit(whole, labels)
            spent += time.perf_counter() - start
            weights = theirs.coef_[0].astype(np.float64)
            margins = whole @ weights + theirs.intercept_[0]
            loss = counts @ np.logaddexp(0, np.where(labels == 1, -margins, margins))
            objective = float(loss + penalty * np.abs(weights).sum())
        above = objective - ours.objective
        reached = "" if above <= 1e-3 else " (stopped)"
        rows.append(
            (
                name,
                "saga",
                f"{spent:.2f}{reached}",
                f"{objective:.6f}",
                f"{above:.0e} above",
                str(np.count_nonzero(weights)),
                f"{spent / took:.0f}x",
            )
        )
        del whole
    table(rows)


def main() -> None:
    """All parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="everything small")
    parser.add_argument("--part", choices=("extraction", "memory", "descent", "fit"), help="only this part")
    quick = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if quick.part in (None, "extraction"):
            extraction(folder, 60 if quick.quick else 400, 1 if quick.quick else 3)
        if quick.part in (None, "memory"):
            memory(folder, *((500, 4000) if quick.quick else (10_000, 32_000)))
        if quick.part in (None, "descent"):
            descents(folder, *((500, 800) if quick.quick else (2000, 4000)))
        if quick.part in (None, "fit"):
            size = (1000, 2000) if quick.quick else (5000, 32_000)
            fits(*size, (1e-2, 3e-3), 20 if quick.quick else 240)


if __name__ == "__main__":
    main()
