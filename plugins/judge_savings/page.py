"""What a comparison found, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def lines(document: Mapping[str, Any]) -> list[str]:
    """Return the lines that a terminal shows."""
    made = [_verdict(document)]
    if document["win_rate"] is not None:
        made.append(
            f"win rate {100 * document['win_rate']:.1f} %, {100 * (1 - document['alpha']):g} % interval "
            f"[{100 * document['low']:.1f}, {100 * document['high']:.1f}]"
            + ("" if document["verdict"] == "estimated" else ", valid whenever it is looked at")
        )
    if "beyond_low" in document and document["win_rate"] is not None and document["about"] == "these prompts":
        made.append(f"on prompts like these [{100 * document['beyond_low']:.1f}, {100 * document['beyond_high']:.1f}]")
    made.append(f"{document['asked']:,} of {document['prompts']:,} prompts asked; {_calls(document)}")
    if document["missing"]:
        made.append(
            f"{document['missing']:,} prompts without an answer or a verdict in every order: they count for nobody"
        )
    if document["all_ties"]:
        made.append("every verdict is a tie")
    made += [f"note: {note}" for note in document.get("remarks", ())]
    return made


def _calls(document: Mapping[str, Any]) -> str:
    text = f"{document['calls']:,} verdicts asked, {document['calls_saved']:,} saved"
    if "dollars" in document:
        text += f"; ${document['dollars']:.2f} for them, ${document['dollars_saved']:.2f} saved"
    return text


def _verdict(document: Mapping[str, Any]) -> str:
    first, second, about = document["first"], document["second"], document["about"]
    if document["win_rate"] is None:
        return "no verdict could be read: nothing is known"
    if document["verdict"] == "first":
        return f"{first} is better than {second}, on {about}"
    if document["verdict"] == "second":
        return f"{second} is better than {first}, on {about}"
    if document["verdict"] == "alike":
        return (
            f"{first} and {second} are alike on {about}: the win rate is nearer to 50 % than "
            f"{100 * document['smallest']:g} points"
        )
    if document["verdict"] == "estimated":
        return (
            f"win rate of {first} over {second}, from {document['labels']:,} prompts of the judge and "
            f"{document['prompts']:,} of the cheap model, whose weight is {document['weight']:.2f}"
        )
    if document["prompts"] - document["missing"] < 2:
        return f"undecided between {first} and {second}: one prompt with a verdict decides nothing"
    return f"undecided between {first} and {second}, with all prompts used up"
