"""Where cells come from."""

from harness.store import Store
from harness.store.cells import save_cell
from harness.store.origins import failures_of_cells, model_descriptions
from harness.store.records import CellRecord
from harness.store.runs import runs_of_cells, start_run


def test_runs_models_and_failures_are_found_by_cell(tmp_path):
    with Store(tmp_path / "store.sqlite") as store:
        first, second = (start_run(store, {"seed": seed}) for seed in (0, 1))
        failures = [(f"item {i}", "why") for i in range(5)]
        cells = []
        for run in (first, second, second):
            cell = CellRecord("m", "f", "t", "d", {}, (), "done", failures=failures)
            save_cell(store, run, cell)
            cells.append(cell.id)
        store.model_id("f", '{"reference": "module:Class"}')
        runs = runs_of_cells(store, cells)
        assert [runs[cell].id for cell in cells] == [first, second, second]
        assert [runs[cell].description["seed"] for cell in cells] == [0, 1, 1]
        assert model_descriptions(store) == {"f": {"reference": "module:Class"}}
        found = failures_of_cells(store, cells[:2], at_most=3)
        assert found == dict.fromkeys(cells[:2], failures[:3])
        assert runs_of_cells(store, [*cells, *range(1000, 50_000)]) == runs
