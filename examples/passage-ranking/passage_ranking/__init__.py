"""Rank passages by how well they answer a question: a plugin for harness.

Only names and references stand here, since this module is imported at every start; what a reference names is imported
when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register


@hookimpl
def register_models(register: Register) -> None:
    """A language model that needs no download."""
    register(
        "unigram",
        "passage_ranking.model:Unigram",
        offers=("loglikelihood",),
        description="smoothed word frequencies of the context",
    )


@hookimpl
def register_adapters(register: Register) -> None:
    """From any language model to a ranker."""
    register(
        "query-likelihood",
        "passage_ranking.adapter:QueryLikelihood",
        gives="score",
        needs="loglikelihood",
        cost=1.5,
        description="log-likelihood of the question after the passage",
    )


@hookimpl
def register_tasks(register: Register) -> None:
    """The kind that the YAML files name."""
    register(
        "passage-ranking",
        "passage_ranking.task:PassageRanking",
        description="put the passages that answer a question first",
    )


@hookimpl
def register_metrics(register: Register) -> None:
    """Its metric."""
    register(
        "passage_ndcg",
        "passage_ranking.metric:Ndcg",
        description="normalised discounted cumulative gain of the first `depth` passages",
    )
