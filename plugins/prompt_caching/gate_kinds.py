"""Kinds of things of which one excludes another (days, countries, colours, quantifiers ...), and what has two names.

The lists are facts of the language, written down for the gates; no prompts of any data set stand behind them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ALIASES = {
    "usa": "united states of america|united states|u s a|u s|usa|america|the us|the states",
    "uk": "united kingdom|great britain|britain|u k|uk",
    "uae": "united arab emirates|u a e|uae",
    "ussr": "soviet union|u s s r|ussr",
    "eu": "european union|e u|eu",
    "czechia": "czech republic|czechia",
    "netherlands": "the netherlands|netherlands|holland",
    "myanmar": "myanmar|burma",
    "turkey": "turkiye|türkiye|turkey",
    "china": "people's republic of china|prc|china",
    "nyc": "new york city|n y c|nyc",
    "losangeles": "los angeles|l a|la",
    "sanfrancisco": "san francisco|s f|sf",
    "philadelphia": "philadelphia|philly",
    "tv": "television|telly|t v|tv",
    "phone": "telephone|phone|cellphone|mobile phone|cell phone",
    "photo": "photograph|photo",
    "fridge": "refrigerator|fridge",
    "flu": "influenza|flu",
    "math": "mathematics|maths|math",
    "bike": "bicycle|bike",
    "gym": "gymnasium|gym",
    "ad": "advertisement|advert|ad",
    "ww1": "first world war|world war one|world war 1|world war i|ww1|wwi",
    "ww2": "second world war|world war two|world war 2|world war ii|ww2|wwii",
    "javascript": "java script|javascript|js",
    "mac": "macintosh|macos|mac os|os x|mac",
    "christmas": "xmas|christmas",
    "id": "identification|id",
    "am": "a m",
    "pm": "p m",
}
"""By the name that is kept, what means the same."""
_LONGEST = sorted(((p, to) for to, ps in _ALIASES.items() for p in ps.split("|")), key=lambda pair: -len(pair[0]))
_TO = dict(_LONGEST)
_ALIAS = re.compile(
    r"(?<![^\W_])(" + "|".join(re.escape(p).replace(r"\ ", r"[\s.]+\.?") for p, _ in _LONGEST) + r")(?![^\W_])", re.I
)


def one_name(text: str) -> str:
    """Return a text in which what has several names bears one; a name with a capital keeps a capital.

    >>> one_name("Is America larger than Great Britain?")
    'Is Usa larger than Uk?'
    """

    def renamed(match: re.Match[str]) -> str:
        to = _TO.get(re.sub(r"[\s.]+", " ", match[0]).strip().lower())
        if to is None or (match[0].lower() == "la" and match[0] != "LA"):  # "la" is oftener an article
            return match[0]
        return to.capitalize() if any(c.isupper() for c in match[0]) else to

    return _ALIAS.sub(renamed, re.sub(r"\bUS\b(?! \$)", "USA", text))


# each kind is a list of things; what stands behind "=" is another word for the same thing
_KINDS = {
    "weekday": """monday=mon=mondays, tuesday=tue=tues=tuesdays, wednesday=wednesdays, thursday=thu=thurs=thursdays,
        friday=fri=fridays, saturday=saturdays, sunday=sundays""",
    "month": """january=jan, february=feb, march, april, may, june=jun, july=jul, august=aug, september=sept=sep,
        october=oct, november=nov, december=dec""",
    "season": "spring, summer, autumn=fall, winter",
    "day": "today=tonight, tomorrow, yesterday",
    "part of the day": "morning=dawn, noon=midday=lunchtime, afternoon, evening, midnight",
    "turn": """last week=past week=previous week, this week=current week, next week=coming week; last month=previous
    month,
        this month=current month, next month=coming month; last year=previous year, this year=current year, next year;
        last weekend, this weekend, next weekend; last season, this season, next season""",
    "time order": "before=prior, after=afterwards=following=post, during=while=amid",
    "holiday": "christmas, easter, thanksgiving, halloween, hanukkah, ramadan, diwali, valentine's=valentines",
    "quantifier": """all=every=each=everyone=everybody=everything, always, some=someone=somebody=several, sometimes,
        none=nobody=never, most=mostly=usually, rarely=seldom, half, neither""",
    "bound": """at least=minimum=no less than=or more, at most=maximum=no more than=up to=or less=or fewer, exactly,
        more than=over=above=exceeding, less than=under=below=fewer than""",
    "share": "half=50 percent, quarter, third of, double=twice, triple, single",
    "meal": "breakfast, lunch, dinner=supper, brunch, dessert, snack",
    "family": """mother=mom=mum, father=dad, brother, sister, son, daughter, uncle, aunt, grandmother=grandma,
        grandfather=grandpa, husband, wife, nephew, niece, cousin, grandson, granddaughter""",
    "person": "man=men, woman=women, boy=boys, girl=girls, child=children=kids=kid, adult=adults, "
    "baby=babies, teenager",
    "colour": """red, blue, green, yellow, black, white, orange, purple, pink, brown, grey=gray, silver, golden,
    beige,
        turquoise, violet""",
    "direction": """north=northern, south=southern, east=eastern, west=western, northeast, northwest, southeast,
        southwest, central""",
    "side": "left, right hand, middle=centre=center, top, bottom, front, rear",
    "continent": """europe=european, asia=asian, africa=african, north america, south america, australia, antarctica,
        oceania, latin america, middle east""",
    "country": """usa=american, uk=british, england=english, scotland=scottish, wales=welsh, ireland=irish,
        france=french, germany=german, spain=spanish, portugal=portuguese, italy=italian, netherlands=dutch,
        belgium=belgian, luxembourg, switzerland=swiss, austria=austrian, poland=polish, czechia=czech,
        slovakia=slovak, slovenia=slovenian, hungary=hungarian, romania=romanian, bulgaria=bulgarian, greece=greek,
        turkey=turkish, serbia=serbian, croatia=croatian, bosnia=bosnian, albania=albanian, macedonia, kosovo,
        montenegro, ukraine=ukrainian, russia=russian, belarus, moldova, lithuania, latvia, estonia, finland=finnish,
        sweden=swedish, norway=norwegian, denmark=danish, iceland=icelandic, canada=canadian, mexico=mexican,
        brazil=brazilian, argentina=argentine=argentinian, chile=chilean, peru=peruvian, bolivia, colombia=colombian,
        venezuela, ecuador, uruguay, paraguay, cuba=cuban, jamaica=jamaican, haiti, panama, guatemala, honduras,
        nicaragua, costa rica, el salvador, dominican republic, china=chinese=mandarin, japan=japanese,
        south korea=korean, north korea, india=indian, pakistan=pakistani, bangladesh, nepal, bhutan, sri lanka,
        afghanistan, iran=iranian=persian, iraq=iraqi, syria, lebanon, israel=israeli=hebrew, palestine, jordan,
        saudi arabia=saudi, uae, qatar, kuwait, oman, yemen, bahrain, egypt=egyptian, libya, tunisia, algeria,
        morocco=moroccan, sudan, south sudan, ethiopia, somalia, kenya=kenyan, uganda, tanzania, rwanda, congo,
        angola,
        zambia, zimbabwe, mozambique, botswana, namibia, south africa, nigeria=nigerian, ghana, senegal, mali, niger,
        cameroon, ivory coast, liberia, sierra leone, madagascar, thailand=thai, vietnam=vietnamese, cambodia, laos,
        myanmar, malaysia, singapore, indonesia, philippines, taiwan, mongolia, kazakhstan, uzbekistan, turkmenistan,
        georgia, armenia, azerbaijan, new zealand, fiji, cyprus, malta, ussr, arabic, latin, swahili, hindi, tibet""",
    "city": """london, paris, berlin, madrid, rome, vienna, amsterdam, brussels, lisbon, dublin, edinburgh, glasgow,
        manchester, liverpool, birmingham, leeds, bristol, cardiff, belfast, oxford, cambridge, munich, hamburg,
        frankfurt, cologne, stuttgart, dresden, leipzig, zurich, geneva, basel, bern, milan, naples, venice, florence,
        turin, barcelona, seville, valencia, porto, lyon, marseille, nice, bordeaux, toulouse, prague, budapest,
        warsaw,
        krakow, bucharest, sofia, belgrade, zagreb, athens, istanbul, ankara, moscow, saint petersburg, kiev=kyiv,
        minsk,
        riga, vilnius, tallinn, helsinki, stockholm, oslo, bergen, copenhagen, reykjavik, nyc=new york, losangeles,
        chicago, houston, dallas, austin, san antonio, phoenix, philadelphia, sanfrancisco, san diego, san jose,
        seattle, denver, boston, miami, orlando, tampa, atlanta, detroit, minneapolis, las vegas=vegas, nashville,
        memphis, new orleans, baltimore, pittsburgh, cleveland, cincinnati, columbus, st louis, kansas city,
        salt lake city, sacramento, oakland, honolulu, anchorage, toronto, montreal, vancouver, ottawa, calgary,
        edmonton, quebec, mexico city, havana, bogota, lima, santiago, buenos aires, rio de janeiro=rio, sao paulo,
        brasilia, caracas, tokyo, osaka, kyoto, seoul, busan, beijing, shanghai, hong kong, shenzhen, taipei, bangkok,
        hanoi, saigon, manila, jakarta, bali, kuala lumpur, mumbai, delhi, bangalore, kolkata, chennai, karachi,
        lahore,
        dhaka, kathmandu, colombo, kabul, tehran, baghdad, damascus, beirut, jerusalem, tel aviv, amman, riyadh,
        dubai,
        abu dhabi, doha, cairo, alexandria, tunis, algiers, casablanca, marrakesh, lagos, abuja, accra, nairobi,
        addis ababa, johannesburg, cape town, durban, sydney, melbourne, brisbane, perth, adelaide, canberra,
        auckland,
        wellington""",
    "state": """alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, hawaii,
    idaho,
        illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts, michigan, minnesota,
        mississippi, missouri, montana, nebraska, nevada, new hampshire, new jersey, new mexico, new york state,
        north carolina, south carolina, north dakota, south dakota, ohio, oklahoma, oregon, pennsylvania, rhode
        island,
        tennessee, texas, utah, vermont, virginia, west virginia, wisconsin, wyoming, ontario, bavaria""",
    "water": """atlantic, pacific, mediterranean, baltic, black sea, red sea, north sea, indian ocean, arctic,
    caribbean,
        nile, amazon river, danube, rhine, thames, seine, volga, ganges, yangtze, mekong, lake superior, lake
        michigan""",
    "planet": "mercury, venus, earth, mars, jupiter, saturn, uranus, neptune, pluto, moon, sun",
    "element": """hydrogen, helium, lithium, carbon, nitrogen, oxygen, sodium, magnesium, aluminium=aluminum, silicon,
        phosphorus, sulphur=sulfur, chlorine, potassium, calcium, iron, nickel, copper, zinc, silver, tin, gold,
        platinum,
        lead metal, uranium, plutonium, iodine, titanium, cobalt""",
    "material": """wood=wooden, metal, plastic, glass, leather, cotton, wool=woollen, silk, linen, polyester, steel,
    stone,
        marble, granite, concrete, brick, paper, cardboard, ceramic, rubber, suede, denim, velvet, vinyl, laminate""",
    "pet": """dog=dogs=puppy, cat=cats=kitten, horse=horses, cow=cows, pig=pigs, sheep, goat=goats, rabbit=rabbits,
        hamster=hamsters, bird=birds, fish, lion=lions, tiger=tigers, bear=bears, wolf=wolves, elephant=elephants,
        mouse=mice, rat=rats, snake=snakes, frog=frogs, turtle=turtles, whale=whales, shark=sharks, dolphin=dolphins,
        bee=bees, ant=ants, spider=spiders, duck=ducks, chicken=chickens, monkey=monkeys, parrot=parrots, moth,
        wasp""",
    "food": """beef=steak, pork=ham, lamb, turkey meat, salmon, tuna, cod, shrimp=prawns, tofu, eggs=egg, rice,
    pasta=spaghetti,
        noodles, potato=potatoes, bread, oats=oatmeal, quinoa, lentils, chickpeas, beans, carrot=carrots,
        onion=onions,
        garlic, tomato=tomatoes, cucumber, spinach, broccoli, cauliflower, cabbage, mushrooms=mushroom, peas, corn,
        apple=apples, banana=bananas, pear=pears, peach=peaches, plum, cherry=cherries, strawberry=strawberries,
        blueberry=blueberries, lemon=lemons, lime, grape=grapes, mango, pineapple, avocado, coconut, almonds=almond,
        walnuts=walnut, peanuts=peanut, honey, chocolate, vanilla, caramel, cheese, yogurt=yoghurt, pizza,
        burger=hamburger,
        sushi, soup, salad, pancakes, waffles, muffins, cookies, lasagna=lasagne""",
    "drink": """water, milk, coffee, tea, beer, wine, juice, soda, whisky=whiskey, vodka, rum, gin, tequila,
    champagne,
        espresso, cappuccino, latte, lemonade, cider""",
    "sport": """football=nfl, soccer, basketball=nba, baseball=mlb, tennis, golf, hockey=nhl, cricket, rugby,
    volleyball, badminton, boxing,
        swimming, cycling, skiing, snowboarding, surfing, skating, rowing, wrestling, chess, poker""",
    "instrument": "piano, guitar, violin, cello, flute, drums=drum, trumpet, saxophone, clarinet, harp, bass, "
    "ukulele, banjo",
    "body": """head, neck, shoulder, elbow, wrist, finger, thumb, hip, knee, ankle, foot part, toe, ear=ears,
    eye=eyes, nose,
        tooth=teeth, stomach, liver, kidney, lung=lungs, heart, skin, chest, throat""",
    "vehicle": """car=automobile, bus, train=subway=underground=metro, plane=airplane=aeroplane, bike,
    motorcycle=motorbike, truck=lorry, boat, ship,
        ferry, tram, taxi=cab, helicopter, scooter, van""",
    "room": "kitchen, bedroom, bathroom, garage, basement=cellar, attic, living room, dining room, hallway, "
    "garden, porch",
    "school": "kindergarten, elementary school=primary school, middle school, high school, college, university",
    "degree": "bachelor=bachelors=bachelor's, master's=masters, doctorate=phd",
    "religion": """christian=christianity, catholic, protestant, orthodox, muslim=islam=islamic, jewish=judaism,
        hindu=hinduism, buddhist=buddhism, sikh""",
    "programming language": """python, java, javascript, typescript, ruby, perl, php, rust, golang, kotlin, scala,
    haskell,
        fortran, cobol, matlab, julia language, c plus plus, c sharp""",
    "system": "windows, mac, linux, ubuntu, debian, fedora, android, ios=iphone, chromebook, ipad",
    "browser": "chrome, firefox, safari, edge browser, opera browser, internet explorer",
    "database": "mysql, postgres=postgresql, sqlite, mongodb, oracle database, redis, mariadb",
    "file": "pdf, docx, csv, xml, json, yaml, html, jpeg=jpg, png, gif, svg, mp3, wav, mp4, zip, tar",
    "site": """facebook, twitter, instagram, youtube, tiktok, snapchat, linkedin, reddit, pinterest, whatsapp,
    telegram,
        discord, slack, skype, zoom, netflix, hulu, spotify, gmail, outlook, paypal, venmo, ebay, etsy, wikipedia""",
    "company": """microsoft, google, amazon, ibm, intel, nvidia, samsung, sony, nokia, toyota, honda, ford, bmw, audi,
        volkswagen, tesla, boeing, airbus, nike, adidas, pepsi, walmart, ikea, starbucks, mcdonald's=mcdonalds""",
    "card": "credit, debit",
    "disease": """cancer, diabetes, asthma, flu, cold disease, measles, malaria, pneumonia, covid, hepatitis, cholera,
        tuberculosis, arthritis, migraine, chickenpox, mumps, stroke""",
    "office": """president, prime minister, king, queen, mayor, governor, senator, chancellor, pope, emperor, vice
    president,
        ceo, cfo, cto""",
    "media": "book=novel, film=movie, song, album, episode, poem, painting, opera, musical, podcast",
    "arithmetic": """add=sum=plus, subtract=minus=difference, multiply=times=product, divide=divided=quotient,
        square root, cube root, squared, cubed, logarithm""",
    "geometry": """triangle, square of, rectangle, circle, sphere, cube, cylinder, cone, pyramid, hexagon, pentagon""",
    "measure": """area, perimeter, circumference, radius, diameter, volume of, height=tall, width=wide, depth=deep,
        weight=heavy, speed, temperature""",
    "tense": "will be, used to be",
}


def _kinds() -> tuple[Mapping[tuple[str, ...], tuple[str, str]], int]:
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for kind, things in _KINDS.items():
        for thing in re.split(r"[,;]", things):
            names = [" ".join(name.split()) for name in thing.split("=")]
            for name in names:
                found[tuple(name.split())] = (kind, names[0])
    return found, max(map(len, found))


KINDS, LONGEST_KIND = _kinds()
"""By their words, the kind of things and which of them."""


def kinds_of(words: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the things that a text names, by kind; the longest name wins ("north korea" is no north).

    >>> kinds_of(("trains", "from", "new", "york", "on", "monday"))
    {'city': {'nyc'}, 'weekday': {'monday'}}
    """
    found: dict[str, set[str]] = {}
    k = 0
    while k < len(words):
        for length in range(min(LONGEST_KIND, len(words) - k), 0, -1):
            thing = KINDS.get(words[k : k + length])
            if thing is not None:
                found.setdefault(thing[0], set()).add(thing[1])
                k += length
                break
        else:
            k += 1
    return found
