"""Numbers, ordinals and quantities with units, as gates compare them: 1 hour is 60 minutes, 5 miles are not 5 km."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

_SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
CARDINALS: Mapping[str, int] = {
    **{word: k for k, word in enumerate(_SMALL.split())},
    **{
        w: 10 * k
        for k, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2)
    },
    "dozen": 12,
}
SCALES: Mapping[str, int] = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS = """
zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth
"""
_TENTHS = "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"
ORDINALS: Mapping[str, int] = {
    **{word: k for k, word in enumerate(_ORDINALS.split())},
    **{word: 10 * k for k, word in enumerate(_TENTHS.split(), start=2)},
    **{"hundredth": 100, "thousandth": 1000},
}
ROMANS: Mapping[str, int] = {
    w: k
    for k, w in enumerate(
        [
            "i",
            "ii",
            "iii",
            "iv",
            "v",
            "vi",
            "vii",
            "viii",
            "ix",
            "x",
            "xi",
            "xii",
            "xiii",
            "xiv",
            "xv",
            "xvi",
            "xvii",
            "xviii",
            "xix",
            "xx",
        ],
        start=1,
    )
}
NUMBERED = frozenset(
    [
        "war",
        "part",
        "volume",
        "type",
        "phase",
        "chapter",
        "act",
        "book",
        "class",
        "stage",
        "level",
        "tier",
        "division",
        "episode",
        "grade",
    ]
)
"""What a single Roman letter counts behind; elsewhere "i" is who speaks."""
_UNITS = {
    # dimension: what it is called = how many of the first
    "length": """m meter meters metre metres=1; km kilometer kilometers kilometre kilometres kms=1000; cm centimeter
        centimeters centimetre centimetres=.01; mm millimeter millimeters millimetre millimetres=.001; mile
        miles=1609.34;
        foot feet ft=.3048; inch inches=.0254; yard yards yd=.9144; nm nanometer nanometers=1e-9; lightyear
        lightyears=9.46e15""",
    "mass": """kg kilo kilos kilogram kilograms=1; gram grams gramme grammes=.001; mg milligram milligrams=1e-6; lb
    lbs pound
        pounds=.4536; oz ounce ounces=.02835; ton tons=907.2; tonne tonnes=1000; stone=6.35""",
    "volume": """liter liters litre litres=1; ml milliliter milliliters millilitre millilitres=.001; gallon
    gallons=3.785;
        quart quarts=.9464; pint pints=.4732; cup cups=.2366; tablespoon tablespoons tbsp=.01479; teaspoon teaspoons
        tsp=.00493; barrel barrels=159""",
    "area": "acre acres=4047; hectare hectares=10000; sqm=1; sqft=.0929",
    "time": """seconds sec secs=1; minute minutes min mins=60; hour hours hr hrs=3600; day days=86400; week
    weeks=604800;
        fortnight fortnights=1209600; ms millisecond milliseconds=.001""",
    "calendar": "month months=1; year years yr yrs=12; decade decades=120; century centuries=1200; millennium=12000",
    "data": """byte bytes=1; kb kilobyte kilobytes=1e3; mb megabyte megabytes=1e6; gb gigabyte gigabytes=1e9; tb
    terabyte
        terabytes=1e12; bit bits=.125; mbps=125000; gbps=125000000""",
    "speed": "mph=1; kph kmh=.6214; knot knots=1.1508",
    "energy": """calorie calories kcal cal=1; joule joules=.000239; kilojoule kilojoules kj=.239; kwh=860.4""",
    "power": "watt watts=1; kw kilowatt kilowatts=1000; megawatt megawatts=1e6; horsepower hp=745.7",
    "voltage": "volt volts=1", "current": "amp amps ampere amperes=1", "resistance": "ohm ohms=1",
    "pressure": "psi=1; pascal pascals=.000145; bar bars=14.5; atm=14.7",
    "angle": "radian radians=57.2958",
    "share": "percent percentage percents=1",
    "celsius": "celsius centigrade=1", "fahrenheit": "fahrenheit=1", "kelvin": "kelvin=1",
    "usd": "dollar dollars usd bucks buck=1; cent cents=.01", "eur": "euro euros eur=1",
    "gbp": "gbp sterling quid=1; pence=.01",
    "jpy": "yen jpy=1", "inr": "rupee rupees inr=1", "cny": "yuan renminbi cny rmb=1", "chf": "franc francs chf=1",
    "cad": "cad=1", "aud": "aud=1", "mxn": "peso pesos mxn=1", "krw": "krw=1", "rub": "ruble rubles rouble roubles=1",
    "brl": "brl=1", "sek": "krona kronor sek=1", "nok": "krone kroner nok=1", "pln": "zloty pln=1", "try": "lira=1",
    "btc": "bitcoin bitcoins btc=1", "eth": "ethereum eth=1", "ils": "shekel shekels=1", "zar": "zar=1", "czk": "czk=1",
}  # fmt: skip
_AFTER_A_NUMBER = {"m": "m", "g": "gram", "l": "liter", "h": "hour", "s": "seconds", "second": "seconds", "ft": "foot"}
_AFTER_A_NUMBER |= {"c": "celsius", "f": "fahrenheit", "in": "inch", "w": "watt", "v": "volt"}
_SIGNS: tuple[tuple[str, str], ...] = (
    (r"\$\s*(\d[\d.,]*)", r"\1 dollars"),
    (r"€\s*(\d[\d.,]*)", r"\1 euros"),
    (r"£\s*(\d[\d.,]*)", r"\1 gbp"),
)
_SIGNS += ((r"[¥]\s*(\d[\d.,]*)", r"\1 yen"), (r"₹\s*(\d[\d.,]*)", r"\1 rupees"), (r"%", " percent "))
_SIGNS += (("°", " "), ("[€]", " euros "), ("£", " gbp "), (r"\bkm/h\b", "kmh"), (r"\bper cent\b", "percent"))
_SIGNS += ((r"\bmiles (?:per|an) hour\b", "mph"), (r"\bkilomet(?:er|re)s (?:per|an) hour\b", "kmh"))
_SIGNS += ((r"\bhalf an hour\b|\bhalf hour\b", "30 minutes"), (r"\ban hour and a half\b", "90 minutes"))
_SIGNS += (
    (r"\bsquare met(?:er|re)s?\b", "sqm"),
    (r"\bsquare (?:feet|foot)\b", "sqft"),
    (r"\blight[- ]years?\b", "lightyears"),
)
_SIGNS += ((r"\b(\d+)(?:st|nd|rd|th)\b", r"\1 ordinal"), (r"\b(\d+)k\b", r"\1 thousand"), (r"\ba couple of\b", "2"))
_SIGNS += ((r"\b(canadian) dollars?\b", "cad"), (r"\b(australian) dollars?\b", "aud"), (r"\bbritish pounds?\b", "gbp"))


class Unit(NamedTuple):
    """A unit: what it is called here, what it measures, and how many of the dimension's first it is."""

    name: str
    dimension: str
    factor: float


