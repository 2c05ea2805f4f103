"""Batched generation against plain ``generate``, one prompt at a time, and against itself in other batches."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Completion, Failure, Sampling

VOCABULARY = 320
FAMILIES = ("llama", "gpt2", "gemma2")


@functools.cache
def tokenizer():
    """Byte-level BPE with some merges; token 0 begins and token 1 ends a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>", "<|im_end|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bare.train_from_iterator(
        ["the cat sat on the mat, and then the hen ate it.\n\nQuestion: what? é 漢字"] * 4, trainer
    )
    return PreTrainedTokenizerFast(tokenizer_object=bare, bos_token="<s>", eos_token="</s>")


@functools.cache
def model(family: str):
    """A tiny model with random weights, spread so that its likeliest tokens are well apart."""
    import torch
    import transformers

    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    common = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": None, "pad_token_id": None}
    rope = {**sizes, **common, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128}
    torch.manual_seed(0)
    if family == "llama":
        found = transformers.LlamaForCausalLM(transformers.LlamaConfig(**rope))
    elif family == "bloom":  # takes no positions
        found = transformers.BloomForCausalLM(transformers.BloomConfig(**common, hidden_size=32, n_layer=2, n_head=4))
    elif family == "mamba":  # has no keys and values
        found = transformers.MambaForCausalLM(
            transformers.MambaConfig(**common, hidden_size=32, num_hidden_layers=2, state_size=4)
        )
    elif family == "gemma2":
        found = transformers.Gemma2ForCausalLM(transformers.Gemma2Config(**rope, sliding_window=6))
    else:
        found = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(**common, n_embd=32, n_layer=2, n_head=4, n_positions=128)
        )
    for parameter in found.parameters():
        if parameter.ndim == 2:
            parameter.data.normal_(0, 0.3)
    return found.eval()


def generator(family: str = "llama", *, token_budget: int = 400, eos: tuple[int, ...] = (1,), context: int = 0):
    from harness_plugins.hf.generation import Generator

    return Generator(model(family), tokenizer(), device="cpu", token_budget=token_budget, eos=eos, context=context)


def prompt(tokens, n: int = 1, **sampling):
    from harness_plugins.hf.generation import GenerationPrompt

    return GenerationPrompt(tuple(tokens), n, Sampling(**{"max_tokens": 12, **sampling}))


def answers(prompts, family: str = "llama", **settings):
    found = list(generator(family, **settings).stream(prompts))
    assert sorted(index for index, _ in found) == list(range(len(prompts)))
    return [answer for _, answer in sorted(found, key=lambda pair: pair[0])]


def some_prompts(count: int, seed: int = 0, **sampling):
    rng = random.Random(seed)
    return [
        prompt(rng.choices(range(3, VOCABULARY), k=rng.randint(1, 30)), max_tokens=rng.randint(1, 25), **sampling)
        for _ in range(count)
    ]


def plain(family: str, tokens, max_tokens: int) -> list[int]:
    """What transformers generates greedily for one prompt without padding."""
    import torch

    ids = torch.tensor([list(tokens)])
    out = model(family).generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=max_tokens,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=1,
    )
    return out[0, len(tokens) :].tolist()


def text_of(tokens) -> str:
    return tokenizer().decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("family", [*FAMILIES, "bloom", "mamba"])
def test_greedy_is_what_generate_gives_alone(family):
    prompts = some_prompts(12)
    for asked, (found,) in zip(prompts, answers(prompts, family), strict=True):
        tokens = plain(family, asked.tokens, asked.sampling.max_tokens)
        begun = text_of(asked.tokens[-4:])
        whole = text_of([*asked.tokens[-4:], *tokens])
        assert found.text == (whole[len(begun) :] if whole.startswith(begun) else text_of(tokens))
        assert found.completion_tokens == len(tokens)
        assert found.prompt_tokens == len(asked.tokens)
        assert found.finish_reason == ("stop" if tokens[-1] == 1 else "length")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_batches_change_nothing(family, temperature):
    prompts = some_prompts(14, seed=1, temperature=temperature, top_p=0.9)
    alone = [answers([one], family)[0] for one in prompts]
    for token_budget in (1, 150, 10_000):
        order = random.Random(token_budget).sample(range(len(prompts)), len(prompts))
        found = answers([prompts[i] for i in order], family, token_budget=token_budget)
        assert found == [alone[i] for i in order]


