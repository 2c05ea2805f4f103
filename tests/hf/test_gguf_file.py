"""GGUF files: read once, kept, loaded as what they are, and named where they cannot be read."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
from harness_plugins.hf import gguf_file
from harness_plugins.hf.gguf_file import GgufSource
from harness_plugins.hf.language_model import LanguageModel

from harness import Continuation, Conversation, Generation, Sampling
from harness.errors import CellError, UsageError
from harness.names.registry import Registry
from harness.names.resolving import resolve_model

from ..messages import saying

pytest.importorskip("gguf", reason="gguf is not installed: pip install 'harness-eval[smollm2]'")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "harness" / "gguf"


def write_gguf(source: Path, target: Path, *, kind: str = "smollm") -> Path:
    """Write a tiny Llama of transformers as a GGUF file of float32, as llama.cpp's converter does."""
    import gguf
    from safetensors.numpy import load_file
    from transformers import AutoConfig, AutoTokenizer

    config, tokenizer = AutoConfig.from_pretrained(source), AutoTokenizer.from_pretrained(source)
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    words = tokenizer.convert_ids_to_tokens(list(range(config.vocab_size)))
    special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(kind)
    writer.add_token_list([word or f"<unused {i}>" for i, word in enumerate(words)])
    writer.add_token_types([3 if word in special else 1 for word in words])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(tiny.CHAT)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, values in load_file(source / "model.safetensors").items():
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        for part, count in heads.items():
            if part in name:  # llama.cpp pairs the neighbours in a head, transformers its halves
                halves = values.reshape(count, 2, values.shape[0] // count // 2, values.shape[1])
                values = np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a tiny model as transformers saves it."""
    return tiny.causal(tmp_path_factory.mktemp("model") / "llama", bos=False)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """A folder with the same model as a GGUF file."""
    folder = tmp_path_factory.mktemp("gguf")
    write_gguf(model, folder / "tiny.gguf")
    return folder


def loaded(path, **arguments):
    model = LanguageModel(str(path), device="cpu", **arguments)
    model.load()
    return model


def fingerprint(text):
    return resolve_model(Registry(), text, models_folder=Path("models")).fingerprint


def test_its_answers_are_those_of_the_model_that_it_was_made_from(model, folder):
    questions = [Continuation("What is the capital of", " France?"), Continuation("", "The whale is a mammal.")]
    prompts = [Generation(Conversation.user("How do I bake bread?"), sampling=Sampling(max_tokens=12))]
    plain, read = loaded(model), loaded(folder)
    for expected, found in zip(plain.loglikelihood(questions), read.loglikelihood(questions), strict=True):
        assert found.nats == pytest.approx(expected.nats, abs=1e-4)
        assert found.tokens == expected.tokens
    assert read.generate(prompts) == plain.generate(prompts)
    assert read.remarks() == []


def test_the_copy_is_made_once_and_says_what_it_was_made_from(folder, cache, monkeypatch, capsys):
    loaded(folder)
    assert saying("tiny.gguf", "once", str(cache)) == capsys.readouterr().err
    (copy,) = cache.glob("*/model")
    assert sorted(path.name for path in copy.parent.iterdir()) == ["model"]
    monkeypatch.setattr(gguf_file, "_read", lambda file: pytest.fail("read again"))
    loaded(folder, gguf_file="tiny.gguf")
    assert capsys.readouterr().err == ""


def test_a_copy_from_which_something_is_gone_and_what_a_killed_process_left_are_made_anew(folder, cache):
    loaded(folder)
    (copy,) = cache.glob("*/model")
    (copy / "tokenizer.json").unlink()
    (copy.parent / ".harness-0123456789abcdef.partial").mkdir()
    loaded(folder)
    assert sorted(path.name for path in copy.parent.iterdir()) == ["model"]


def test_one_reads_and_the_others_wait(folder, cache, monkeypatch):
    reads = []

    def read(file):
        reads.append(file)
        time.sleep(0.3)
        return *saved, []

    saved = [SimpleNamespace(save_pretrained=lambda target: fill(target, gguf_file.KEPT)) for _ in range(2)]
    monkeypatch.setattr(gguf_file, "_read", read)

    def fill(target, names):
        target.mkdir(exist_ok=True)
        for name in names:
            (target / name).write_text("{}")

    sources = [GgufSource(str(folder), gguf_file="tiny.gguf") for _ in range(4)]
    threads = [threading.Thread(target=source._copy) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_the_fingerprint_is_of_the_file_and_not_of_its_name_place_or_date(folder, model, tmp_path):
    import shutil

    first = fingerprint(f"hf:path={folder},device=cpu")
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copy(folder / "tiny.gguf", other / "renamed.gguf")
    os.utime(other / "renamed.gguf", (1, 1))
    assert fingerprint(f"hf:path={other},gguf_file=renamed.gguf,device=cpu") == first
    write_gguf(model, other / "renamed.gguf", kind="gpt-2")
    assert fingerprint(f"hf:path={other},gguf_file=renamed.gguf,device=cpu") != first


def test_the_file_that_is_named_is_the_one_that_is_read(folder, tmp_path):
    both = tmp_path / "both"
    other = tiny.causal(tmp_path / "other", bos=False, seed=1)
    both.mkdir()
    (both / "one.gguf").symlink_to(folder / "tiny.gguf")
    write_gguf(other, both / "two.gguf")
    question = [Continuation("What is the capital of", " France?")]
    values = [loaded(both, gguf_file=name).loglikelihood(question)[0].nats for name in ("one.gguf", "two.gguf")]
    expected = [loaded(place).loglikelihood(question)[0].nats for place in (folder, other)]
    assert values == pytest.approx(expected, abs=1e-4)
    assert abs(values[0] - values[1]) > 0.1
    with pytest.raises(UsageError, match=saying("2 models", "one.gguf", "two.gguf", "gguf_file=NAME").pattern):
        LanguageModel(str(both))


def test_weights_of_another_form_win_unless_the_file_is_named_and_either_is_said(model, folder, tmp_path):
    import shutil

    both = tmp_path / "both"
    shutil.copytree(model, both)
    shutil.copy(folder / "tiny.gguf", both)
    plain, named = loaded(both), loaded(both, gguf_file="tiny.gguf")
    assert type(plain.source) is not GgufSource
    assert plain.remarks() == [saying("model.safetensors", "tiny.gguf")]
    assert named.remarks() == [saying("tiny.gguf", "config.json")]


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("tiny.guff", ("'tiny.guff'", "tiny.gguf")),
        ("../tiny.gguf", ("'../tiny.gguf'",)),
        ("tiny-00001-of-00002.gguf", ("tiny-00001-of-00002.gguf", "llama-gguf-split")),
    ],
)
def test_a_file_that_is_not_there_or_only_a_part_is_refused(folder, name, facts, tmp_path):
    place = tmp_path / "folder"
    place.mkdir()
    (place / "tiny.gguf").symlink_to(folder / "tiny.gguf")
    (tmp_path / "tiny.gguf").symlink_to(folder / "tiny.gguf")
    if "00001" in name:
        (place / name).write_bytes(b"GGUF")
    with pytest.raises(UsageError, match=saying(*facts).pattern):
        LanguageModel(str(place), gguf_file=name)


def test_a_path_that_is_no_folder_is_told_from_one(folder):
    with pytest.raises(UsageError, match=saying("gguf_file='x.gguf'", "'owner/name'", "hf download").pattern):
        LanguageModel("owner/name", gguf_file="x.gguf")
    with pytest.raises(UsageError, match=saying(f"path={folder},gguf_file=tiny.gguf").pattern):
        LanguageModel(str(folder / "tiny.gguf"))


def test_a_place_that_was_written_out_in_full_is_taken_if_it_lies_in_the_folder(folder, tmp_path):
    assert LanguageModel(str(folder), gguf_file=str(folder / "tiny.gguf")).source.gguf_file == "tiny.gguf"
    with pytest.raises(UsageError, match=r"gguf_file="):
        LanguageModel(str(folder), gguf_file=str(tmp_path / "tiny.gguf"))


def test_a_damaged_file_is_named_and_leaves_nothing(folder, cache, tmp_path):
    (tmp_path / "cut.gguf").write_bytes((folder / "tiny.gguf").read_bytes()[:5000])
    with pytest.raises(CellError, match=saying("cut.gguf", str(tmp_path)).pattern):
        loaded(tmp_path)
    assert [path for place in cache.iterdir() for path in place.iterdir()] == []


def test_a_full_disk_is_said_with_the_folder_and_leaves_nothing(folder, cache, monkeypatch):
    def full(target, *rest):
        target.mkdir()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(gguf_file, "_read", lambda file: (None, None, []))
    monkeypatch.setattr(gguf_file, "_write", full)
    with pytest.raises(CellError, match=saying("disk is full", str(cache), "XDG_CACHE_HOME").pattern):
        loaded(folder)
    assert [path for place in cache.iterdir() for path in place.iterdir()] == []


def test_a_file_with_another_digest_than_the_pinned_one_is_not_read(folder):
    with pytest.raises(CellError, match=saying("SHA-256", "0" * 64, "gguf_file=tiny.gguf").pattern):
        GgufSource(str(folder), gguf_file="tiny.gguf", sha256="0" * 64).tokenizer()


def test_digits_are_parted_as_the_files_tokenizer_does(model, folder, tmp_path):
    """Blanks before a number stay together there; split as by GPT-2, the last one would go with the number."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    source = AutoTokenizer.from_pretrained(model)
    backend = source.backend_tokenizer
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    read = GgufSource(str(folder), gguf_file="tiny.gguf").tokenizer()
    split = [read.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text) for text in ("  12 a", "a 7")]
    assert split == [backend.pre_tokenizer.pre_tokenize_str(text) for text in ("  12 a", "a 7")]
    assert [piece for piece, _ in split[0]] == ["ĠĠ", "1", "2", "Ġa"]
    write_gguf(model, tmp_path / "new.gguf", kind="some-new-kind")
    assert loaded(tmp_path).remarks() == [saying("'some-new-kind'", "GPT-2")]


def test_without_the_packages_that_read_it_the_error_says_what_to_install(folder, monkeypatch):
    real = gguf_file.importlib.util.find_spec
    monkeypatch.setattr(gguf_file.importlib.util, "find_spec", lambda name: None if name == "gguf" else real(name))
    with pytest.raises(UsageError, match=saying("tiny.gguf", "pip install gguf").pattern):
        LanguageModel(str(folder)).identity()