def _units() -> Mapping[str, Unit]:
    found = {}
    for dimension, lines in _UNITS.items():
        for line in lines.split(";"):
            words, factor = line.rsplit("=", 1)
            for word in words.split():
                found[word] = Unit(words.split()[0], dimension, float(factor))
    return found


UNITS = _units()
"""By their words."""


class Quantity(NamedTuple):
    """A number of a text, its unit if it has one, whether it tells a place in an order, and the word behind it."""

    value: str
    unit: Unit | None
    ordinal: bool
    counted: str
    vague: bool
    """Whether the word often counts nothing: "the one", "wait a second", "at first"."""

    @property
    def measured(self) -> tuple[str, float] | None:
        """Return the dimension and the size in its first unit, where there is a unit."""
        if self.unit is None or ":" in self.value:
            return None
        value = float(self.value)
        if self.unit.dimension in ("celsius", "fahrenheit", "kelvin"):
            into = {"celsius": value, "fahrenheit": (value - 32) / 1.8, "kelvin": value - 273.15}
            return "temperature", into[self.unit.dimension]
        return self.unit.dimension, value * self.unit.factor


class Counted(NamedTuple):
    """What a text counts, and the units that it names."""

    quantities: tuple[Quantity, ...]
    units: frozenset[Unit]
    superlative_ordinals: frozenset[str]
    """The superlatives behind an ordinal: "largest" of "the second largest"."""


