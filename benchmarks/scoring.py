"""Reward models and likelihoods on a processor: against the usual loop, against lm-eval's HFLM, and against the limit.

Two Llamas with random weights are made here. For each shape of request, in turns: harness, the usual loop (batches of
16 in the order of the data set, padded to the longest, every sequence computed whole, as reward-model scripts do) or
HFLM at the best of three batch sizes, and the limit: plain passes of the model without its head over as many tokens as
there are when everything shared is computed once. Times are CPU seconds, the least of all rounds; scores of both are
compared. `--quick` leaves the larger model out.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np

CHAT = (
    "{{ bos_token }}{% for m in messages %}{{ '<|start|>' + m['role'] + '<|end|>\n' + m['content'] + '<|eot|>' }}"
    "{% endfor %}"
)
SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is", "ol", "um")]


def lexicon(rng: np.random.Generator) -> list[str]:
    """Words of one to four syllables."""
    return ["".join(rng.choice(SYLLABLES, size=rng.integers(1, 5))) for _ in range(20_000)]


def make_tokenizer(words: list[str], vocabulary: int):
    """A byte-level tokenizer of about one and a half tokens a word."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<pad>", "<|start|>", "<|end|>", "<|eot|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator([" " + " ".join(words)], trainer)
    bare.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    made = PreTrainedTokenizerFast(tokenizer_object=bare, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    made.chat_template = CHAT
    return made


def make_model(folder: Path, auto: str, tokenizer, hidden: int, layers: int, vocabulary: int) -> Path:
    """A Llama of random weights."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 64,
        max_position_embeddings=2048,
        num_labels=1,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    getattr(transformers, auto).from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def turns(functions: dict[str, object], rounds: int) -> dict[str, float]:
    """Least CPU seconds of each function, run in turns."""
    least = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            gc.collect()
            start = time.process_time()
            function()
            least[name] = min(least[name], time.process_time() - start)
    return least


class Texts:
    """Texts of about so many tokens."""

    def __init__(self, rng: np.random.Generator, words: list[str], tokenizer) -> None:
        """Find out how many tokens a word has."""
        self.rng, self.words = rng, np.array(words)
        sample = " ".join(rng.choice(words, size=2000))
        self.tokens_a_word = len(tokenizer(sample)["input_ids"]) / 2000

    def __call__(self, tokens: float) -> str:
        """A text of about so many tokens."""
        return " ".join(self.rng.choice(self.words, size=max(1, round(tokens / self.tokens_a_word))))

    def lognormal(self, median: float, sigma: float, most: int) -> str:
        """A text of lognormal length, in tokens."""
        return self(min(most, median * float(np.exp(sigma * self.rng.standard_normal()))))


def shapes(texts: Texts, scale: float):
    """Candidates of the three shapes in which reward models are asked."""
    from harness import Candidates, Conversation

    def asked(prompt: str, responses: list[str]):
        return Candidates(Conversation.user(prompt), tuple(responses))

    rng = texts.rng
    return {
        "a: 512-token prompts, 32 responses": [
            asked(texts(505), [texts(rng.integers(40, 129)) for _ in range(32)])
            for _ in range(max(1, round(3 * scale)))
        ],
        "b: pairs of mixed length": [
            asked(texts.lognormal(150, 0.7, 700), [texts.lognormal(120, 0.7, 600) for _ in range(2)])
            for _ in range(max(8, round(80 * scale)))
        ],
        "d: single turns of mixed length": [
            asked(texts.lognormal(60, 0.7, 400), [texts.lognormal(100, 0.8, 900)])
            for _ in range(max(16, round(128 * scale)))
        ],
    }


def usual_loop(model, tokenizer, requests, size: int = 16) -> np.ndarray:
    """Fixed batches in the order of the data, padded to the longest, every sequence whole."""
    import torch

    conversations = [
        [{"role": "user", "content": request.prompt.text}, {"role": "assistant", "content": response}]
        for request in requests
        for response in request.responses
    ]
    scores = []
    with torch.inference_mode():
        for first in range(0, len(conversations), size):
            rendered = tokenizer.apply_chat_template(conversations[first : first + size], tokenize=False)
            inputs = tokenizer(rendered, add_special_tokens=False, padding=True, return_tensors="pt")
            scores.append(model(**inputs).logits[:, 0].numpy())
    return np.concatenate(scores)


def plain_passes(backbone, tokens: int, lengths=(128, 256, 512)) -> float:
    """CPU seconds for so many tokens at the fastest of several lengths, nothing padded, no head."""
    import torch

    rates = []
    with torch.inference_mode():
        for length in lengths:
            ids = torch.randint(6, 4000, (1, length))
            passes = max(1, 1024 // length)
            backbone(input_ids=ids, use_cache=False)
            start = time.process_time()
            for _ in range(passes):
                backbone(input_ids=ids, use_cache=False)
            rates.append(passes * length / (time.process_time() - start))
    return tokens / max(rates)


def line(name: str, unique: int, whole: int, ours: float, baseline: float, limit: float, difference: float) -> None:
    """One row of the table."""
    print(
        f"  {name:<56} {whole:>7,} {unique:>7,} {unique / ours:>9,.0f} {baseline / ours:>8.2f}x {limit / ours:>7.2f} "
        f"{difference:>9.1e}",
        flush=True,
    )


def heading(title: str, baseline: str) -> None:
    """Name of a table and of its columns."""
    print(f"\n{title}\n  {'':<56} {'tokens':>7} {'unique':>7} {'unique/s':>9} {baseline:>9} {'limit':>7} {'differ':>9}")


def rewards(folder: Path, scale: float, rounds: int, texts: Texts) -> None:
    """Shapes a, b and d."""
    from harness_plugins.hf.reward_model import RewardModel
    from harness_plugins.hf.tree import unique_tokens
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    ours = RewardModel(str(folder))
    ours.load()
    plain = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for name, requests in shapes(texts, scale).items():
        sequences = [np.array(ids) for request in requests for ids, _ in ours._conversations(request)]
        unique = unique_tokens(sequences)
        limits: list[float] = []
        found: dict[str, np.ndarray] = {}
        least = turns(
            {
                "ours": lambda r=requests, f=found: f.update(ours=np.concatenate(ours.score(r))),
                "limit": lambda u=unique, m=limits: m.append(plain_passes(plain.model, u)),
                "usual": lambda r=requests, f=found: f.update(usual=usual_loop(plain, tokenizer, r)),
            },
            rounds,
        )
        difference = float(np.abs(found["ours"] - found["usual"]).max())
        whole = sum(map(len, sequences))
        line(name, unique, whole, least["ours"], least["usual"], min(limits), difference)


def likelihoods(folder: Path, scale: float, rounds: int, texts: Texts, vocabulary: int) -> None:
    """Shape c: multiple choice, and continuations that share nothing."""
    from harness_plugins.hf.language_model import LanguageModel
    from harness_plugins.hf.tree import unique_tokens
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    from harness import Continuation

    ours = LanguageModel(str(folder))
    ours.load()
    rng = texts.rng
    many = [texts(rng.integers(30, 100)) for _ in range(round(60 * scale))]
    examples = texts(500)
    asked = {
        "c: 500 tokens of examples, 4 short options": [
            Continuation(f"{examples} {c}", " " + texts(rng.integers(1, 8)))
            for c in many[: len(many) // 4]
            for _ in range(4)
        ],
        "c: 4 options a context": [Continuation(c, " " + texts(rng.integers(2, 20))) for c in many for _ in range(4)],
        "c: nothing shared": [
            Continuation(texts.lognormal(90, 0.6, 500), " " + texts(rng.integers(2, 20)))
            for _ in range(round(160 * scale))
        ],
    }
    for name, requests in asked.items():
        instances = [
            Instance("loglikelihood", {}, (request.context, request.continuation), i)
            for i, request in enumerate(requests)
        ]
        theirs = {
            size: HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=size) for size in (1, 8, 32)
        }
        found: dict[object, list] = {}
        limits: list[float] = []
        sequences = [np.array(ours.encoder.continued(r.context, [r.continuation])[0][0][:-1]) for r in requests]
        unique = unique_tokens(sequences)

        def run_theirs(size: int, asked=instances, models=theirs, found=found) -> None:
            found[size] = models[size].loglikelihood(asked, disable_tqdm=True)

        first = turns({size: lambda size=size: run_theirs(size) for size in theirs}, 1)
        size = min(first, key=first.get)
        least = turns(
            {
                "ours": lambda r=requests, f=found: f.update(ours=ours.loglikelihood(r)),
                "limit": lambda u=unique, m=limits: m.append(plain_passes(ours.model.model, u)),
                "HFLM": lambda s=size: run_theirs(s),
            },
            rounds,
        )
        difference = max(abs(a.nats - b[0]) for a, b in zip(found["ours"], found[size], strict=True))
        assert [a.is_greedy for a in found["ours"]] == [b[1] for b in found[size]]
        title = f"{name}, {vocabulary // 1000}k (HFLM at {size})"
        line(
            title,
            unique,
            sum(map(len, sequences)),
            least["ours"],
            min(least["HFLM"], first[size]),
            min(limits),
            difference,
        )


def memory(folder: Path, pairs: int, texts: Texts) -> None:
    """Resident memory while so many pairs are scored."""
    from harness_plugins.hf.reward_model import RewardModel

    from harness import Candidates, Conversation

    model = RewardModel(str(folder))
    model.load()
    requests = [Candidates(Conversation.user(texts(10)), (texts(10), texts(10))) for _ in range(pairs)]
    model.score(requests[:2000])
    start = resident()
    print(f"\nMemory while {pairs:,} pairs are scored: {start:.0f} MiB after the first 2,000", end="")
    for done, _ in enumerate(model.stream("score", requests), 1):
        if done % (pairs // 5) == 0:
            print(f", {resident():.0f} after {done:,}", end="", flush=True)
    print()


def resident() -> float:
    """MiB that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Make the models, run, print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="leave the larger model out")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument(
        "--memory", type=int, default=0, metavar="PAIRS", help="only watch memory over so many pairs"
    )
    options = arguments.parse_args()
    logging.disable(logging.WARNING)
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    rng = np.random.default_rng(0)
    words = lexicon(rng)
    sizes = [(256, 4, 1.0)] + ([] if options.quick else [(768, 6, 0.25)])
    with tempfile.TemporaryDirectory() as place:
        tokenizers = {size: make_tokenizer(words, size) for size in (4096, 32_768)}
        if options.memory:
            small = Path(place) / "small"
            make_model(small, "AutoModelForSequenceClassification", tokenizers[4096], 64, 2, 4096)
            memory(small, options.memory, Texts(rng, words, tokenizers[4096]))
            return
        for hidden, layers, scale in sizes:
            texts = Texts(rng, words, tokenizers[4096])
            folder = Path(place) / f"reward-{hidden}"
            make_model(folder, "AutoModelForSequenceClassification", tokenizers[4096], hidden, layers, 4096)
            heading(f"Reward model, hidden {hidden} x {layers} layers", "usual")
            rewards(folder, scale, options.rounds, texts)
            heading(f"Language model, hidden {hidden} x {layers} layers", "HFLM")
            for vocabulary, tokenizer in tokenizers.items():
                folder = Path(place) / f"language-{hidden}-{vocabulary}"
                make_model(folder, "AutoModelForCausalLM", tokenizer, hidden, layers, len(tokenizer))
                likelihoods(folder, scale, options.rounds, Texts(rng, words, tokenizer), vocabulary)


if __name__ == "__main__":
    main()
