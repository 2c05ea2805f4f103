"""What a folder of sentence-transformers says of its vectors is followed, or refused by name."""

import json
import shutil

import numpy as np
import pytest
import tiny
from harness_plugins.hf.encoder import Embedder
from harness_plugins.hf.sentence_encoder import SentenceEncoder
from safetensors.torch import save_file

from harness import Text
from harness.errors import CellError

TEXTS = ["What is the capital of France?", "yes", "The whale is a mammal, the trout is not. " * 6]
TYPES = "sentence_transformers.models."


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return tiny.encoder(tmp_path_factory.mktemp("plain") / "m", hidden=16, layers=1, context=64)


def saved(plain, folder, *modules, transformer=None, settings=None):
    """A folder of sentence-transformers: a copy of a plain one, and (type, settings, tensors) of each module."""
    shutil.copytree(plain, folder)
    listed = [{"idx": 0, "name": "0", "path": "", "type": f"{TYPES}Transformer"}]
    for number, (kind, config, tensors) in enumerate(modules, 1):
        path = f"{number}_{kind.rpartition('.')[2]}"
        (folder / path).mkdir()
        (folder / path / "config.json").write_text(json.dumps(config))
        if tensors:
            save_file(tensors, folder / path / "model.safetensors")
        listed.append({"idx": number, "name": str(number), "path": path, "type": kind if "." in kind else TYPES + kind})
    (folder / "modules.json").write_text(json.dumps(listed))
    if transformer:
        (folder / "sentence_bert_config.json").write_text(json.dumps(transformer))
    if settings:
        (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return folder


def pooling(**modes):
    return ("Pooling", {"word_embedding_dimension": 16, **modes}, None)


def dense(inside=16, outside=8, activation="activation.Tanh", **more):
    import torch

    torch.manual_seed(inside)
    settings = {
        "in_features": inside,
        "out_features": outside,
        "bias": True,
        "activation_function": f"torch.nn.modules.{activation}",
        **more,
    }
    tensors = {"linear.weight": torch.randn(outside, inside), "linear.bias": torch.randn(outside)}
    if more.get("use_residual"):
        tensors["residual.weight"] = torch.randn(outside, inside)
    return ("Dense", settings, tensors)


def layer_norm(size):
    import torch

    return ("LayerNorm", {"dimension": size}, {"norm.weight": torch.rand(size) + 0.5, "norm.bias": torch.rand(size)})


def vectors(path, kind=Embedder, texts=TEXTS, **arguments):
    model = kind(str(path), device="cpu", **arguments)
    model.load()
    return np.array(model.embed([Text(text) for text in texts])), model.remarks()


@pytest.mark.parametrize(
    "modules",
    [
        [pooling(pooling_mode_cls_token=True, pooling_mode_mean_tokens=False)],
        [pooling(pooling_mode_max_tokens=True)],
        [pooling(pooling_mode="mean_sqrt_len_tokens")],
        [pooling(pooling_mode="weightedmean")],
        [pooling(pooling_mode_lasttoken=True)],
        [pooling(pooling_mode_mean_tokens=True, pooling_mode_cls_token=True), dense(32)],
        [pooling(), dense(), ("Normalize", {}, None)],
        [pooling(pooling_mode="cls"), dense(activation="linear.Identity", use_residual=True), layer_norm(8)],
        [pooling(), ("Dropout", {"dropout": 0.5}, None), dense(outside=24, activation="activation.GELU")],
    ],
    ids=lambda modules: "-".join(str(m[0]) for m in modules) if isinstance(modules, list) else "",
)
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_are_those_of_sentence_transformers(plain, tmp_path, modules, normalize):
    library = pytest.importorskip("sentence_transformers")
    path = saved(plain, tmp_path / "m", *modules, transformer={"max_seq_length": 24, "do_lower_case": True})
    wanted = library.SentenceTransformer(str(path), device="cpu").encode(TEXTS, normalize_embeddings=normalize)
    found, remarks = vectors(path, normalize=normalize)
    np.testing.assert_allclose(found, wanted, atol=3e-6, rtol=3e-6)
    assert "1 sequences longer than the 24 tokens" in remarks[0]


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("modes", [["cls", "mean"], ["weightedmean", "lasttoken", "max"]])
def test_prompts_and_kept_dimensions_are_those_of_sentence_transformers(plain, tmp_path, include, modes):
    library = pytest.importorskip("sentence_transformers")
    said = {"prompts": {"query": "question: ", "document": ""}, "default_prompt_name": "query", "truncate_dim": 5}
    path = saved(plain, tmp_path / "m", pooling(pooling_mode=modes, include_prompt=include), settings=said)
    real = library.SentenceTransformer(str(path), device="cpu")
    np.testing.assert_allclose(vectors(path)[0], real.encode(TEXTS, normalize_embeddings=True), atol=3e-6)
    for prompt in ("", "passage: "):
        wanted = real.encode(TEXTS, prompt=prompt, normalize_embeddings=True)
        np.testing.assert_allclose(vectors(path, prefix=prompt)[0], wanted, atol=3e-6)


def test_the_folders_pooling_is_followed_by_every_embedder_and_the_users_wins_and_is_said(plain, tmp_path):
    path = saved(plain, tmp_path / "m", pooling(pooling_mode_cls_token=True), settings={"prompts": {"query": "q: "}})
    cls, mean = (vectors(plain, pooling=name, truncate="right")[0] for name in ("cls", "mean"))
    for kind in (Embedder, SentenceEncoder):
        found, remarks = vectors(path, kind)
        np.testing.assert_array_equal(found, cls)
        assert any("'q: '" in remark and "prefix=" in remark for remark in remarks)
    found, remarks = vectors(path, pooling="mean")
    np.testing.assert_array_equal(found, mean)
    assert any("pooling=mean was given; the folder itself says cls" in remark for remark in remarks)
    np.testing.assert_array_equal(vectors(plain, truncate="right")[0], mean)


@pytest.mark.parametrize(
    ("modules", "more", "named"),
    [
        ([pooling(), ("CNN", {}, None)], {}, "CNN"),
        ([pooling(), ("custom.Pruner", {}, None)], {}, r"custom\.Pruner"),
        ([dense(), pooling()], {}, "Transformer, Dense, Pooling"),
        ([pooling(pooling_mode="median")], {}, "median"),
        ([pooling(pooling_mode_attention=True)], {}, "pooling_mode_attention"),
        ([pooling(), dense(activation="linear.Linear")], {}, "Linear"),
        ([pooling(), dense(activation="../os.system")], {}, "no activation"),
        ([pooling(), dense(32)], {"tensors": 16}, "linear.weight"),
        ([pooling(), dense(module_input_name="token_embeddings")], {}, "token_embeddings"),
        ([pooling()], {"transformer": {"query_expansion": {"length": 32}}}, "query_expansion"),
        ([pooling()], {"transformer": {"model_args": {"add_pooling_layer": True}}}, "add_pooling_layer"),
        ([pooling()], {"transformer": {"transformer_task": "fill-mask"}}, "fill-mask"),
    ],
)
def test_what_is_not_followed_is_refused_by_name(plain, tmp_path, modules, more, named):
    if "tensors" in more:
        modules[1] = (*modules[1][:2], dense(more["tensors"])[2])
    path = saved(plain, tmp_path / "m", *modules, transformer=more.get("transformer"))
    with pytest.raises(CellError, match=named):
        vectors(path)


def test_modules_that_cannot_be_followed_can_be_left_out_by_pooling_and_that_is_said(plain, tmp_path):
    path = saved(plain, tmp_path / "m", pooling(), ("WordWeights", {}, None))
    found, remarks = vectors(path, pooling="cls", truncate="right")
    np.testing.assert_array_equal(found, vectors(plain, pooling="cls", truncate="right")[0])
    assert any("WordWeights" in remark for remark in remarks)


@pytest.mark.parametrize("path", ["../other", "/etc"])
def test_a_module_outside_the_folder_is_refused(plain, tmp_path, path):
    folder = saved(plain, tmp_path / "m", pooling())
    listed = json.loads((folder / "modules.json").read_text())
    listed[1]["path"] = path
    (folder / "modules.json").write_text(json.dumps(listed))
    with pytest.raises(CellError, match="leads out of the folder"):
        vectors(folder)


def test_what_modules_hold_is_part_of_what_vectors_are_filed_under(plain, tmp_path):
    path = saved(plain, tmp_path / "m", pooling(), dense())
    before = Embedder(str(path)).identity()
    (path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "cls"}))
    between = Embedder(str(path)).identity()
    save_file(dense(24)[2], path / "2_Dense" / "model.safetensors")
    after = Embedder(str(path)).identity()
    assert before != between != after
