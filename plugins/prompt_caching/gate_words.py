"""The words that gates go by: numbers, questions, negations, opposites, and words that say little."""

from __future__ import annotations

from collections.abc import Mapping

_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
NUMBERS: Mapping[str, str] = {
    **{word: str(i) for i, word in enumerate(_UNITS.split())},
    **{word: str(10 * i) for i, word in enumerate(_TENS.split(), start=2)},
    **{word: f"{i}." for i, word in enumerate(_ORDINALS.split(), start=1)},
    **{"hundred": "100", "thousand": "1000", "million": "1000000", "dozen": "12", "twice": "2x"},
}
"""What words of number stand for; an ordinal has a point."""
AMBIGUOUS = frozenset(("one", "first", "second"))
"""Words that often count nothing: "the one", "wait a second"."""
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
NO_NEGATION_BEFORE = frozenset(("forget", "know", "remember", "recall", "mind", "understand", "think"))
"""Who does not know asks, and who says "do not forget" asks for it."""
_OPPOSITES = """
on off; in out; up down; over under; above below; before after; with without; inside outside; front back;
open close; open closed; opened closed; opening closing; start stop; start end; begin end; start finish;
begin finish; first last; earlier later; early late; earliest latest; since until; until from; prior following;
previous next; past future; old new; old young; oldest newest; oldest youngest; older newer; older younger;
ancient modern; max min; maximum minimum; most least; more less; more fewer; high low; higher lower;
highest lowest; big small; big little; bigger smaller; biggest smallest; large small; larger smaller;
largest smallest; long short; longer shorter; longest shortest; tall short; tallest shortest; fast slow;
faster slower; fastest slowest; good bad; better worse; best worst; hot cold; hotter colder; hottest coldest;
warm cool; warmer cooler; heavy light; heavier lighter; heaviest lightest; thick thin; strong weak;
strongest weakest; deep shallow; deepest shallowest; wide narrow; near far; nearest farthest; closest farthest;
cheap expensive; cheaper expensive; cheapest expensive; cheapest dearest; rich poor; richest poorest; hard easy;
hard soft; hardest easiest; difficult easy; full empty; wet dry; clean dirty; dark bright; dark light;
loud quiet; enable disable; add remove; add delete; add subtract; create delete; insert remove;
increase decrease; raise lower; raise reduce; increase reduce; grow shrink; gain lose; win lose; won lost;
buy sell; bought sold; borrow lend; send receive; sent received; push pull; upload download; import export;
encrypt decrypt; encode decode; compress extract; show hide; accept reject; accept decline; accept refuse;
allow deny; allow forbid; allow block; allow prevent; approve reject; join leave; enter exit; arrive depart;
arrival departure; arrivals departures; login logout; rise fall; rise set; sunrise sunset; pass fail;
passed failed; success failure; save spend; save delete; keep delete; keep remove; pause resume; play pause;
play stop; attach detach; connect disconnect; lock unlock; load unload; expand collapse; inflate deflate;
deposit withdraw; deposit withdrawal; debit credit; income expense; profit loss; supply demand;
assets liabilities; positive negative; true false; yes no; right wrong; right left; north south; east west;
northern southern; eastern western; male female; man woman; men women; boy girl; father mother; brother sister;
son daughter; husband wife; king queen; teacher student; parent child; employer employee; landlord tenant;
buyer seller; host guest; winner loser; summer winter; morning evening; day night; am pm; today tomorrow;
today yesterday; yesterday tomorrow; birth death; born died; born die; alive dead; love hate; like dislike;
advantages disadvantages; pros cons; benefits risks; cause prevent; causes prevents; legal illegal;
safe dangerous; safe unsafe; public private; input output; ascending descending; vertical horizontal;
include exclude; including excluding; internal external; indoor outdoor; plus minus; multiply divide;
always never; forward backward; forwards backwards; clockwise counterclockwise; top bottom; upper lower;
upstairs downstairs; all none
"""
OPPOSITES = frozenset(frozenset(pair.split()) for pair in _OPPOSITES.split(";"))
UNDOING = ("un", "dis", "de", "in", "im", "il", "ir", "non", "anti", "mis")
"""Syllables that turn a word into its opposite."""
_FUNCTION_WORDS = """
a an the of for in on at to from by with is are was were be been do does did can could would will should may
might i me my we our you your it its this that these those there please tell what which who whom whose when
where why how and or if any some so just hey hi hello ok okay need want like know show give let get have has had
about into as
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words of which two prompts that ask for different things have many in common."""
LINKS = ("to", "into", "than", "from", "by", "over")
"""Words on whose two sides something stands that cannot be exchanged."""