_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?")


def _plain(digits: str) -> str:
    if ":" in digits:
        return digits[:-3] if digits.endswith(":00") else digits
    plain = digits.replace(",", "")
    try:
        return f"{float(plain):.10g}"
    except ValueError:  # a version or a date: 1.2.3
        return "0:" + plain


@lru_cache(maxsize=8192)
def counted(text: str) -> Counted:
    """Return what a text counts.

    >>> [q.value for q in counted("twenty five of two hundred and six, the 3rd of nineteen ninety eight").quantities]
    ['25', '206', '3', '1998']
    """
    low = text.lower().replace("\u2019", "'")
    for sign, put in _SIGNS:
        low = re.sub(sign, put, low)
    words = _WORD.findall(low)
    quantities, units, after_ordinals, k = [], set(), set(), 0
    while k < len(words):
        value, ordinal, used, vague = _number(words, k)
        if used == 0:
            if words[k] in UNITS and not _other_sense(words, k):
                units.add(UNITS[words[k]])
            k += 1
            continue
        k += used
        if k < len(words) and words[k] == "ordinal":
            ordinal, k = True, k + 1
        behind = words[k] if k < len(words) else ""
        unit = None if ordinal else UNITS.get(_AFTER_A_NUMBER.get(behind, behind))
        if behind == "in" and (k + 1 < len(words)):  # "5 in" is inches at the end only
            unit = None
        if unit is not None:
            units.add(unit)
            k += 1
            vague = False
        if ordinal and (behind.endswith("est") or behind in ("most", "least")):
            after_ordinals.add(behind)
            vague = False
        quantities.append(Quantity(value, unit, ordinal, behind, vague))
    return Counted(tuple(quantities), frozenset(units), frozenset(after_ordinals))


def _other_sense(words: Sequence[str], k: int) -> bool:
    """Tell words that are units only behind a number or "how many" and the like."""
    often = (
        "day",
        "days",
        "bar",
        "bars",
        "stone",
        "foot",
        "feet",
        "min",
        "ms",
        "mb",
        "bit",
        "bits",
        "lira",
        "yard",
        "cal",
        "cup",
    )
    return words[k] in often and not (k and words[k - 1] in ("many", "in", "to", "of", "into", "per", "a"))


def _number(words: Sequence[str], k: int) -> tuple[str, bool, int, bool]:
    """Return the number that begins at a word, whether an ordinal, of how many words (0: none), whether vague."""
    word = words[k]
    if word[0].isdigit():
        value = _plain(word)
        if k + 1 < len(words) and words[k + 1] in SCALES and ":" not in value:
            return f"{float(value) * SCALES[words[k + 1]]:.10g}", False, 2, False
        return value, False, 1, False
    if word in ROMANS and (len(word) > 1 or (k and words[k - 1] in NUMBERED)) and word not in ("mix", "xi"):
        return str(ROMANS[word]), False, 1, False
    if word in ("twice", "double"):
        return "2:x", False, 1, False
    total, part, used, ordinal = 0, 0, 0, False
    j = k
    while j < len(words):
        word = words[j]
        if word in CARDINALS:
            new = CARDINALS[word]
            if used and part % 100 and not (part % 10 == 0 and part % 100 >= 20 and 0 < new < 10):
                if 10 <= part <= 20 and 10 <= new < 100 and total == 0:  # "nineteen ninety eight"
                    part, used, j = part * 100 + new, j + 1 - k, j + 1
                    continue
                break
            part, used = part + new, j + 1 - k
        elif word in SCALES and (used or (j == k and (k == 0 or words[k - 1] in ("a", "the") or True))):
            if SCALES[word] == 100:
                part = max(part, 1) * 100
            else:
                total, part = total + max(part, 1) * SCALES[word], 0
            used = j + 1 - k
        elif word in ORDINALS and (used == 0 or (part % 10 == 0 and ORDINALS[word] < 10)):
            if word == "second" and used and part >= 0 and (j == k + 1) and part < 20:
                break  # "one second"
            part, used, ordinal = part + ORDINALS[word], j + 1 - k, True
            break
        elif not (word == "and" and used and j + 1 < len(words) and words[j + 1] in CARDINALS and part >= 100):
            break
        j += 1
    vague = used == 1 and words[k] in ("one", "first", "second", "third", "hundred", "thousand", "zero")
    return str(total + part), ordinal, used, vague


