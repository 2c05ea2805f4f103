"""Common words, which often stand for one another; any other word says what a prompt is about."""

from __future__ import annotations

_COMMON = """
now then there here he she him her hers his they them their theirs itself himself herself am cant wouldnt shouldnt
didnt doesnt
isnt wasnt havent but nor too else again already yet ever even still also once ago any anymore every each both other
others
another such own same very much many few lot lots etc not off out up down over under after before behind between
through
against among upon within without because since though although unless whether while i'd i'll i've i'm you're you'll
it's that's
there's here's he's she's they're we're let's going gonna robot swap configuration setting settings decline
refrigerate exercise workout plug outlet
electrical mine yours ours
ability able about above abroad absolutely accept access accomplish according account accurate achieve across act
action active
activity actual actually add additional address adjust advance advice affect afford afraid afternoon age agency agent
ago
agree ahead aid aim air alarm alert alike alive allow almost alone along alter alternate always amazing among amount
announce annual another answer anybody anyone anything anyway anywhere apart apologize app appear apparent
application apply
appointment appreciate approach appropriate approve approximately area argue arm army around arrange arrive art
article aside ask aspect assign
assist assistance associate assume attach attack attempt attend attention audience author automatic available average
avoid
aware away awesome baby back background bad bag balance ball ban bank bar base basic basis battle beat beautiful
because become
bed begin behave behavior behind being believe belong below benefit beside best bet better between beyond big bill
bit block
blood board body book booking boss both bother bottom bought box boy boyfriend break bring broad broke broken brought
buddy
budget build building built business busy button buy cab calculate calendar call came camera campaign cancel
candidate card
care career careful carry case cash catch category cause celebrate center central century certain certainly chain
chair
challenge champion championship chance change channel chapter character charge chart chat cheap check chef child
choice
choose church circle citizen city civil claim class clean clear clearly client clinic clock close clothes club clue
coach code
coin collect college column combine come comfort command comment common communicate community company compare
competition
complain complete computer concept concern condition conduct conference confirm conflict connect consider consist
constant
contact contain content contest continue contract contribute control convert conversation cook cool copy correct cost
count
country couple course court cover coworker create creation credit crime cup currency current currently curious custom
customer cut cycle
daily damage dance danger data date day dead deal dear death debt decade decide decision declare deep default define
definition
degree delay deliver delivery demand department depend deposit describe description deserve design desire despite
destination
detail determine develop device die diet differ difference different difficult dig digit dinner direct direction
director
discover discuss discussion dish display distance district divide doctor document dollar done door double doubt down
download draw dream dress drink drive drop due dump during duty each eager early earn earth easily easy eat economy
edge edit
education effect effective efficient effort either elect election else elsewhere email emergency employ employee
employer empty enable end
energy engine enjoy enough enroll ensure enter entire entry environment equal equivalent error escape especially
establish estimate even evening event
eventually ever every everybody everyone everything everywhere exact exactly examine example excellent except exchange
excite excuse exist expect expense expensive experience expert expiration expire expiry explain explanation express
extend extra extremely eye face fact factor
fail fair fall familiar family famous fan far fare fast favor favorite fear feature federal fee feed feel fellow few
field
fight figure file fill final finally finance find fine finish fire firm first fit fix flight flip floor fly follow
following
food force foreign forget form formal former formula forward found free frequent frequently fresh friend front full
fun
function fund funny further future gain game gas gather gave general generally gently get gift girl girlfriend give
glad go goal going gone
gonna good got gotta government grab grade grand grant great ground group grow growth guarantee guess guidance guide
guy hair
half hall hand handle hang happen happy hard hardly hate head health healthy hear heart heat heavy height held help
here
high highly history hit hobby hold hole home honest hope horrible hospital host hot hotel hour house huge human
hundred
hurry hurt husband idea ideal identify identity image imagine immediate immediately impact important improve include
income
incorrect increase indeed indicate individual industry info inform information ingredient inquire inside instance
instead
instruction insurance intend interest interested interesting international internet interview introduce invent invest
invite involve island issue item job join joke journey judge jump just keen keep key kick kid kill kind know
knowledge label
lack land language large last lastly late lately latest latter laugh launch law lay lead leader league learn least
leave
legal length less let letter level library license lie life lift light like likely limit line link list listen little
live
load loan local locate location log lone long longer look lose loss lost lot loud love low luck luggage lunch machine
mail main mainly
maintain major make makeup man manage manager manner manual manufacture map mark market marriage married marry match
material matter maximum maybe
meal mean meaning means meant measure media medical meet meeting member memory mention menu merely message met method
middle
might mile mind mine minimum minor minute miss missing mistake mix mode model modern modify moment money month mood
more
morning most mother mouth move movie much multiple music must myself name nation national native natural nature near
nearby
nearly necessary necessity need neither network new news next nice night nobody none nor normal normally note nothing
notice notify novel
number object observe obtain obvious occasion occur offer office officer official often old older once online only
open
operate operation opinion opportunity opposite option optional order ordinary organization origin original originally
otherwise ought out outcome outline outside over overall owe own owner package page paid pain paint pair paper parent
park
part participate particular particularly partner party pass past path patient pattern pay payment peace people per
percent
percentage perfect perform performance perhaps period permission permit person personal phone photo phrase physical
pick
picture piece place plan plane play player pleasant please pleasure plenty plus point policy political poor popular
population position positive possible possibly post potential pound power practice prefer preference prepare
preparation present president
press pressure pretty prevent previous previously price primary principle print prior private probably problem
procedure
proceed process produce product production professional profile program progress project promise proper properly
property
protect prove provide public publish pull purchase purpose push put quality quantity question quick quickly quiet
quit quite
quote race radio raise random range rank rapid rate rather rating reach react read ready real reality realize really
reason reasonable
recall receive recent recently recipe recognize recommend recommendation record recover reduce refer refund refuse
regard
region register regular relate relation relationship release relevant reliable rely remain remember remind reminder
remove
rent repair repeat replace replacement reply report represent request require requirement research reservation reserve
reset resolve resource respect respond response responsible rest restaurant result retain return reveal reverse
revert review revise
reward rid ride right ring rise risk road role roll room rough round route row rule run safe safety salary sale same
save say
scale scene schedule school science score screen search season seat secret section secure security see seek seem seen
select
self sell send sense sent sentence separate series serious serve service session set setting settle several shall
share
shift ship shop shopping short should shout show shut sick side sign signal significant similar simple simply since
sing
single singer sir sit site situation size skill skip sleep slight slow small smart social society soft software sold
solution solve
somebody somehow someone something sometimes somewhere song soon sorry sort sound source space speak speaker special
specific
specify speech speed spell spend split spoke sport spot spread staff stage stand standard star start state statement
station
status stay steal step stick still stolen stop store story straight strange street strict strong structure student
study
stuff style subject submit succeed success successful such sudden suffer suggest suggestion suit suitable sum summary
supply
support suppose sure surely surface suspect switch symbol symptom system table tail take talk target task taste tax
teach
teacher team technical technology television temperature term terrible test text than thank that theme themselves
then theory
therefore thing think though thought through throughout throw thus ticket tie till time tip title today together told
tonight
tool top topic toss total touch tough tour toward town track trade tradition traditional traffic train transaction
transfer
translate transport travel treat treatment tree trick trip trouble true truly trust truth try turn twice type typical
typically under understand unit unite universe university unless until update upon upset urgent use used useful user
usual
usually utter vacation valid valuable value variety various vehicle verify version very via view violent visa visit
visitor voice
volume vote wage wait wake walk wall wanna war warn wash waste watch water way weak wealth wear weather web website
weekly weigh weight
welcome went whatever whenever wherever whether while white whole wide wife win window winner wish within woman
wonder wonderful
word work worker world worry worse worst worth would write writer writing wrong yeah year yearly yes yet young
yourself zone
actor actress airline airport album ancient animal apparently assistant award band becoming bedroom began begun belt
bigger
birth birthday born branch brand bride brother bunch burn capital captain carrier cast celebrity championships chief
children
christian claims comedy commit compose composer concert constitution construct cope council crew crown culture deck
defeat democracy denote dialogue dialect ease effectively elected empire episode estate exam executive expand fashion
film flag
forecast found founder fuel gender genre girl globe god gold governor grammar guitarist handy hero hint hometown
independence inspire institute instruct instrument invention inventor island itinerary jersey king landmark lastname
leading legend
lyric lyrics magic mayor mascot medal minister mountain movement musical nickname nominate novelist ocean operator
outfit
origins overview owned parliament payroll peak personnel phase pilot pin poem poet pope portion portray portrayed
postal prince
princess principal prize producer pronounce pronunciation province quarterback queen reason religion remark republic
residence
retire river royal sang scientist script sea sequel sequence showing significance site soldier sung sum summit
superbowl symbolize synonym tale territory title tournament translation tribe trophy tune tv village villain vocal
warrior wed wedding weekend wrote yep
actually adjusting afterwards anytime asap assess asap basically beforehand bout bucks calories cause cellphone
charger checkup cuz damn defrost delete detect directions drinks enabled estimate extension fetch gimme goodbye
grocery haircut hello hiya huh inform initiate installation itemize lemme listing locating lookup maintenance
modification
mph nah nearest nope notification okay ongoing outage overdraft overtime perform pls plz podcast presently prior
proceed pronoun purchase
quicker quickest regarding registration remainder rename reorder requisite rollover router scan seating sec speakers
spoken
starting straightforward sync taxes temp terminate tiny toggle tomorrow transact translate troubleshoot tutorial
tweak uh um upcoming upgrade
username usage utilize variety vegan verification wardrobe whats wheres hows whos im ive id youre thats theres dont
wed whichever whoever wifi withdraw workplace yo yup
"""
COMMON = frozenset(_COMMON.split())
