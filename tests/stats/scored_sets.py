"""Scores and labels for tests of detection."""

import numpy as np
from hypothesis import strategies as st


def draw(n, *, seed, tied=False, prevalence=0.4):
    """Binormal scores, 1.2 apart; whole numbers where `tied`."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < prevalence
    scores = rng.normal(size=n) + 1.2 * labels - 0.5
    return (np.round(scores) if tied else scores), labels


@st.composite
def small_sets(draw_value, both=True):
    """Few items with many ties, of both classes unless told otherwise."""
    n = draw_value(st.integers(2, 14))
    scores = draw_value(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
    labels = draw_value(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    if both:
        labels[0], labels[1] = 0, 1
    return np.array(scores, dtype=float), np.array(labels)


def tiled_derivative(metric, scores, labels):
    """What each item's influence is, by leaving one of many copies of it out."""
    copies = 200
    many, truth = np.tile(scores, copies), np.tile(labels, copies)
    rest = np.arange(many.size)
    value = metric(scores, labels)
    without = [metric(many[rest != item], truth[rest != item]) for item in range(len(scores))]
    return (many.size - 1) * (value - np.array(without))
