"""Opposites, and syllables that turn a word into its opposite, for the gates."""

from __future__ import annotations

_OPPOSITES = """
on off; in out; up down; over under; above below; before after; with without; inside outside; front back; open close;
open closed; opened closed; opening closing; start stop; start end; begin end; start finish; begin finish;
first last; earlier later; early late; earliest latest; since until; until from; prior following; previous next;
past future; old new; old young; oldest newest; oldest youngest; older newer; older younger; ancient modern; max min;
maximum minimum; most least; more less; more fewer; high low; higher lower; highest lowest; big small; big little;
bigger smaller; biggest smallest; large small; larger smaller; largest smallest; long short; longer shorter;
longest shortest; tall short; tallest shortest; fast slow; faster slower; fastest slowest; good bad; better worse;
best worst; hot cold; hotter colder; hottest coldest; warm cool; warmer cooler; heavy light; heavier lighter;
heaviest lightest; thick thin; strong weak; strongest weakest; deep shallow; deepest shallowest; wide narrow;
near far; nearest farthest; closest farthest; cheap expensive; cheaper expensive; cheapest expensive;
cheapest dearest; rich poor; richest poorest; hard easy; hard soft; hardest easiest; difficult easy; full empty;
wet dry; clean dirty; dark bright; dark light; loud quiet; enable disable; add remove; add delete; add subtract;
create delete; insert remove; increase decrease; raise lower; raise reduce; increase reduce; grow shrink; gain lose;
win lose; won lost; buy sell; bought sold; borrow lend; send receive; sent received; push pull; upload download;
import export; encrypt decrypt; encode decode; compress extract; show hide; accept reject; accept decline;
accept refuse; allow deny; allow forbid; allow block; allow prevent; approve reject; join leave; enter exit;
arrive depart; arrival departure; arrivals departures; login logout; rise fall; rise set; sunrise sunset; pass fail;
passed failed; success failure; save spend; save delete; keep delete; keep remove; pause resume; play pause;
play stop; attach detach; connect disconnect; lock unlock; load unload; expand collapse; inflate deflate;
deposit withdraw; deposit withdrawal; debit credit; income expense; profit loss; supply demand; assets liabilities;
positive negative; true false; yes no; right wrong; right left; north south; east west; northern southern;
eastern western; male female; man woman; men women; boy girl; father mother; brother sister; son daughter;
husband wife; king queen; teacher student; parent child; employer employee; landlord tenant; buyer seller;
host guest; winner loser; summer winter; morning evening; day night; am pm; today tomorrow; today yesterday;
yesterday tomorrow; birth death; born died; born die; alive dead; love hate; like dislike; advantages disadvantages;
pros cons; benefits risks; cause prevent; causes prevents; legal illegal; safe dangerous; safe unsafe;
public private; input output; ascending descending; vertical horizontal; include exclude; including excluding;
internal external; indoor outdoor; plus minus; multiply divide; always never; forward backward; forwards backwards;
clockwise counterclockwise; top bottom; upper lower; upstairs downstairs; all none; accelerate decelerate;
speed slow; expensive inexpensive; expensive affordable; costly cheap; priciest cheapest; most fewest; many few;
much little; greater lesser; greater smaller; greatest smallest; major minor; majority minority; frequent rare;
common rare; often rarely; often seldom; usual unusual; ordinary special; simple complex; simple complicated;
easy tough; easiest toughest; sharp blunt; rough smooth; tight loose; tighten loosen; shrink expand; widen narrow;
lengthen shorten; strengthen weaken; harden soften; heat cool; heating cooling; warm cold; freeze thaw; freeze melt;
frozen fresh; raw cooked; ripe unripe; alive deceased; awake asleep; wake sleep; sick healthy; healthy unhealthy;
fat thin; fat slim; fertile infertile; acid alkaline; acidic basic; solid liquid; sweet sour; sweet bitter;
sweet savoury; sweet savory; spicy mild; strict lenient; polite rude; kind cruel; brave cowardly; smart stupid;
clever stupid; wise foolish; lazy diligent; happy sad; happiest saddest; glad sorry; calm nervous; friend enemy;
ally enemy; hero villain; protagonist antagonist; war peace; victory defeat; victories defeats; wins losses;
attack defend; offense defense; offence defence; offensive defensive; invade liberate; guilty innocent;
plaintiff defendant; prosecution defence; lawful unlawful; permitted forbidden; permitted prohibited;
allowed forbidden; allowed prohibited; allowed banned; permit prohibit; permit forbid; ban allow; lift impose;
hire fire; hiring firing; employ dismiss; promote demote; promotion demotion; praise criticise; praise criticize;
reward punish; encourage discourage; support oppose; supporters opponents; agree disagree; admit deny; confirm deny;
confirm cancel; book cancel; start cancel; renew cancel; activate cancel; subscribe cancel; follow unfollow;
friend unfriend; like unlike; pin unpin; mute unmute; archive delete; restore delete; create destroy; build destroy;
build demolish; construct demolish; assemble dismantle; break fix; break repair; damage repair; break mend; tear sew;
tie untie; zip unzip; fold unfold; wrap unwrap; pack unpack; plug unplug; cover uncover; fill empty; fill drain;
pour drain; inhale exhale; float sink; ascend descend; climb descend; lift drop; pick drop; catch throw; throw keep;
gained lost; earn spend; earned spent; lent borrowed; lending borrowing; offer request; question answer; teach learn;
speak listen; read write;
remember forget; remembered forgot; arrive leave; arrived left; arrival leaving; land takeoff;
landing takeoff; departing arriving; departure arriving; leaving arriving; departs arrives; leaves arrives;
boarding disembarking; enter leave; entrance exit; entry exit; immigration emigration; immigrate emigrate;
immigrants emigrants; advance retreat; approach avoid; follow lead; rising falling; rises falls; rose fell;
dawn dusk; increase decline; growth decline; grow decline; boom bust; bull bear; bullish bearish; surplus deficit;
surplus shortage; credit debt; asset liability; assets debts; revenue cost; revenue expenses; revenues costs;
income expenses; income expenditure; earnings losses; gross net; wholesale retail; lessor lessee; rent buy; rent own;
renting buying; lease buy; buying selling; buyers sellers; purchase sell; purchased sold; purchase sale;
refund charge; pay collect; prepaid postpaid; fixed variable; fixed floating; fixed adjustable; optimist pessimist;
optimistic pessimistic; advantage disadvantage; advantage drawback; advantages drawbacks; benefit risk;
benefits drawbacks; benefits dangers; benefits disadvantages; upside downside; upsides downsides;
strengths weaknesses; strength weakness; strong mild; virtue vice; pro con; profit losses; symptoms causes;
symptom cause; causes effects; cause effect; causes cures; cause cure; causes treatments; prevention treatment;
preventing treating; problem solution; theory practice; question solution; cause remedy; poison antidote;
predator prey; parasite host; carnivore herbivore; carnivores herbivores; domestic international; domestic foreign;
domestic wild; native foreign; local global; local remote; urban rural; city countryside; inland coastal;
landlocked coastal; public secret; formal informal; official unofficial; professional amateur; rookie veteran;
beginner expert; beginner advanced; beginners experts; novice expert; junior senior; apprentice master;
leader follower; boss employee; employers employees; doctor patient; doctors patients; lawyer client;
seller customer; supplier customer; author reader; driver passenger; pilot passenger; parents children;
ancestors descendants; ancestor descendant; predecessor successor; predecessors successors; preceding following;
preceding succeeding; preceded succeeded; former latter; former current; current previous; current past;
earliest newest; earliest last; initial final; introduction conclusion; beginning end;
beginning ending; prologue epilogue; prefix suffix; head tail; heads tails; roof floor; ceiling floor; inner outer;
innermost outermost; interior exterior; imported exported; imports exports; importing exporting; inbound outbound;
incoming outgoing; ingoing outgoing; income outgo; inflow outflow; onshore offshore; online offline; onsite remote;
wired wireless; manual automatic; analog digital; analogue digital; hardware software; client server;
compile decompile; absolute relative; abstract concrete; active passive; actual expected; nominal real; real fake;
real virtual; genuine fake; natural artificial; natural synthetic; organic synthetic; organic conventional;
human machine; odd even; prime composite; singular plural; rational irrational; finite infinite; discrete continuous;
convex concave; parallel perpendicular; horizontal perpendicular; acute obtuse; acute chronic; numerator denominator;
dividend divisor; squared cubed; sine cosine; mean median; integral derivative; dense sparse; serial parallel;
synchronous asynchronous; mutable immutable; static dynamic; stack queue; push pop; append prepend;
upgrade downgrade; update rollback; commit revert; merge split; join split; combine separate; attach remove;
enabled disabled; included excluded; visible invisible; visible hidden; transparent opaque; bright dim;
brighten darken; brighter dimmer; brighter darker; lighter darker; louder quieter; louder softer; noisy quiet;
noisy silent; loud silent; loud soft; lightest darkest; loudest quietest; busiest quietest; busy free; busy idle;
occupied vacant; occupied free; available taken; available unavailable; present absent; attend skip; attend miss;
catch miss; hit miss; refuse agree; passed failing; succeed fail; succeeded failed; winning losing; winners losers;
maximise minimise; maximize minimize; maximal minimal; optimal worst; uppercase lowercase; capital lowercase;
superior inferior; improve worsen; improved worsened; improve harm; help harm; helpful harmful; good evil;
heaven hell; angel devil; god devil; birth burial; wedding divorce; marry divorce; married divorced; married single;
married unmarried; marriage divorce; born buried; birthday deathday; birthplace grave; widow widower; bride groom;
uncle aunt; nephew niece; grandfather grandmother; grandson granddaughter; masculine feminine; boys girls;
gentlemen ladies; prince princess; actor actress; waiter waitress; bull cow; rooster hen; stallion mare; ram ewe;
monk nun; lord lady; sir madam; dad mom; dad mum; boyfriend girlfriend; brothers sisters; sons daughters; hot chilly;
humid dry; rainy sunny; rainy dry; cloudy sunny; cloudy clear; hottest coolest; warmest coldest; warmest coolest;
wettest driest; highest deepest; farther closer; further closer; furthest nearest; furthest closest; distant near;
distant close; far close; toward away; towards away; port starboard; onto off; upstream downstream; uphill downhill;
uptown downtown; upwards downwards; upward downward; ascent descent; zenith nadir; peak trough; peak offpeak;
crest trough; mountain valley; land sea; sky ground; ceiling ground; weekday weekend; weekdays weekends;
daytime nighttime; daytime night; morning night; noon midnight; breakfast dinner; permanent temporary;
temporary lasting; single multiple; single double; single return; oneway return; solo group; individual group;
together apart; together separately; same different; similar different; identical different; equal unequal;
similarities differences; similarity difference; synonym antonym; synonyms antonyms; compulsory optional;
mandatory optional; mandatory voluntary; required optional; necessary unnecessary; voluntary forced;
deliberate accidental; intentional accidental; trust distrust; trust doubt; believe doubt; certain doubtful;
true fake; truth lie; honest dishonest; fact fiction; fiction nonfiction; reality fantasy; comedy tragedy;
poetry prose; vowel consonant; vowels consonants; noun verb; question statement; theist atheist; sinner saint;
conservative liberal; conservative progressive; republican democrat; republican democratic; republicans democrats;
democracy dictatorship; capitalism communism; capitalist communist; monarchy republic; majority opposition;
incumbent challenger; nominee incumbent; elected appointed; federal state; civil criminal; civilian military;
army navy; union confederate; allies axis; offender victim; killer victim; murderer victim; attacker victim;
attacker defender; hunter hunted; prisoner guard; captive free; freedom slavery; slave master; slave free;
guilty acquitted; convicted acquitted; arrested released; arrest release; captured released; trapped freed;
locked unlocked; opener closer; overweight underweight; overpaid underpaid; overestimate underestimate;
overvalued undervalued; oversized undersized; systolic diastolic; artery vein; arteries veins; viral bacterial;
virus bacteria; malignant benign; hyper hypo; anterior posterior; dorsal ventral; deductible taxable; taxable exempt;
pretax aftertax; debtor creditor; debtors creditors; payer payee; sender recipient; sender receiver;
caller recipient; giver receiver; donor recipient; lender borrower; lenders borrowers; trainer trainee;
interviewer interviewee; inspire expire; kept discarded; keep discard; saved deleted; retain discard;
hoard discard; plant harvest; sow reap; sowing harvest; deposit withdrawing; depositing withdrawing;
deposits withdrawals; contribute withdraw; donate withdraw; sender addressee; hungry full; thirsty hungry;
calm windy; oldest latest; earlier afterwards; beforehand afterwards; youngest eldest; young elderly; youth elderly;
younger elder; childhood adulthood; newborn adult; puppy adult; rookie senior; raise cut; increase cut; hike cut;
lengthen cut; tighten relax; tense relax; tension relaxation; contract expand; contraction expansion;
compress expand; compress decompress; condense evaporate; boil freeze; boiling freezing; melting freezing;
melt solidify; dissolve crystallise; oxidation reduction; endothermic exothermic; anode cathode; proton electron;
conductor insulator; metal nonmetal; vertebrate invertebrate; vertebrates invertebrates; diurnal nocturnal;
deciduous evergreen; annual perennial; extinct surviving; extinct living; living dead; deadly harmless;
poisonous edible; toxic harmless; toxic edible; venomous harmless
"""
OPPOSITES = frozenset(frozenset(pair.split()) for pair in _OPPOSITES.split(";"))
UNDOING = ("un", "dis", "de", "in", "im", "il", "ir", "non", "anti", "mis")
"""Syllables that turn a word into its opposite."""
NO_UNDOING = frozenset(
    [
        "disappear",
        "discover",
        "discount",
        "discuss",
        "display",
        "distance",
        "district",
        "distress",
        "dispose",
        "disease",
        "distribute",
        "describe",
        "deliver",
        "depart",
        "deposit",
        "depend",
        "deserve",
        "design",
        "detail",
        "devote",
        "delight",
        "demand",
        "decode",
        "defend",
        "default",
        "degree",
        "department",
        "debut",
        "detect",
        "deplane",
        "depress",
        "derive",
        "desire",
        "destroy",
        "decide",
        "declare",
        "decrease",
        "inform",
        "invent",
        "invest",
        "invite",
        "include",
        "income",
        "indeed",
        "increase",
        "indent",
        "input",
        "install",
        "instance",
        "instant",
        "intend",
        "intent",
        "interest",
        "inside",
        "into",
        "index",
        "inland",
        "incline",
        "inquire",
        "inspire",
        "inscribe",
        "insight",
        "institute",
        "instruct",
        "intake",
        "interior",
        "image",
        "impact",
        "implant",
        "import",
        "impose",
        "improve",
        "impress",
        "imprint",
        "inborn",
        "inflame",
        "invaluable",
        "under",
        "unit",
        "until",
        "union",
        "mission",
        "mister",
        "misuse",
        "universe",
        "undergo",
        "understand",
    ]
)
"""Words that begin so and undo nothing: who deserves does not undo a server."""
PAIRED = (
    ("over", "under"),
    ("up", "down"),
    ("in", "out"),
    ("in", "ex"),
    ("im", "ex"),
    ("on", "off"),
    ("pre", "post"),
    ("hyper", "hypo"),
    ("macro", "micro"),
    ("maxi", "mini"),
    ("intro", "extro"),
    ("intra", "inter"),
    ("super", "sub"),
    ("en", "de"),
    ("en", "dis"),
    ("as", "dis"),
    ("con", "dis"),
    ("con", "de"),
    ("in", "de"),
    ("homo", "hetero"),
    ("mono", "poly"),
    ("uni", "multi"),
    ("single", "multi"),
    ("pro", "anti"),
    ("fore", "hind"),
    ("endo", "exo"),
    ("north", "south"),
    ("east", "west"),
    ("step", "grand"),
    ("left", "right"),
    ("full", "half"),
    ("full", "part"),
    ("long", "short"),
    ("high", "low"),
    ("inter", "extra"),
    ("inner", "outer"),
    ("upper", "lower"),
    ("hard", "soft"),
    ("open", "closed"),
    ("ante", "post"),
    ("as", "de"),
    ("im", "em"),
    ("eu", "dys"),
    ("hot", "cold"),
    ("front", "back"),
    ("head", "tail"),
    ("summer", "winter"),
    ("male", "female"),
    ("black", "white"),
    ("day", "night"),
    ("home", "away"),
    ("bene", "male"),
    ("iso", "aniso"),
)
"""Syllables in front of one word that make it two opposites: overpaid and underpaid."""
PAIRED_ENDS = (
    ("ful", "less"), ("er", "ee"), ("or", "ee"), ("in", "out"), ("on", "off"), ("up", "down"), ("philia", "phobia"),
    ("phile", "phobe"),
)  # fmt: skip
"""Ends of one word that make it two opposites: lender and borrower are none, payer and payee are."""
COMPLEMENTS = frozenset(
    frozenset(pair.split())
    for pair in [
        "\nopen closed",
        " on off",
        " alive dead",
        " true false",
        " same different",
        " pass fail",
        " passed failed",
        " allowed forbidden",
        "\nallowed prohibited",
        " allowed banned",
        " present absent",
        " visible hidden",
        " accepted rejected",
        " won lost",
        " include exclude",
        "\nincluded excluded",
        " remember forget",
        " legal banned",
        " mandatory optional",
        " required optional",
        " married single",
        " keep delete\n",
    ]
)
"""Opposites of which one is the other with "not": what is not open is closed."""
