"""Where a model stands among the others."""

import dataclasses

import numpy as np
import pytest
from harness_plugins.site.standing import standings, strengths, weaknesses


def test_strengths_lie_above_the_median_and_weaknesses_below(made):
    content, _ = made
    for row in content.evaluated:
        found = standings(content, row)
        for s in found:
            values = [r.figures[s.column.key].value for r in content.evaluated if s.column.key in r.figures]
            sign = 1 if s.column.higher_is_better else -1
            assert s.column.median == pytest.approx(float(np.median(values)))
            assert s.place == 1 + sum(sign * v > sign * s.estimate.value for v in values)
        for s in strengths(found):
            assert s.distance > 0
            assert s.clear
        for s in weaknesses(found):
            assert s.distance < 0
            assert s.clear
    assert dataclasses.is_dataclass(found[0])