def _firm(one: Counted, other: Counted) -> list[Quantity]:
    """Return the quantities of a text that count something, beside another text."""
    ordinals = any(q.ordinal for q in other.quantities)
    behind = {q.counted.rstrip("s") for q in other.quantities if q.counted}
    return [
        q
        for q in one.quantities
        if not q.vague or (ordinals if q.ordinal else q.counted.rstrip("s") in behind and q.counted != "")
    ]


def _equal(a: Quantity, b: Quantity) -> bool:
    if a.unit != b.unit and a.measured and b.measured and a.measured[0] == b.measured[0]:
        one, other = a.measured[1], b.measured[1]
        return abs(one - other) <= 0.006 * max(abs(one), abs(other))
    return a.value == b.value and (
        a.unit is None or b.unit is None or {a.unit.dimension, b.unit.dimension} == {"mass", "gbp"}
    )


def _rest(first: str, second: str) -> tuple[list[Quantity], list[Quantity], bool]:
    """Return what either text counts that the other does not, and whether both count."""
    a, b = counted(first), counted(second)
    one, other = _firm(a, b), _firm(b, a)
    left = [q for q in one if not any(_equal(q, p) for p in other)]
    right = [q for q in other if not any(_equal(q, p) for p in one)]
    return left, right, bool(one and other)


def _of_the_day(quantities: Sequence[Quantity]) -> set[str]:
    """Return the numbers, an hour of the afternoon by 24."""
    found = set()
    for q in quantities:
        hour, _, minute = q.value.partition(":")
        late = q.counted == "pm" and hour.isdigit() and int(hour) < 12
        found.add((str(int(hour) + 12) if late else hour) + (":" + minute if minute else ""))
    return found


def numbers_differ(first: str, second: str) -> bool:
    """Tell whether both count, and not the same; or one asks for the second largest and the other for the largest."""
    left, right, both = _rest(first, second)
    if both and {q.value for q in left} != {q.value for q in right} and _of_the_day(left) != _of_the_day(right):
        return True
    a, b = counted(first), counted(second)
    words = [set(_WORD.findall(text.lower())) for text in (first, second)]
    return any(
        superlative in words[1 - k]
        for k, (own, its) in enumerate(((a, b), (b, a)))
        for superlative in own.superlative_ordinals - its.superlative_ordinals
    )


def units_differ(first: str, second: str) -> bool:
    """Tell whether both name units, either lacks one of the other, and it is not the same amount put otherwise.

    >>> units_differ("how far is 5 miles", "how far is 5 km"), units_differ("wait 1 hour", "wait 60 minutes")
    (True, False)
    """
    left, right, _ = _rest(first, second)
    same = {q.unit for text in (first, second) for q in counted(text).quantities if q not in left and q not in right}
    one, other = (counted(text).units - same for text in (first, second))
    names = [{unit.name for unit in units} for units in (one - other, other - one)]
    return bool(names[0] and names[1]) and {frozenset(names[0]), frozenset(names[1])} != {
        frozenset({"lb"}),
        frozenset({"gbp"}),
    }
