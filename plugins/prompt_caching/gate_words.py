"""The words that gates go by: numbers, questions, negations, opposites, and words that say little."""

from __future__ import annotations

import re
from collections.abc import Mapping

QUESTIONS: Mapping[str, str] = {
    **dict.fromkeys(("who", "whom", "whose", "who's"), "person"),
    **dict.fromkeys(("when", "when's"), "time"),
    **dict.fromkeys(("where", "where's"), "place"),
    **dict.fromkeys(("why", "why's"), "reason"),
}
HOW: Mapping[str, str] = {
    **{"many": "count", "much": "count", "often": "frequency"},
    **{"long": "length", "old": "age", "far": "distance"},
}
"""What "how" asks for, by the word behind it."""
LENGTHS = frozenset(("time", "long", "longer", "minutes", "hours", "days", "weeks", "months", "years", "seconds"))
OF_WHAT: Mapping[str, str] = dict.fromkeys(("year", "time", "date", "day", "month"), "time")
"""What "what" and "which" ask for, by the word behind them; others may be anything."""
ALIKE = (frozenset(("time", "length")), frozenset(("length", "distance")))
"""What one answer often serves both: when it ends, and how long it takes."""
_NEGATIONS = """
not no never without cannot can't don't doesn't didn't won't wouldn't isn't aren't wasn't weren't shouldn't
couldn't mustn't haven't hasn't hadn't neither nor none nobody nothing nowhere except excluding minus unable
dont cant wont doesnt didnt isnt arent
"""
NEGATIONS = frozenset(_NEGATIONS.split())
IDLE_NEGATIONS = re.compile(
    r"\b(?:not|n't|aren't|isn't) (?:\w+ly |quite |so |too |all that )?(?:sure|certain|clear|already)\b"
    r"|\b(?:can'?t|cannot|can not|couldn't) (?:find|locate|figure|recall)\b"
    r"|\bor not\b|\bnot only\b|\bwhy not\b|\bno (?:idea|clue|matter|problem)\b|\bif not\b|\bno longer than\b",
    re.I,
)
"""What is put with a negation and denies nothing: who cannot find something looks for it."""
NO_NEGATION_BEFORE = frozenset(("forget", "know", "remember", "recall", "mind", "understand", "think"))
"""Who does not know asks, and who says "do not forget" asks for it."""
_FUNCTION_WORDS = """
a an the of for in on at to from by with is are was were be been do does did can could would will should may
might i me my we our you your it its this that these those there please tell what which who whom whose when
where why how and or if any some so just hey hi hello ok okay need want like know show give let get have has had
about into as
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words of which two prompts that ask for different things have many in common."""
LINKS = ("to", "into", "than", "from", "by", "over", "before", "after", "then", "against", "inside", "above", "below")
"""Words on whose two sides something stands that cannot be exchanged."""
