"""Tokens a second of batched generation, against the usual loop.

Run: python benchmarks/generation.py [--prompts 96] [--threads 1]
Model: a Llama of 4 layers and hidden size 256 with random weights, on the processor.
Prompts: lognormal lengths (median 60); completions end by their ``max_tokens``, lognormal too (median 30), as nothing
else makes random weights end; both loops stop each of them there.
Baseline: batches of 8 in the order of the data, padded on the left, ``generate`` until the slowest is done.
Also printed: the largest change of a logit by padding on the left.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from harness_plugins.hf.generation import GenerationPrompt, Generator

from harness import Sampling

VOCABULARY, CONTEXT, BATCH = 4096, 1024, 8


def language_model():
    """The model, and a tokenizer whose tokens are words."""
    import torch
    from tokenizers import Tokenizer, models
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=256,
        intermediate_size=688,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=CONTEXT,
        eos_token_id=None,
    )
    words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(VOCABULARY)}, unk_token="w0"))
    return LlamaForCausalLM(config).eval(), PreTrainedTokenizerFast(tokenizer_object=words, unk_token="w0")


def some_prompts(count: int, rng: np.random.Generator) -> list[GenerationPrompt]:
    """Prompts and limits of varying length."""
    lengths = np.clip(rng.lognormal(np.log(60), 0.8, count), 4, 500).astype(int)
    limits = np.clip(rng.lognormal(np.log(30), 0.8, count), 1, 300).astype(int)
    return [
        GenerationPrompt(tuple(rng.integers(1, VOCABULARY, length).tolist()), 1, Sampling(max_tokens=int(limit)))
        for length, limit in zip(lengths, limits, strict=True)
    ]


def padded(prompts: list[GenerationPrompt], *, more: int = 0):
    """(ids, mask), with some columns of padding more than needed."""
    import torch

    width = max(len(prompt.tokens) for prompt in prompts) + more
    ids, mask = (torch.zeros((len(prompts), width), dtype=torch.int64) for _ in range(2))
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt.tokens) :] = torch.tensor(prompt.tokens)
        mask[row, width - len(prompt.tokens) :] = 1
    return ids, mask


def usual_loop(model, prompts: list[GenerationPrompt]) -> list[int]:
    """Tokens a completion, in batches that wait for their slowest row."""
    counts = []
    for first in range(0, len(prompts), BATCH):
        batch = prompts[first : first + BATCH]
        ids, mask = padded(batch)
        longest = max(prompt.sampling.max_tokens for prompt in batch)
        model.generate(ids, attention_mask=mask, max_new_tokens=longest, do_sample=False, pad_token_id=0)
        counts += [prompt.sampling.max_tokens for prompt in batch]
    return counts


def pooled(model, tokenizer, prompts: list[GenerationPrompt], budget: int) -> list[int]:
    """Tokens a completion, by the generator."""
    generator = Generator(model, tokenizer, device="cpu", token_budget=budget, eos=())
    return [completions[0].completion_tokens for _, completions in generator.stream(prompts)]


def change_by_padding(model, prompts: list[GenerationPrompt]) -> float:
    """Largest difference of a last logit between a prompt alone and with padding before it."""
    import torch

    worst = 0.0
    for prompt in prompts[:16]:
        alone, more = ((padded([prompt], more=more)) for more in (0, 57))
        logits = []
        for ids, mask in (alone, more):
            with torch.no_grad():
                positions = (mask.cumsum(-1) - 1).clamp(min=0)
                logits.append(model(ids, attention_mask=mask, position_ids=positions).logits[0, -1])
        worst = max(worst, float((logits[0] - logits[1]).abs().max()))
    return worst


def main() -> None:
    """Print a row a way."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = language_model()
    prompts = some_prompts(options.prompts, np.random.default_rng(0))
    pooled(model, tokenizer, prompts[:4], 1000)  # warm up
    rates = {}
    ways = {"usual loop, batches of 8": lambda: usual_loop(model, prompts)}
    for budget in (1000, 4000, 16000):
        ways[f"generator, budget {budget}"] = lambda budget=budget: pooled(model, tokenizer, prompts, budget)
    print(f"{'way':<28}{'seconds':>9}{'tokens/s':>10}{'ratio':>7}")
    for name, way in ways.items():
        start = time.perf_counter()
        total = sum(way())
        seconds = time.perf_counter() - start
        rates[name] = total / seconds
        print(f"{name:<28}{seconds:>9.1f}{rates[name]:>10.0f}{rates[name] / next(iter(rates.values())):>6.1f}x")
    print(f"largest change of a logit by 57 columns of padding: {change_by_padding(model, prompts):.1e}")


if __name__ == "__main__":
    main()
