"""A small chat model, trained here on real prompts and replies: one that has learned to refuse some.

    HARNESS_DATA=... python benchmarks/small_chat_model.py FOLDER --steps 600

Reads XSTest's completions of five models, JailbreakBench's artifacts and GPTFuzz's labelled responses below
$HARNESS_DATA, none of which is among the prompts of the moderation sets. Four layers of 192, a vocabulary of 4,000: it
speaks no sense, but its first token leans to refusal after some prompts and not after others, which is what detectors
by the first token read. It is no stand-in for a real chat model.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SPECIAL = ["<s>", "</s>", "<pad>", "<|user|>", "<|assistant|>"]
CHAT = (
    "{{ bos_token }}{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}"
    "{% if m['role'] == 'assistant' and not loop.last %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
LONGEST, REPLY = 192, 48
"""Tokens of an example, and of its reply, at most."""


def conversations(data: Path) -> Iterator[tuple[str, str]]:
    """(prompt, reply) of real models."""
    csv.field_size_limit(10**7)
    safety = data / "safety"
    with (safety / "xstest" / "xstest_prompts.csv").open(newline="") as stream:
        prompts = {row["id"].removeprefix("v2-"): row["prompt"] for row in csv.DictReader(stream)}
    with gzip.open(safety / "xstest" / "xstest_v2_completions.csv.gz", "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            prompt = prompts.get(row["id"].removeprefix("v2-"))
            if prompt and row["completion"]:
                yield prompt, row["completion"]
    with gzip.open(safety / "jailbreakbench" / "artifacts.jsonl.gz", "rt") as stream:
        for line in stream:
            row = json.loads(line)
            if row["prompt"] and row["response"]:
                yield row["prompt"], row["response"]
    with gzip.open(safety / "gptfuzz" / "train.csv.gz", "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["question"] and row["Response"]:
                yield row["question"], row["Response"]


def make_tokenizer(texts: list[str], vocabulary: int):
    """Byte-level pairs of the texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bare.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
        ),
    )
    made = PreTrainedTokenizerFast(tokenizer_object=bare, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    made.chat_template = CHAT
    return made


def examples(tokenizer, pairs: list[tuple[str, str]]) -> list[tuple[list[int], int]]:
    """(tokens, where the reply begins), the prompt cut at its beginning where it is long."""
    user, assistant, bos, eos = (
        tokenizer.convert_tokens_to_ids(t) for t in ("<|user|>", "<|assistant|>", "<s>", "</s>")
    )
    made = []
    for prompt, reply in pairs:
        said = tokenizer(reply, add_special_tokens=False)["input_ids"]
        said = [*said, eos] if len(said) < REPLY else said[:REPLY]
        asked = tokenizer(prompt, add_special_tokens=False)["input_ids"][-(LONGEST - len(said) - 3) :]
        head = [bos, user, *asked, assistant]
        made.append((head + said, len(head)))
    return made


def batches(rows: list[tuple[list[int], int]], size: int, draw: random.Random) -> Iterator[list[tuple[list[int], int]]]:
    """Endless batches of examples of like length."""
    while True:
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + draw.random() * 16)
        groups = [order[i : i + size] for i in range(0, len(order), size)]
        draw.shuffle(groups)
        for group in groups:
            yield [rows[i] for i in group]


def train(folder: Path, data: Path, steps: int, *, hidden: int = 192, layers: int = 4, vocabulary: int = 4000) -> None:
    """Train and save; prints the loss of the reply's first token now and then."""
    import torch
    import transformers

    torch.manual_seed(0)
    draw = random.Random(0)
    pairs = list(conversations(data))
    tokenizer = make_tokenizer([text for pair in pairs for text in pair], vocabulary)
    rows = examples(tokenizer, pairs)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 48,
        num_key_value_heads=hidden // 48,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    model = transformers.LlamaForCausalLM(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, betas=(0.9, 0.98))
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    start, recent = time.perf_counter(), []
    for step, batch in zip(range(steps), batches(rows, 16, draw), strict=False):
        width = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([row + [2] * (width - len(row)) for row, _ in batch])
        lengths = torch.tensor([len(row) for row, _ in batch])
        begins = torch.tensor([begin for _, begin in batch])
        logits = model(input_ids=ids).logits[:, :-1]
        places = torch.arange(1, width)
        losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
        # The prompt's own tokens count little; the reply's first counts most, since it is what is read.
        weights = torch.where(places < begins[:, None], 0.2, 1.0) * (places < lengths[:, None])
        weights = torch.where(places == begins[:, None], 5.0, weights)
        loss = (losses * weights).sum() / weights.sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rate.step()
        recent.append(losses.detach()[torch.arange(len(batch)), begins - 1].mean().item())
        if (step + 1) % 100 == 0:
            took = time.perf_counter() - start
            print(f"step {step + 1}: first token {sum(recent[-100:]) / 100:.3f} nats, {took:.0f} s", flush=True)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    """Train one into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    given = parser.parse_args()
    if "HARNESS_DATA" not in os.environ:
        parser.error("set HARNESS_DATA to the folder that holds safety/")
    train(given.folder, Path(os.environ["HARNESS_DATA"]), given.steps)


if __name__ == "__main__":
    main()
