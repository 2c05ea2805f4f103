"""Words for attacks on a mark: pairs that can stand for each other, common words, and sentences about nothing."""

from __future__ import annotations

from collections.abc import Mapping

_PAIRS = """
big large; small little; begin start; begins starts; began started; end finish; ends finishes; ended finished;
buy purchase; bought purchased; help assist; helps assists; show display; shows displays; use employ; uses employs;
used employed; need require; needs requires; get obtain; gets obtains; give provide; gives provides; keep retain;
choose select; chooses selects; make create; makes creates; made created; many numerous; often frequently;
also additionally; but however; so therefore; because since; while whereas; about regarding; almost nearly;
fast quick; quickly rapidly; hard difficult; easy simple; important significant; good fine; great excellent;
bad poor; happy glad; sad unhappy; old ancient; new recent; beautiful lovely; clear plain; whole entire;
main principal; different distinct; various several; enough sufficient; correct right; wrong mistaken;
true accurate; full complete; people persons; person individual; child kid; children kids; house home;
job work; place location; places locations; way manner; ways manners; part portion; parts portions;
thing item; things items; idea notion; ideas notions; problem issue; problems issues; answer reply; question query;
story tale; stories tales; book volume; road street; town city; area region; areas regions; world earth;
food meals; water liquid; money funds; time period; day date; year season; years seasons; friend companion;
friends companions; look glance; looks glances; see view; sees views; say state; says states; said stated;
tell inform; tells informs; told informed; think believe; thinks believes; thought believed; know understand;
knows understands; want wish; wants wishes; like enjoy; likes enjoys; love adore; try attempt; tries attempts;
tried attempted; ask request; asks requests; asked requested; find discover; finds discovers; found discovered;
grow expand; grows expands; build construct; builds constructs; built constructed; allow permit; allows permits;
include contain; includes contains; including containing; change alter; changes alters; improve enhance;
improves enhances; increase raise; reduce lower; reduces lowers; explain describe; explains describes;
learn study; teach instruct; become turn; becomes turns; remain stay; remains stays; seem appear; seems appears;
happen occur; happens occurs; live dwell; lives dwells; move shift; moves shifts; across over; near beside;
during throughout; before prior; after following; usually generally; always constantly; sometimes occasionally;
never rarely; very extremely; really truly; just merely; only solely; even still; each every; both two; another other;
such these; this that; can may; will shall; must should; might could; within inside; upon on
"""
_COMMON = (
    "the a of and to in is was for on that with as it at by from this be are or an they which you not have had we "
    "one all were when there can said use each how other about out many then them some make like into time has look "
    "two more write go see number no way could people than first water been call who its now find long down day did "
    "get come made may part over new sound take only little work know place year live back give most very after thing "
    "our just name good sentence man think say great where help through much before line right too mean old any same "
    "tell boy follow came want show also around form three small set put end does another well large must big even "
    "such because turn here why ask went men read need land different home us move try kind hand picture again"
)
COMMON_WORDS = tuple(_COMMON.split())
"""Words that are common in English text."""
FILLER = (
    "The river bends twice before it reaches the village, and the old mill stands at the second bend. In the morning a "
    "boat brings letters and bread, and in the evening it takes the baskets of the market back to town. Some say that "
    "the bridge was built by the grandfather of the present miller, who had wanted to sell his flour on both banks. "
    "Children fish there in summer; in winter the ice is thick enough to walk on for a few weeks. The school has one "
    "room with eleven desks, a map of the rivers of the country, and a stove that smokes when the wind comes from the "
    "north. On Sundays the band plays waltzes under the lime trees, though the trumpet has been out of tune for years. "
)
"""Sentences into which pieces of a marked text are put where no other text is given."""


def _both_ways(text: str) -> Mapping[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for pair in text.split(";"):
        one, other = pair.split()
        table.setdefault(one, []).append(other)
        table.setdefault(other, []).append(one)
    return {word: tuple(dict.fromkeys(others)) for word, others in table.items()}


SYNONYMS = _both_ways(_PAIRS)
"""For each word those that can stand in its place, roughly."""