@given(
    stops=st.lists(st.text(st.sampled_from("aeht ,.\nQ漢é"), min_size=1, max_size=3), min_size=1, max_size=3),
    seed=st.integers(0, 200),
)
@settings(max_examples=60, deadline=None)
def test_stop_strings_end_at_the_first_token_that_completes_one(stops, seed):
    from harness_plugins.hf.generation_text import StopWatch, completion_text, cut

    rng = random.Random(seed)
    words = tokenizer()("the cat, 漢字 é.\n\nQuestion: what? the hen ate it", add_special_tokens=False).input_ids
    begun = rng.choices(range(3, VOCABULARY), k=3)
    tokens = [rng.choice([rng.choice(words), rng.randrange(VOCABULARY)]) for _ in range(30)]
    watch = StopWatch(tokenizer(), begun, stops)
    for end in range(1, len(tokens) + 1):
        text = completion_text(tokenizer(), begun, tokens[:end])
        expected = any(stop in text for stop in stops)
        assert watch.push(tokens[end - 1], tokens[:end]) == expected
        if expected:
            before = cut(text, stops)
            assert before is not None
            assert text.startswith(before)
            assert not any(stop in before for stop in stops)
            return


def test_stop_strings_cut_generated_text():
    prompts = some_prompts(40, seed=2)
    whole = [completions[0] for completions in answers(prompts, eos=())]
    stops = [(text.text[len(text.text) // 2 :][:2] or "x", "") for text in whole]
    stopped = answers(
        [prompt(p.tokens, max_tokens=p.sampling.max_tokens, stop=s) for p, s in zip(prompts, stops, strict=True)],
        eos=(),
    )
    cuts = 0
    for before, (found,), (stop, _) in zip(whole, stopped, stops, strict=True):
        if stop in before.text and "\ufffd" not in stop:
            cuts += 1
            assert found.text == before.text[: before.text.index(stop)]
            assert found.finish_reason == "stop"
            assert found.completion_tokens <= before.completion_tokens
        elif "\ufffd" not in stop:
            assert found == before
    assert cuts >= 5


def test_a_special_token_as_stop_string_and_as_end():
    (free,) = answers([prompt([5, 6, 7])], eos=())[0]
    first = plain("llama", [5, 6, 7], 1)[0]
    (ended,) = answers([prompt([5, 6, 7])], eos=(first,))[0]
    assert ended == Completion("", "stop", 3, 1)
    assert free.completion_tokens == 12
    from harness_plugins.hf.generation_sampling import stream_key

    assert stream_key(0, (1, 2), 0) != stream_key(0, (1, 2), 1) != stream_key(1, (1, 2), 1)
    row = generator()._row((5, 6), Sampling(stop=("<|im_end|>",)), 0)
    assert row.ends == {1, 2}


def test_an_immediate_end_gives_an_empty_text():
    from harness_plugins.hf.generation_text import completion_text

    assert completion_text(tokenizer(), (5, 6), [1]) == ""
    assert answers([prompt([5], max_tokens=0)])[0] == (Completion("", "length", 1, 0),)
    assert answers([prompt([5], n=0)]) == [()]


def test_an_empty_prompt_begins_with_the_first_token():
    assert answers([prompt([])]) == answers([prompt([0])])


def test_lengths_beyond_the_context():
    long, full, near = answers([prompt([3] * 21), prompt([3] * 20), prompt([3] * 15)], context=20, eos=())
    assert isinstance(long, Failure)
    assert "21 tokens" in long.reason
    assert "20" in long.reason
    assert full == (Completion("", "length", 20, 0),)
    assert (near[0].completion_tokens, near[0].finish_reason) == (5, "length")


class Counted:
    """Counts the tokens that go through a model's decoder."""

    def __init__(self, family: str) -> None:
        self.tokens = 0
        self.handle = model(family).base_model.register_forward_pre_hook(self.see, with_kwargs=True)

    def see(self, _, args, kwargs) -> None:
        self.tokens += (args[0] if args else kwargs["input_ids"]).numel()

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *_) -> None:
        self.handle.remove()


def test_samples_share_their_prompt_and_greedy_ones_everything():
    with Counted("llama") as counted:
        found = answers([prompt(range(3, 33), n=5, temperature=1.0, max_tokens=4)], eos=())[0]
    assert counted.tokens == 29 + 5 * 4  # all but the last token once, then a token a step and sample
    assert len({completion.text for completion in found}) > 1
    with Counted("llama") as counted:
        found = answers([prompt(range(3, 33), n=5, max_tokens=4)] * 3, eos=())
    assert counted.tokens == 29 + 4
    assert found == [(found[0][0],) * 5] * 3


def test_seeds_and_sample_numbers_decide():
    def sampled(**sampling):
        return answers([prompt([5, 6, 7], temperature=1.0, **sampling)], eos=())[0]

    assert sampled(n=3) == sampled(n=5)[:3]
    assert sampled(n=3) == sampled(n=3)
    assert sampled(n=3) != sampled(n=3, seed=1)


def test_a_tiny_temperature_is_greedy():
    greedy = answers([prompt([5, 6, 7])])
    assert answers([prompt([5, 6, 7], temperature=1e-300)]) == greedy
    assert answers([prompt([5, 6, 7], temperature=1.0, top_p=1e-9)]) == greedy


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 0.8), (2.0, 0.5)])
@pytest.mark.parametrize("across", [False, True])
def test_sampled_tokens_have_their_probabilities(temperature, top_p, across):
    import torch
    from harness_plugins.hf.generation_sampling import sample, stream_key
    from scipy import stats

    draws = 20_000
    logits = np.linspace(-1.0, 1.0, 12)[np.random.default_rng(3).permutation(12)]
    mass = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
    kept: list[int] = []
    for token in np.argsort(-mass):  # the smallest set with at least that mass
        kept.append(token)
        if mass[kept].sum() >= top_p:
            break
    expected = np.zeros(12)
    expected[kept] = mass[kept] / mass[kept].sum()
    keys = [stream_key(i if across else 0, (1, 2), 0 if across else i) for i in range(draws)]
    rows = torch.tensor(logits, dtype=torch.float32).expand(draws, -1)
    full = {"dtype": torch.float64}
    drawn = sample(
        rows,
        torch.full((draws,), temperature, **full),
        torch.full((draws,), top_p, **full),
        torch.tensor(keys),
        torch.zeros(draws, dtype=torch.int64),
    )
    counts = np.bincount(drawn.numpy(), minlength=12)
    assert len(kept) > 2
    assert counts[expected == 0].sum() == 0
    assert stats.chisquare(counts[kept], draws * expected[kept]).pvalue > 1e-3


