"""The factorised form: the same predictions as the dense one, what is not identified, and a descent that goes on."""

from dataclasses import replace

import numpy as np
import pytest
from harness_plugins.embedllm.canonical import canonical
from harness_plugins.embedllm.exact import Problem, log_loss, predicted
from harness_plugins.embedllm.recipe import CHECKPOINT, Factors, Recipe, descend
from harness_plugins.embedllm.trainers import EmbedLLMCompatTrainer

QUICK = Recipe(dimensions=8, epochs=6, batch=64, rate=0.01)


def factors(models=5, dimensions=4, width=7, seed=0):
    draw = np.random.default_rng(seed)
    shapes = [(models, dimensions), (dimensions, width), (dimensions,), (2, dimensions), (2,)]
    return Factors(*(draw.normal(size=shape) for shape in shapes))


@pytest.mark.parametrize(("models", "dimensions", "width"), [(5, 4, 7), (5, 12, 7), (12, 20, 3)])
def test_the_dense_form_predicts_the_same_and_has_no_more_rank_than_its_factors(models, dimensions, width):
    own = factors(models, dimensions, width)
    vectors = np.random.default_rng(1).normal(size=(50, width))
    weights, intercepts = own.dense()
    assert vectors @ weights.T + intercepts == pytest.approx(own.odds(vectors), abs=1e-6)
    assert np.linalg.matrix_rank(weights) == min(models, dimensions, width)


def test_the_factorised_form_is_that_of_torch_layer_by_layer():
    import torch

    own, vector = factors(), np.random.default_rng(1).normal(size=7)
    tensors = {name: torch.from_numpy(getattr(own, name)) for name in Factors.__slots__}
    asked = torch.nn.functional.linear(torch.from_numpy(vector), tensors["projection"], tensors["projection_bias"])
    for model in range(5):
        joined = tensors["models"][model] * asked
        logits = torch.nn.functional.linear(joined, tensors["classifier"], tensors["classifier_bias"])
        chance = torch.softmax(logits, dim=0)[1]
        assert float(chance) == pytest.approx(1 / (1 + np.exp(-own.odds(vector[None])[0, model])), abs=1e-9)


def test_vectors_of_the_factorisation_can_be_stretched_without_a_change_and_coordinates_cannot():
    own = factors()
    vectors = np.random.default_rng(1).normal(size=(30, 7))
    stretch = np.array([10.0, 0.1, 3.0, 1.0])
    other = replace(own, models=own.models * stretch, classifier=own.classifier / stretch)
    assert other.odds(vectors) == pytest.approx(own.odds(vectors), abs=1e-9)

    def apart(rows):
        return np.linalg.norm(rows[:, None] - rows, axis=-1)

    assert np.abs(apart(other.models) / np.maximum(apart(own.models), 1e-9) - 1).max() > 1
    one, two = canonical(own.dense()[0]), canonical(other.dense()[0])
    assert two.coordinates == pytest.approx(one.coordinates, abs=1e-8)
    assert one.distances() == pytest.approx(apart(own.dense()[0]), abs=1e-8)


def test_a_rotation_that_is_undone_in_the_decoder_leaves_predictions_and_coordinates():
    own = factors()
    rotation = np.linalg.qr(np.random.default_rng(3).normal(size=(4, 4)))[0]
    scale = own.classifier[1] - own.classifier[0]
    # (P R) diag(w') W' = P diag(w) W, with w' of ones and W' = R^T diag(w) W
    other = Factors(
        own.models @ rotation,
        rotation.T @ (scale[:, None] * own.projection),
        rotation.T @ (scale * own.projection_bias),
        np.array([np.zeros(4), np.ones(4)]),
        own.classifier_bias,
    )
    vectors = np.random.default_rng(1).normal(size=(30, 7))
    assert other.odds(vectors) == pytest.approx(own.odds(vectors), abs=1e-9)
    assert canonical(other.dense()[0]).coordinates == pytest.approx(canonical(own.dense()[0]).coordinates, abs=1e-8)


def test_signs_and_order_of_coordinates_do_not_depend_on_the_order_of_models():
    weights = factors(6, 6, 9).dense()[0]
    order = np.random.default_rng(0).permutation(6)
    assert canonical(weights[order]).coordinates == pytest.approx(canonical(weights).coordinates[order], abs=1e-8)


class Killed(Exception):
    pass


def test_a_descent_that_was_killed_goes_on_to_the_same_digits(made_up, tmp_path):
    matrix = made_up(60, 3, 5, gaps=0.1)
    recipe = replace(QUICK, shuffle=True)
    whole, loss = descend(matrix.vectors, matrix.outcomes, recipe)

    def kill(epoch, loss):
        if epoch == 4:
            raise Killed

    with pytest.raises(Killed):
        descend(matrix.vectors, matrix.outcomes, recipe, tmp_path, told=kill)
    assert (tmp_path / CHECKPOINT).is_file()
    epochs = []
    resumed, again = descend(
        matrix.vectors, matrix.outcomes, recipe, tmp_path, told=lambda epoch, loss: epochs.append(epoch)
    )
    assert epochs == [4, 5, 6]
    assert again == loss
    assert all((getattr(whole, name) == getattr(resumed, name)).all() for name in Factors.__slots__)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_damaged_checkpoint_is_no_reason_not_to_train(made_up, tmp_path):
    matrix = made_up(40, 3, 5)
    (tmp_path / CHECKPOINT).write_bytes(b"PK\x03")
    whole, _ = descend(matrix.vectors, matrix.outcomes, QUICK)
    other, _ = descend(matrix.vectors, matrix.outcomes, QUICK, tmp_path)
    assert (whole.models == other.models).all()


def test_noise_is_only_in_training(made_up, train):
    from harness import Conversation, Query

    matrix = made_up(60, 3, 5)
    router, facts = train(EmbedLLMCompatTrainer(dimensions=8, epochs=3, noise=0.5), matrix)
    assert facts["optimum"] == "none"
    asked = [Query(Conversation.user(f"{i}?"), matrix.models) for i in range(20)]
    assert all((one == two).all() for one, two in zip(router.route(asked), router.route(asked), strict=True))


def test_without_noise_and_with_time_it_comes_near_the_exact_fit(made_up):
    matrix = made_up(300, 4, 5)
    recipe = Recipe(dimensions=16, epochs=150, batch=300, rate=0.01, decay=0.0, noise=0.0, shuffle=True)
    weights, intercepts = descend(matrix.vectors, matrix.outcomes, recipe)[0].dense()
    exact = Problem(matrix.vectors, matrix.outcomes).fit(1e-3)
    least = exact.loss / matrix.outcomes.size
    assert log_loss(predicted(matrix.vectors, weights, intercepts), matrix.outcomes) == pytest.approx(least, abs=5e-3)
