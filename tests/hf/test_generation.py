"""Batched generation against transformers' plain ``generate``, one prompt at a time, and against itself in other batches."""

from __future__ import annotations

import functools
import random

import pytest

from harness.capabilities import Sampling

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
    from harness_plugins.hf.generation import Prompt

    return Prompt(tuple(tokens), n, Sampling(**{"max_tokens": 12, **sampling}))


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


@pytest.mark.parametrize("family", FAMILIES)
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