def test_sampled_completions_have_the_models_probabilities():
    import torch
    from scipy import stats

    draws = 4000
    with torch.no_grad():
        logits = model("llama")(torch.tensor([[5, 6, 7]])).logits[0, -1].double()
    ended = torch.softmax(logits / 2.0, -1).numpy()
    likeliest = np.argsort(-ended)[:4]
    found = answers([prompt([5, 6, 7], n=draws, temperature=2.0, max_tokens=1)], token_budget=4000, eos=())[0]
    texts = [text_of([5, 6, 7, int(token)])[len(text_of([5, 6, 7])) :] for token in range(VOCABULARY)]
    once = [token for token in likeliest if texts.count(texts[token]) == 1 and "\ufffd" not in texts[token]]
    assert once
    counts = [sum(completion.text == texts[token] for completion in found) for token in once]
    expected = draws * ended[once]
    rest = [draws - sum(counts)], [draws - expected.sum()]
    assert stats.chisquare([*counts, *rest[0]], [*expected, *rest[1]]).pvalue > 1e-3


def test_splitmix_gives_its_published_sequence():
    """First values of SplitMix64 with seed 1234567, as published with its reference code."""
    import torch
    from harness_plugins.hf.generation_sampling import uniform

    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    one = torch.tensor([1234567]), torch.tensor([0])
    assert uniform(*one, 4)[0].tolist() == [((value >> 11) + 0.5) / 2**53 for value in published]
    assert uniform(one[0], torch.tensor([1]), 2)[0].tolist() == uniform(*one, 4)[0, 2:].tolist()


def test_running_out_of_memory_halves_the_budget_and_goes_on(monkeypatch):
    prompts = some_prompts(10, seed=4)
    expected = answers(prompts)
    tight = generator(token_budget=10_000)
    decode = tight._pool.decode

    def limited() -> None:
        if len(tight._pool.rows) > 3:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes")
        decode()

    monkeypatch.setattr(tight._pool, "decode", limited)
    assert [answer for _, answer in sorted(tight.stream(prompts), key=lambda pair: pair[0])] == expected
    assert tight.token_budget < 10_000


def test_a_row_too_large_for_memory_fails_alone(monkeypatch):
    tight = generator()
    decode = tight._pool.decode

    def limited() -> None:
        if any(row.prompt[0] == 9 for row in tight._pool.rows):
            raise RuntimeError("not enough memory")
        decode()

    monkeypatch.setattr(tight._pool, "decode", limited)
    found = dict(tight.stream([prompt([5, 6]), prompt([9, 6]), prompt([7, 6])]))
    assert isinstance(found[1], Failure)
    assert "14 tokens" in found[1].reason
    assert [found[0], found[2]] == answers([prompt([5, 6]), prompt([7, 6])])


def test_other_errors_are_not_taken_for_lack_of_memory(monkeypatch):
    broken = generator()

    def fail() -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(broken._pool, "decode", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        list(broken.stream([prompt([5])]))


def test_logits_that_are_no_numbers_fail_their_row():
    import torch

    def spoil(_, __, output):
        output.logits[0] = torch.nan

    handle = model("llama").register_forward_hook(spoil)
    try:
        found = answers([prompt([5, 6]), prompt([7, 6], temperature=1.0)])
    finally:
        handle.remove()
    assert sorted(isinstance(answer, Failure) for answer in found) == [False, True] or all(
        isinstance(answer, Failure) for answer in found
    )
    assert any("not finite" in answer.reason for answer in found if isinstance(answer, Failure))


def test_models_whose_rows_cannot_move_run_in_batches_of_equal_length():
    prompts = some_prompts(10, seed=5)
    fixed = generator()
    fixed._pool.movable = False
    assert [answer for _, answer in sorted(fixed.stream(prompts), key=lambda pair: pair[0])] == answers(prompts)
