"""Thresholds in the units of caches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from harness_plugins.prompt_caching.calibration_card import PROBABILITIES, card, reliability_of, thresholds_at
from harness_plugins.prompt_caching.thresholds import UNITS, convert

from harness import UsageError


@pytest.mark.parametrize(
    ("value", "unit", "cosine"),
    [
        (0.8, "gptcache", 0.6),
        (0.1, "redisvl", 0.9),
        (0.8, "litellm", 0.8),
        (0.8, "squared_distance", 0.6),
        (0.2, "distance", 0.8),
        (1.0, "gptcache", 1.0),  # only the same vector hits
        (0.0, "gptcache", -1.0),  # everything hits
    ],
)
def test_units_stand_for_cosines(value, unit, cosine):
    assert convert(value, unit, "cosine") == pytest.approx(cosine)


def test_units_are_turned_into_each_other_and_back():
    for one, other in itertools.product([*UNITS, "probability"], repeat=2):
        low, high = (UNITS[one].low, UNITS[one].high) if one in UNITS else (0.0, 1.0)
        value = low + 0.6 * (high - low)
        known = {"temperature": 0.2, "offset": 1.0}
        there = convert(value, one, other, **known)
        if other == "litellm" and there < 0:
            continue
        assert convert(there, other, one, **known) == pytest.approx(value, abs=1e-9), (one, other)


def test_units_agree_with_vectors():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 8))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    assert convert(float(a @ b), "cosine", "squared_distance") == pytest.approx(((a - b) ** 2).sum())
    assert convert(float(a @ b), "cosine", "euclidean") == pytest.approx(np.linalg.norm(a - b))
    assert 4 - ((a - b) ** 2).sum() == pytest.approx(4 * convert(float(a @ b), "cosine", "gptcache"))


@pytest.mark.parametrize(
    ("value", "given", "wanted"),
    [
        (1.2, "cosine", "distance"),
        (-0.1, "redisvl", "cosine"),
        (95, "cosine", "gptcache"),
        (0.5, "percent", "cosine"),
        (0.5, "probability", "cosine"),
        (float("nan"), "cosine", "distance"),
    ],
)
def test_what_cannot_be_a_threshold_is_refused(value, given, wanted):
    with pytest.raises(UsageError):
        convert(value, given, wanted)


def test_the_card_says_where_no_pair_can_be():
    rows = {row["probability"]: row for row in thresholds_at(0.05, 18.0)}
    assert list(rows) == list(PROBABILITIES)
    assert rows[0.5]["cosine"] == pytest.approx(0.9)
    assert rows[0.5]["redisvl"] == pytest.approx(0.1)
    assert rows[0.99]["cosine"] is None  # it would be above 1
    assert card(0.05, 18.0, None).keys() == {"temperature", "offset", "thresholds"}


def test_reliability_counts_every_pair():
    odds = np.random.default_rng(0).normal(scale=3, size=5000)
    same = (np.random.default_rng(1).random(5000) < 1 / (1 + np.exp(-odds))).astype(float)
    found = reliability_of(odds, same)
    assert sum(row["pairs"] for row in found["bins"]) == 5000
    assert found["calibration_error"] < 0.02
    assert reliability_of(3 * odds, same)["calibration_error"] > 0.05
    assert "auroc" not in reliability_of(odds, np.ones(5000))


def test_the_command_shows_every_unit_and_a_card(project):
    import json

    from click.testing import CliRunner
    from harness_plugins.prompt_caching.head_files import write_head
    from harness_plugins.prompt_caching.head_fitting import Head

    from harness.cli.main import cli

    done = CliRunner().invoke(cli, ["threshold", "0.8", "--unit", "gptcache", "--json"])
    assert json.loads(done.stdout)["cosine"] == pytest.approx(0.6)
    odds = np.linspace(-4, 4, 100)
    words = {"base": "tfidf", "card": card(0.05, 16.0, {**reliability_of(odds, (odds > 0) * 1.0), "of": "pairs"})}
    (project / "head").mkdir()
    write_head(project / "head", Head(np.eye(2, dtype=np.float32), 0.05, 16.0), words)
    done = CliRunner().invoke(cli, ["threshold", "0.5", "--unit", "probability", "--head", "head", "--json"])
    assert json.loads(done.stdout)["redisvl"] == pytest.approx(0.2)
    done = CliRunner().invoke(cli, ["threshold", "--head", "head"])
    assert done.exit_code == 0
    assert "temperature 0.05, offset 16" in done.output
    for wrong in (["threshold"], ["threshold", "95"], ["threshold", "0.5", "--unit", "probability"]):
        assert isinstance(CliRunner().invoke(cli, wrong).exception, UsageError)
