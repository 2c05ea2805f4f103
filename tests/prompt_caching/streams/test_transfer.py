"""Whether a threshold keeps its budget later is said only where the later part is long enough to tell."""

import pytest
from harness_plugins.prompt_caching.stream_report import Figure, _is_kept


@pytest.mark.parametrize(
    ("figure", "kept"),
    [
        (Figure(0.0, 0.0, 0.232), None),  # no error seen, and far too few prompts to say so
        (Figure(0.004, 0.001, 0.01), True),
        (Figure(0.04, 0.021, 0.07), False),
        (Figure(0.03, 0.01, 0.06), None),
    ],
)
def test_a_budget_is_kept_only_where_the_interval_of_the_error_says_so(figure, kept):
    assert _is_kept(figure, 0.02) is kept
