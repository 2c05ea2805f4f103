"""Who does what to whom, from where to where, and what comes before what: roles that a prompt gives to its words."""

from __future__ import annotations

from collections.abc import Sequence

_IRREGULAR = """
beat beats beaten beating; buy buys bought buying; sell sells sold selling; kill kills killed killing; eat eats ate
eaten eating;
write writes wrote written; bite bites bit bitten biting; hit hits hitting; fight fights fought fighting; teach
teaches taught;
lead leads led leading; leave leaves left leaving; choose chooses chose chosen; give gives gave given; lend lends
lent;
steal steals stole stolen; shoot shoots shot shooting; find finds found; found founds founded; sing sings sang sung;
catch catches caught; overtake overtakes overtook overtaken; overthrow overthrows overthrew overthrown; sue sues sued
suing;
pay pays paid; owe owes owed; feed feeds fed; break breaks broke broken; send sends sent; tell tells told; raise
raises raised;
bring brings brought; draw draws drew drawn; drive drives drove driven; make makes made; build builds built; win wins
won;
invade invades invaded invading; defeat defeats defeated defeating; acquire acquires acquired acquiring; conquer
conquers conquered;
attack attacks attacked attacking; hire hires hired hiring; fire fires fired firing; love loves loved; hate hates
hated;
betray betrays betrayed; rescue rescues rescued; save saves saved; murder murders murdered; assassinate assassinates
assassinated;
rule rules ruled; colonise colonises colonised; colonize colonizes colonized; occupy occupies occupied; annex annexes
annexed;
liberate liberates liberated; succeed succeeds succeeded; replace replaces replaced replacing; follow follows
followed following;
precede precedes preceded; influence influences influenced; inspire inspires inspired; support supports supported;
criticise criticised; criticize criticizes criticized; chase chases chased chasing; contain contains contained;
include includes included; cause causes caused causing; own owns owned; fund funds funded; sponsor sponsors sponsored;
train trains trained; mentor mentored; coach coaches coached; direct directs directed; discover discovers discovered;
invent invents invented; help helps helped helping; hunt hunts hunted; outrank outranks outranked; outsell outsold;
orbit orbits orbited; cover covers covered; call calls called calling; invite invites invited; visit visits visited
visiting;
recruit recruits recruited; elect elects elected; appoint appoints appointed; nominate nominated; interview
interviewed;
produce produces produced; paint paints painted; compose composes composed; cheat cheated; divorce divorced;
leave leaves left; trade trades traded; absorb absorbs absorbed; swallow swallows swallowed; surround surrounds
surrounded;
cross crosses crossed; flow flows; border; affect affects affected; employ employs employed; sue sued; arrest arrests
arrested;
examine examined; describe described; mention mentioned mentions; cite cites cited; quote quotes quoted; translate
translated;
eliminate eliminated; knock knocked; outscore outscored; represent represents represented; advise advises advised;
push pushes pushed; pull pulls pulled; imitate imitated; copy copies copied; marry; lick; scare scares scared; infect
infects infected;
adopt adopts adopted; bless blessed; protect protects protected; threaten threatened; require requires required;
imply implies implied; need needs needed; outlive outlived; exceed exceeds exceeded; contract contracted; import
imports imported;
control controls controlled; govern governs governed; merge merged; bully bullies bullied; befriend; serve serves
served
"""
VERBS = {word: line.split()[0] for line in _IRREGULAR.split(";") for word in line.split() if word != "marry"}
"""By form, verbs whose two sides cannot be exchanged."""
ASKED = ("who", "whom", "what", "which")
BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "get", "gets", "got", "gotten", "getting"])
DO = frozenset(["do", "does", "did"])
_IDLE = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "his",
        "her",
        "its",
        "their",
        "my",
        "your",
        "our",
        "this",
        "that",
        "these",
        "those",
        "please",
        "tell",
        "me",
        "you",
        "i",
        "ever",
        "first",
        "once",
        "really",
        "usually",
        "often",
        "also",
        "just",
        "finally",
        "originally",
        "eventually",
        "actually",
        "always",
        "later",
        "to",
        "us",
        "know",
        "want",
        "can",
        "could",
        "would",
        "has",
        "have",
        "had",
        "will",
        "may",
        "might",
        "should",
        "if",
        "whether",
        "when",
        "where",
        "why",
        "how",
        "in",
        "on",
        "at",
        "for",
        "from",
        "and",
        "or",
        "with",
        "that",
        "some",
        "any",
        "company",
        "team",
        "people",
    ]
)
SOURCES = frozenset(("from", "leaving", "departing"))
TARGETS = frozenset(("to", "into", "toward", "towards", "reach", "reaching"))


def roles(words: Sequence[str]) -> set[tuple[str, str, str]]:
    """Return who does what to whom: (agent, verb, patient), "?" for what is asked for, "" for what is not said.

    >>> roles("who was google bought by".split()) == roles("who bought google".split())
    True
    >>> sorted(roles("did france beat spain".split()) | roles("was spain beaten by france".split()))
    [('france', 'beat', 'spain')]
    """
    found = set()
    for k, word in enumerate(words):
        verb = VERBS.get(word)
        if verb is None:
            continue
        left, right = list(words[:k]), list(words[k + 1 :])
        passive = any(w in BE for w in left[-4:]) and ("by" in right[:2] or right[-1:] == ["by"])
        if not passive and right[:1] == ["by"]:  # "the song written by"
            passive = True
        if passive:
            by = right.index("by")
            patient = _last(left) or ("?" if any(w in ASKED for w in left) else "")
            agent = _first(right[by + 1 :]) or ("?" if any(w in ASKED for w in [*left, *right]) else "")
            if right[-1:] == ["by"] and any(w in ASKED for w in left):
                agent, patient = "?", _last([w for w in left if w not in ASKED]) or ""
        else:
            agent, patient = _last(left), _first(right)
            asked = [w for w in left if w in ASKED]
            if not agent and asked:
                agent = "?"
            elif asked and not patient and any(w in DO or w in BE for w in left):
                patient = "?"  # "who did google buy"
            elif asked and agent and any(w in DO for w in left):
                patient = "?"
        if agent and patient and agent != patient:
            found.add((agent, verb, patient))
    return found


def _last(words: Sequence[str]) -> str:
    return next((w for w in reversed(words) if w not in _IDLE and w not in BE and w not in DO and w not in ASKED), "")


def _first(words: Sequence[str]) -> str:
    return (
        next((w for w in words if w not in _IDLE and w not in BE and w not in DO), "")
        .replace("whom", "?")
        .replace("who", "?")
    )


def roles_exchanged(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether who does something in one text suffers it in the other."""
    first, second = roles(one), roles(other)
    return any((patient, verb, agent) in second for agent, verb, patient in first) and first.isdisjoint(second)


def ends_of_a_way(words: Sequence[str]) -> tuple[str, str]:
    """Return where something goes from and to, "" where that is not said.

    >>> ends_of_a_way("flights to rome from oslo".split()), ends_of_a_way("rome to oslo".split())
    (('oslo', 'rome'), ('rome', 'oslo'))
    """
    source = target = ""
    for k, word in enumerate(words):
        if word in SOURCES and not source:
            source = _first(words[k + 1 :])
        elif word in TARGETS and not target and k + 1 < len(words):
            target = _first(words[k + 1 :])
            if not source and "from" not in words:
                source = _last(words[:k])
    return source, target


def ways_exchanged(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether one goes from where the other goes to, and the other way round."""
    first, second = ends_of_a_way(one), ends_of_a_way(other)
    return all(first) and first == second[::-1]
