"""Speed of looking for a mark: a counter-based one, and transformers' against transformers' own detector.

Run: python benchmarks/watermark_speed.py [--texts 100] [--length 400]
Counter: 200,000 pairs of tokens at V = 32,000, one call; another mark than transformers', so no ratio is quoted.
Compatible: texts whose tokens are drawn by Zipf's law at V = 32,000, `lefthash`, gamma 0.25, the detector made anew for
each of three rounds (no list is kept from the round before); transformers' detector on the same texts in the same
process. Both count repeats, as transformers does by default, and every z has to be equal, bit by bit.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np
from _measure import best
from harness_plugins.watermark.evidence import flags_of, z_score
from harness_plugins.watermark.mark import Mark

VOCABULARY, NGRAMS = 32_000, 200_000


def zipf_texts(count: int, length: int) -> np.ndarray:
    """Tokens by Zipf's law, (count, length)."""
    mass = 1 / np.arange(1, VOCABULARY + 1)
    below = np.cumsum(mass / mass.sum())
    draws = np.random.default_rng(0).random((count, length))
    return np.minimum(np.searchsorted(below, draws), VOCABULARY - 1)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100)
    parser.add_argument("--length", type=int, default=400)
    asked = parser.parse_args()

    ngrams = np.random.default_rng(1).integers(0, VOCABULARY, (NGRAMS, 2))
    greenery = Mark("counter", vocabulary=VOCABULARY).greenery
    print(f"counter: {NGRAMS:,} pairs in {best(lambda: greenery.green(ngrams), 20):.4f} s")

    import torch
    from transformers import GPT2Config, WatermarkDetector, WatermarkingConfig

    torch.set_num_threads(1)
    texts = zipf_texts(asked.texts, asked.length)
    pairs = len({(a, b) for text in texts.tolist() for a, b in itertools.pairwise(text)})
    print(f"texts: {len(texts)} of {texts.shape[1]} tokens, {pairs:,} distinct pairs, {len(np.unique(texts)):,} tokens")

    def ours() -> list[float]:
        mark = Mark(vocabulary=VOCABULARY)
        flags = [flags_of(text, mark, repeats=True) for text in texts]
        return [z_score(int(f.sum()), len(f), mark.gamma) for f in flags]

    def theirs() -> list[float]:
        config = GPT2Config(vocab_size=VOCABULARY, bos_token_id=VOCABULARY)
        detector = WatermarkDetector(config, "cpu", WatermarkingConfig())
        return [float(detector(torch.from_numpy(text[None, :]), return_dict=True).z_score[0]) for text in texts]

    seconds: dict[str, list[float]] = {"harness": [], "transformers": []}
    for _ in range(3):  # in turn, so that both meet the same machine
        for name, function in (("harness", ours), ("transformers", theirs)):
            start = time.perf_counter()
            found = function()
            seconds[name].append(time.perf_counter() - start)
            if name == "harness":
                own = found
        if own != found:
            raise SystemExit("the two detectors disagree")
    mine, other = min(seconds["harness"]), min(seconds["transformers"])
    print(f"transformers' mark: {mine:.2f} s against {other:.2f} s, {other / mine:.1f}x; every z equal")


if __name__ == "__main__":
    main()
