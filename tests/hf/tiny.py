"""Tiny models of many architectures with random weights, and a tokenizer, saved as transformers saves them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

CHAT = (
    "{{ bos_token }}{% for message in messages %}{{ '<|start|>' + message['role'] + '<|end|>\n' + message['content'] "
    "+ '<|eot|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant<|end|>\n' }}{% endif %}"
)

CORPUS = (
    "The quick brown fox jumps over the lazy dog. What is the capital of France? Paris is the capital of France. "
    "Write a function that adds two numbers. def add(a, b): return a + b. How do I bake bread? Mix flour and water. "
    "Which of these is a mammal? The whale is a mammal, the trout is not. Yes. No. Answer: A B C D 1 2 3 4 5 6 7 8 9. "
)


@functools.cache
def _trained(vocabulary: int, bos: bool, pad: bool) -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<|start|>", "<|end|>", "<|eot|>", *(["<pad>"] if pad else [])]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 1)]
        )
    return str(tokenizer.to_str())


def tokenizer(
    vocabulary: int = 300, *, chat: str | bool = True, bos: bool = True, pad: bool = True, types: bool = False
) -> Any:
    """A byte-level tokenizer of transformers with ``<s>``, ``</s>`` and marks of turns."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_trained(vocabulary, bos, pad)),
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>" if pad else None,
        **({"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]} if types else {}),
    )
    if chat:
        made.chat_template = CHAT if chat is True else chat
    return made


def _config(architecture: str, hidden: int, layers: int, vocabulary: int, context: int, **rest: Any) -> Any:
    import transformers

    common = {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "intermediate_size": 2 * hidden,
        "max_position_embeddings": context,
        "bos_token_id": 0,
        "eos_token_id": 1,
    }
    grouped = {"num_key_value_heads": 2, "head_dim": hidden // 4}
    sliding = {"sliding_window": 24}
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "llama": ("LlamaConfig", grouped),
        "mistral": ("MistralConfig", {**grouped, **sliding}),
        "qwen2": ("Qwen2Config", {"num_key_value_heads": 2}),
        "gemma2": ("Gemma2Config", {**grouped, **sliding}),
        "bloom": ("BloomConfig", {"n_layer": layers, "n_head": 4}),
        "mamba": ("MambaConfig", {"state_size": 4}),
        "bert": ("BertConfig", {}),
        "roberta": ("RobertaConfig", {"type_vocab_size": 1}),
        "deberta": ("DebertaV2Config", {"type_vocab_size": 0}),
        "modernbert": ("ModernBertConfig", {"cls_token_id": 0, "sep_token_id": 1}),
    }
    if architecture == "gpt2":
        return transformers.GPT2Config(
            vocab_size=vocabulary,
            n_embd=hidden,
            n_layer=layers,
            n_head=4,
            n_positions=context,
            bos_token_id=0,
            eos_token_id=1,
            **rest,
        )
    name, own = kinds[architecture]
    return getattr(transformers, name)(**{**common, "pad_token_id": 5, **own, **rest})


def save(folder: Path, auto: str, config: Any, tokenizer_: Any, *, seed: int = 0) -> Path:
    """Random weights of an Auto class for a configuration, saved with a tokenizer."""
    import torch
    import transformers

    torch.manual_seed(seed)
    model = getattr(transformers, auto).from_config(config)
    with torch.no_grad():  # the customary initial weights are so small that most mistakes would not show
        for name, weights in model.named_parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.5 if "embed" in name or "wte" in name else 1.2 / weights.shape[1] ** 0.5)
    model.save_pretrained(folder)
    tokenizer_.save_pretrained(folder)
    return folder


def causal(
    folder: Path,
    architecture: str = "llama",
    *,
    hidden: int = 64,
    layers: int = 2,
    vocabulary: int = 300,
    context: int = 512,
    chat: str | bool = True,
    bos: bool = True,
    pad: bool = True,
    seed: int = 0,
    **rest: Any,
) -> Path:
    """A causal language model."""
    made = tokenizer(vocabulary, chat=chat, bos=bos, pad=pad)
    config = _config(architecture, hidden, layers, vocabulary, context, **rest)
    return save(folder, "AutoModelForCausalLM", config, made, seed=seed)


def classifier(
    folder: Path,
    architecture: str = "llama",
    *,
    labels: int = 1,
    hidden: int = 64,
    layers: int = 2,
    vocabulary: int = 300,
    context: int = 512,
    chat: str | bool = True,
    bos: bool = True,
    pad: bool = True,
    seed: int = 0,
    **rest: Any,
) -> Path:
    """A sequence classifier; with one label, a reward model."""
    made = tokenizer(vocabulary, chat=chat, bos=bos, pad=pad, types=architecture == "bert")
    config = _config(architecture, hidden, layers, vocabulary, context, num_labels=labels, **rest)
    if config.pad_token_id is None and pad:
        config.pad_token_id = made.pad_token_id
    return save(folder, "AutoModelForSequenceClassification", config, made, seed=seed)


def encoder(folder: Path, architecture: str = "bert", *, chat: bool = False, context: int = 512, **rest: Any) -> Path:
    """A model that gives hidden states only."""
    config = _config(architecture, rest.pop("hidden", 64), rest.pop("layers", 2), 300, context)
    return save(folder, "AutoModel", config, tokenizer(300, chat=chat), **rest)
