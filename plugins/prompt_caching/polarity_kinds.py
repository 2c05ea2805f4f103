"""More pairs of the polarity suite's half ``train``, written beside the gates: units, names in small letters, roles ...

Whoever changes a gate may read these and add to them; no figure of theirs says how good the gates are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DIFFER = {
    "unit": """
        how far is the stadium in miles | how far is the stadium in kilometers
        what is 20 dollars worth in yen | what is 20 euros worth in yen
        how much does a litre of paint weigh in grams | how much does a litre of paint weigh in ounces
        remind me in 10 minutes | remind me in 10 hours
        is a 500 mb file too big to send | is a 500 gb file too big to send
        bake the crust at 200 celsius | bake the crust at 200 fahrenheit
        how many weeks are left in the term | how many days are left in the term
        take 15 percent off the bill | take 15 dollars off the bill
        price of the tent in pounds sterling | price of the tent in swiss francs
        convert 3 cups of oats to grams | convert 3 tablespoons of oats to grams
        wait 2 hours before swimming | wait 90 minutes before swimming
        what does a 50 kg dog eat | what does a 50 lb dog eat""",
    "ordinal": """
        who was the third pope | who was the fourth pope
        what is the largest lake on earth | what is the second largest lake on earth
        recap of the 1st episode | recap of the 3rd episode
        who finished second in the marathon | who finished third in the marathon
        when did world war i end | when did world war ii end
        who lost the twelfth round | who lost the thirteenth round
        what is the first law of motion | what is the third law of motion
        the 21st amendment explained | the 22nd amendment explained
        who was henry vii | who was henry viii""",
    "name in small letters": """
        how do i sharpen a machete | how do i sharpen a chisel
        when did gandhi live | when did mandela live
        how tall is shakira | how tall is beyonce
        install tensorflow on a server | install keras on a server
        how do i get oil stains out of corduroy | how do i get oil stains out of chiffon
        who painted ophelia | who painted nighthawks
        is turmeric good for the joints | is ginseng good for the joints
        symptoms of scurvy | symptoms of rickets
        how old is stonehenge | how old is petra
        weather forecast for portland | weather forecast for tulsa
        side effects of ibuprofen | side effects of paracetamol
        how do i prune a hibiscus | how do i prune a magnolia""",
    "opposite": """
        what makes bread rise overnight dense | what makes bread rise overnight fluffy and sparse
        is the battery overcharged | is the battery undercharged
        how is the air inhaled | how is the air exhaled
        trains inbound on the red line | trains outbound on the red line
        who was acquitted in the trial | who was convicted in the trial
        what is hypothermia | what is hyperthermia
        how do i decompress a folder | how do i compress a folder
        symptoms of an overactive gland | symptoms of an underactive gland
        is the road to the hut uphill | is the road to the hut downhill
        how can i tighten a belt | how can i loosen a belt
        who promoted the officer | who demoted the officer
        are the berries edible | are the berries poisonous
        is the answer ambiguous | is the answer unambiguous
        what are the upsides of renting | what are the downsides of renting
        which ports were used for imports of steel | which ports were used for exports of steel
        a list of pessimists in literature | a list of optimists in literature
        did shares go higher on the news | did shares go lower on the news""",
    "role": """
        who defeated carthage | who was defeated by carthage
        did germany invade poland | was germany invaded by poland
        who did google buy | who bought google
        which club sold the striker to chelsea | which club was sold by the striker to chelsea
        can a hawk eat a snake | can a hawk be eaten by a snake
        flights from oslo to rome | flights to oslo from rome
        is the earth orbited by the moon | is the moon orbited by the earth
        did the teacher call the parent | did the parent call the teacher
        move money from savings to checking | move money to savings from checking
        which singer influenced prince | which singer was influenced by prince
        forward mail from paris into london | forward mail from london into paris""",
    "time order": """
        do i shower before shaving | do i shower after shaving
        does the tax come before the discount | does the discount come before the tax
        what happened during the strike | what happened after the strike
        what did the mayor do prior to the flood | what did the mayor do following the flood
        events of last week | events of next week
        pay rent this month | pay rent next month
        prime then paint the door | paint then prime the door
        photos from yesterday | photos from today
        sales in spring | sales in autumn
        a meeting in the morning | a meeting in the evening""",
    "quantifier": """
        do all birds fly | do some birds fly
        which of the tests passed at least 3 times | which of the tests passed at most 3 times
        are most of the seats taken | are none of the seats taken
        does he always win | does he never win
        does it always rain there | does it sometimes rain there
        list every file changed | list most files changed
        hotels under 100 dollars | hotels over 100 dollars
        rooms with more than two beds | rooms with less than two beds
        delete all my messages | delete some of my messages
        plants that rarely need water | plants that always need water""",
    "place": """
        is it raining in lisbon | is it raining in porto
        population of kenya | population of ghana
        cheap hotels near the thames | cheap hotels near the seine
        visa rules for brazil | visa rules for peru
        minimum age to drive in ohio | minimum age to drive in texas
        french wedding customs | italian wedding customs
        museums in the north of scotland | museums in the south of scotland
        best beaches on the atlantic coast | best beaches on the pacific coast
        ski resorts in austria | ski resorts in switzerland
        a map of the kitchen | a map of the basement""",
}
_SAME = {
    "unit": """
        set a timer for 1 hour | set a timer for 60 minutes
        how many km are in a mile | how many kilometres are in a mile
        a hike of 2 km | a hike of 2000 metres
        a 90 minute lesson | a lesson of 1.5 hours
        tip of 20% on the bill | tip of 20 percent on the bill
        send $50 to mum | send 50 dollars to mum
        half an hour of yoga | 30 minutes of yoga
        walk for two weeks | walk for 14 days
        a fee of €30 | a fee of 30 euros
        a 5 pound bag of flour | a 5 lb bag of flour""",
    "ordinal": """
        who was the third pope | who was the 3rd pope
        when did world war ii end | when did the second world war end
        the twenty first chapter | the 21st chapter
        first aid for a burn | how do i give first aid for a burn
        meet me on june 4th | meet me on june 4
        one thing i should know about whales | what should i know about whales""",
    "name in small letters": """
        how tall is shakira | what is shakira's height
        install tensorflow on a server | how do i install tensorflow on my server
        side effects of ibuprofen | what side effects does ibuprofen have
        how do i prune a hibiscus | best way to prune hibiscus
        who painted ophelia | who was ophelia painted by
        clean a leather couch | clean a leather sofa
        how do i seperate eggs | how do i separate eggs
        nasa budget | budget of the national aeronautics and space administration""",
    "opposite": """
        is the shop not open on mondays | is the shop closed on mondays
        is a cheetah faster than a horse | is a horse slower than a cheetah
        is it impossible to fold paper eight times | is it not possible to fold paper eight times
        what did she discover | what was discovered by her
        are the berries edible | can the berries be eaten
        is x bigger than y | is y smaller than x""",
    "role": """
        who wrote dracula | who was dracula written by
        did germany invade poland | was poland invaded by germany
        who bought google | who was google bought by
        flights from oslo to rome | flights to rome from oslo
        can a hawk eat a snake | can a snake be eaten by a hawk
        trains to bath from hull | trains from hull to bath""",
    "time order": """
        did rome fall before troy | did troy fall after rome
        what happened prior to the strike | what happened before the strike
        what happened following the flood | what happened after the flood
        show me photos from yesterday | photos taken yesterday""",
    "quantifier": """
        do all birds fly | does every bird fly
        list all rivers in the area | list the rivers in the area
        hotels under 100 dollars | hotels below $100
        at least 3 people | a minimum of 3 people""",
    "place": """
        population of the usa | population of the united states
        who rules the uk | who rules the united kingdom
        weather in nyc | weather in new york city
        is holland flat | is the netherlands flat
        president of France | French president
        capital of the U.S. | capital of the United States""",
    "with and without": """
        gluten-free pasta | pasta without gluten
        a sugar free cake | a cake without sugar
        a cake with no sugar | a sugarless cake
        lactose-free milk brands | brands of milk without lactose
        an alcohol-free beer | a beer without alcohol""",
}


def by_kind() -> Iterator[Mapping[str, Any]]:
    """Yield the pairs, those that differ first.

    >>> rows = list(by_kind())
    >>> len(rows) > 140, rows[0]["first"]
    (True, 'how far is the stadium in miles')
    """
    for label, families in enumerate((_DIFFER, _SAME)):
        for family, lines in families.items():
            for k, line in enumerate(lines.strip().splitlines()):
                first, second = line.strip().split(" | ")
                yield {
                    "id": f"train/by-kind/{family.replace(' ', '-')}/{label}/{k}",
                    "first": first,
                    "second": second,
                    "label": label,
                    "family": family,
                    "group": f"train {family}",
                }
