"""What plugins get wrong in pictures, and what a site says of it."""

import numpy as np
import pytest
from harness_plugins.site.frames import frames
from harness_plugins.site.matrices import matrices, matrices_of_models

from harness.metric import Columns
from harness.pictures import Matrix, Picture, Series
from harness.results import drawings

from .conftest import Drawn


class Ragged(Drawn):
    name = "ragged"

    def pictures(self, columns):
        return [Matrix("m", "shows", ["a", "b"], ["a", "b"], [[0.5]])]


class NoPicture(Drawn):
    name = "none"

    def pictures(self, columns):
        return [Picture("ok", "x", "y", []), "a picture?", None]


def test_pictures_that_are_none_are_named_and_the_others_drawn():
    from harness.running.table import Table

    table = Table(Columns({"y": np.linspace(0, 1, 9)}), np.empty(0), [], np.empty(0), [])
    said = []
    drawn = drawings([Ragged(), NoPicture(), Drawn()], {"m": table}, said.append)
    assert [frame["title"] for frame in frames(drawn, said.append)] == ["ok", "one"]
    assert matrices(drawn, said.append) == []
    assert said[0].startswith("no picture of ragged: ValueError: values of a matrix must be 2 rows of 2, not [1]")
    assert [text.split(":")[0] for text in said[1:]] == ["no picture of none"] * 2


def test_a_series_with_parts_of_different_lengths_is_refused():
    with pytest.raises(ValueError, match="x 2, y 3"):
        Series([0, 1], [0, 1, 2])


def test_names_that_are_no_models_are_shown_as_they_are():
    from harness.running.table import Table

    class Odd(Drawn):
        def pictures_of_models(self, models):
            return [Matrix("m", "shows", ["x"], ["y"], [[0.5]])]

    table = Table(Columns({"y": np.zeros(2)}), np.array([b"1", b"2"]), [], np.zeros(2, np.int32), [()])
    [frame] = matrices_of_models([Odd()], {"a": table, "b": table})
    assert not frame["together"]
