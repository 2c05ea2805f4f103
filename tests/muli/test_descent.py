"""The authors' recipe against PyTorch, and against the minimum it does not reach."""

import numpy as np
import pytest
from harness_plugins.muli import descent
from harness_plugins.muli.descent import DescentSettings, descend
from harness_plugins.muli.features import Standardised, log_odds, measure
from harness_plugins.muli.sparse_logistic import solve


@pytest.fixture
def problem(synthetic):
    logs, labels = synthetic(200, 60)
    matrix = log_odds(logs).astype(np.float32)
    return matrix, measure(matrix), labels


def by_torch(matrix, scale, labels, recipe, start):
    """As the card describes it: a linear layer, cross-entropy with logits, plain SGD, no shuffling."""
    import torch

    x = torch.from_numpy(((matrix - scale.mean) * scale.factor).astype(np.float32))
    y = torch.from_numpy(labels.astype(np.float32))
    layer = torch.nn.Linear(x.shape[1], 1)
    with torch.no_grad():
        layer.weight[:] = torch.from_numpy(start.weights)
        layer.bias[:] = float(start.bias)
    loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=(len(y) - y.sum()) / y.sum())
    optimiser = torch.optim.SGD(layer.parameters(), lr=recipe.rate)
    for _ in range(recipe.epochs):
        for first in range(0, len(x), recipe.batch):
            rows = slice(first, first + recipe.batch)
            optimiser.zero_grad()
            size = layer.weight.abs().sum() + layer.bias.abs().sum()
            (loss_of(layer(x[rows])[:, 0], y[rows]) + recipe.penalty * size).backward()
            optimiser.step()
    return layer.weight.detach().numpy()[0], float(layer.bias.detach())


@pytest.mark.parametrize(
    "recipe", [DescentSettings(epochs=40), DescentSettings(epochs=30, batch=32, rate=4e-3, penalty=4e-4, seed=3)]
)
def test_every_step_is_that_of_pytorch(problem, tmp_path, recipe):
    matrix, scale, labels = problem
    start = descent._start(matrix.shape[1], recipe.seed)
    weights, bias = by_torch(matrix, scale, labels, recipe, start)
    found = descend(matrix, scale, labels, recipe, tmp_path)
    assert found.weights == pytest.approx(weights, abs=2e-6)
    assert float(found.bias) == pytest.approx(bias, abs=2e-6)


def test_it_stops_above_the_minimum_and_with_every_weight(problem, tmp_path):
    matrix, scale, labels = problem
    losses = []
    found = descend(matrix, scale, labels, DescentSettings(), tmp_path, told=lambda epoch, loss: losses.append(loss))
    heavier = (len(labels) - labels.sum()) / labels.sum()
    exact = solve(Standardised(matrix, scale), labels, 1e-3, positive_weight=heavier)
    assert len(losses) == 500
    assert losses[0] > losses[-1] > exact.objective + 0.05
    assert np.count_nonzero(found.weights) == 60 > len(exact.support)


def test_a_killed_descent_ends_where_an_undisturbed_one_does(problem, tmp_path):
    matrix, scale, labels = problem
    whole = descend(matrix, scale, labels, DescentSettings(epochs=70), tmp_path)

    def kill(epoch, loss):
        if epoch == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        descend(matrix, scale, labels, DescentSettings(epochs=70), tmp_path, told=kill)
    seen = []
    resumed = descend(
        matrix, scale, labels, DescentSettings(epochs=70), tmp_path, told=lambda epoch, loss: seen.append(epoch)
    )
    assert seen[0] == 41
    assert (resumed.weights == whole.weights).all()
    assert not list(tmp_path.iterdir())
    (tmp_path / descent.CHECKPOINT).write_bytes(b"rubbish")
    assert (descend(matrix, scale, labels, DescentSettings(epochs=70), tmp_path).weights == whole.weights).all()


def test_a_descent_killed_behind_its_last_checkpoint_gives_its_loss_too(problem, tmp_path, monkeypatch):
    matrix, scale, labels = problem
    recipe = DescentSettings(epochs=2 * descent.CHECKPOINT_EVERY)
    whole = descend(matrix, scale, labels, recipe, tmp_path)
    keep = descent._keep

    def kill(path, state):
        keep(path, state)
        if state.epoch == recipe.epochs:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(descent, "_keep", kill)
        with pytest.raises(KeyboardInterrupt):
            descend(matrix, scale, labels, recipe, tmp_path)
    resumed = descend(matrix, scale, labels, recipe, tmp_path)
    assert (resumed.weights == whole.weights).all()
    assert (resumed.epoch, resumed.loss) == (whole.epoch, whole.loss)
    assert np.isfinite(whole.loss)
