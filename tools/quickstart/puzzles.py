"""Questions about dates, letters, order and clues: the answer is a word, a time or a list."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import pairwise

from .draw import Draw
from .questions import NAMES, Question, Solution, number_question

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WORDS = (
    "planet",
    "garden",
    "window",
    "silver",
    "thunder",
    "bicycle",
    "lantern",
    "harvest",
    "compass",
    "blanket",
    "orchard",
    "penguin",
    "voyage",
    "mineral",
    "cabinet",
    "dolphin",
    "granite",
    "whistle",
    "feather",
    "monsoon",
    "teapot",
    "volcano",
    "pumpkin",
    "sandal",
    "marble",
    "kitchen",
    "ferry",
    "magnet",
    "curtain",
    "puzzle",
)
_PHRASES = (
    "seven sleepy sheep crossed the street",
    "an old map led nowhere at all",
    "bright paper lanterns hung over the pier",
    "the tall tailor told a terrible tale",
    "green apples fell near the wooden fence",
    "a small boat sailed past the harbour wall",
    "the baker left a bag of barley bread",
    "cold rain rattled on the station roof",
    "every evening the bell rang eleven times",
    "my cousin keeps a collection of copper coins",
)
_TALL = (
    ("taller than", "the second tallest", "from tallest to shortest"),
    ("older than", "the second oldest", "from oldest to youngest"),
    ("faster than", "the second fastest", "from fastest to slowest"),
)


def calendar(draw: Draw) -> Question:
    """Which weekday, what time, or how many days."""
    return draw.pick((_weekday, _arrival, _days_between))(draw)


def strings(draw: Draw) -> Question:
    """Reverse a word, count a letter, or drop the vowels."""
    return draw.pick((_reverse, _letter_count, _no_vowels))(draw)


def sorting(draw: Draw) -> Question:
    """Put numbers or words in order."""
    return draw.pick((_sort_numbers, _sort_words))(draw)


def logic(draw: Draw) -> Question:
    """Four people and three clues: who comes second, or the whole order."""
    return draw.pick((_second_place, _whole_order))(draw)


def _weekday(draw: Draw) -> Question:
    start, days = draw.below(7), draw.between(9, 95)
    name = draw.pick(NAMES)

    def after(gap: int) -> Solution:
        steps = (
            f"{days} days is {days // 7} weeks and {days % 7} days",
            f"so count {days % 7} on from {_DAYS[start]}",
        )
        return Solution(_DAYS[(start + days + gap) % 7], steps)

    backwards = Solution(
        _DAYS[(start - days) % 7],
        (f"{days} days is {days // 7} weeks and {days % 7} days", "counting back from there"),
    )
    wrong = [after(gap) for gap in (-2, -1, 1, 2)] + [backwards]
    prompt = (
        f"Today is {_DAYS[start]}. {name} has an appointment in exactly {days} days. On which day of the week is it?"
    )
    return _choice("calendar", prompt, f"{days} days to count from {_DAYS[start]}", after(0), wrong, _DAYS)


def _arrival(draw: Draw) -> Question:
    leave, ride, wait = 5 * draw.between(72, 190), draw.between(65, 195), draw.between(6, 28)

    def at(minutes: int, steps: tuple[str, ...]) -> Solution:
        return Solution(_clock(minutes % 1440), steps)

    steps = (
        f"the ride takes {ride // 60} h {ride % 60} min",
        f"with the delay of {wait} minutes that is {ride + wait} minutes",
    )
    right = at(leave + ride + wait, steps)
    wrong = [
        at(leave + ride, steps[:1]),
        at(leave + ride - wait, (steps[0], f"take off the {wait} minutes")),
        at(leave + ride + wait + 60, steps),
        at(leave + ride + wait - 60, steps),
        at(leave + ride + wait + 40, steps),
        at(leave + ride + wait + 10, steps),
    ]
    prompt = (
        f"A train leaves at {_clock(leave)}. The ride takes {ride // 60} h {ride % 60} min and "
        f"there is a delay of {wait} minutes on the "
        "way. At what time (HH:MM, 24-hour clock) does it arrive?"
    )
    ride_time = f"{ride // 60} h {ride % 60} min"
    recap = f"a departure at {_clock(leave)}, a ride of {ride_time} and {wait} minutes of delay"
    return Question("calendar", prompt, {"kind": "clock", "value": right.answer}, recap, right, _others(right, wrong))


def _days_between(draw: Draw) -> Question:
    first = datetime.date(2023, 1, 1) + datetime.timedelta(days=draw.between(3, 200))
    last = first + datetime.timedelta(days=draw.between(33, 140))
    apart = (last - first).days
    rest = (datetime.date(first.year, first.month + 1, 1) - first).days - 1
    steps = (
        f"{rest} days are left in {_MONTHS[first.month - 1]} after the {first.day}{_th(first.day)}",
        f"the months in between and {last.day} days of {_MONTHS[last.month - 1]} bring it to {apart}",
    )
    thirty = 30 * (last.month - first.month) + last.day - first.day
    slips = [
        Solution(
            str(thirty),
            (
                "count every month as 30 days",
                f"{last.month - first.month} months and a difference of {last.day - first.day} days",
            ),
        ),
        Solution(str(apart + 1), (*steps[:1], "both end days count")),
        Solution(str(apart - 30), steps[:1]),
    ]
    prompt = f"In a year that is not a leap year, how many days after {_date(first)} is {_date(last)}?"
    return number_question(
        "calendar",
        prompt,
        f"the days from {_date(first)} to {_date(last)}",
        "days",
        Solution(str(apart), steps),
        slips,
    )


def _reverse(draw: Draw) -> Question:
    word = draw.pick(_WORDS)
    back = word[::-1]
    steps = (f"the letters are {', '.join(word)}", f"from the end they are {', '.join(back)}")
    swapped = [back[:i] + back[i + 1] + back[i] + back[i + 2 :] for i in range(len(back) - 1)]
    dropped = [back[:i] + back[i + 1 :] for i in range(1, len(back) - 1)]
    wrong = [Solution(text, steps[:1]) for text in [*swapped, *dropped]]
    return _string(
        f'Write the word "{word}" backwards.',
        f"{len(word)} letters to turn round",
        Solution(back, steps),
        wrong,
    )


def _no_vowels(draw: Draw) -> Question:
    first, second = draw.some(_WORDS, 2)
    both = first + second
    kept = "".join(letter for letter in both if letter not in "aeiou")
    gone = [letter for letter in both if letter in "aeiou"]
    steps = (f"joined they make {both}", f"the vowels to drop are {', '.join(gone)}")
    wrong = [both.replace(v, "") for v in "aeiou"] + [kept[:i] + kept[i + 1 :] for i in range(len(kept))]
    prompt = (
        f'Join the words "{first}" and "{second}" without a space and remove every vowel (a, e, i, o, u). What is left?'
    )
    return _string(
        prompt,
        f"{first} and {second}, joined",
        Solution(kept, steps),
        [Solution(text, steps[:1]) for text in wrong],
    )


def _letter_count(draw: Draw) -> Question:
    phrase = draw.pick(_PHRASES)
    letter = draw.pick(sorted({c for c in phrase if c != " " and phrase.count(c) >= 3}))
    parts = [f"{word} has {word.count(letter)}" for word in phrase.split() if letter in word]
    right = Solution(str(phrase.count(letter)), ("; ".join(parts), f"adding up gives {phrase.count(letter)}"))
    hits = len(parts)
    slips = [
        Solution(str(hits), (f"{hits} of the words contain it", "counting those words")),
        Solution(str(phrase.count(letter) + 1), ("going through the words one by one",)),
    ]
    prompt = f'How many times does the letter "{letter}" occur in "{phrase}"?'
    return number_question(
        "strings", prompt, f"the letter {letter} in {len(phrase.split())} words", "times", right, slips
    )


def _sort_numbers(draw: Draw) -> Question:
    numbers = draw.some([n for n in range(3, 130) if n % 10 != 0], 6)
    down = draw.chance(0.5)
    right = sorted(numbers, reverse=down)
    as_text = sorted(numbers, key=str, reverse=down)
    wrong = [[str(n) for n in as_text], [str(n) for n in right[::-1]], *_swaps([str(n) for n in right])]
    way = "largest to smallest" if down else "smallest to largest"
    ends = ("largest", "smallest") if down else ("smallest", "largest")
    step = f"the {ends[0]} is {right[0]} and the {ends[1]} is {right[-1]}"
    prompt = f"Sort these numbers from {way}: {', '.join(map(str, numbers))}."
    return _order("sorting", prompt, f"{len(numbers)} numbers, {way}", [str(n) for n in right], wrong, (step,))


def _sort_words(draw: Draw) -> Question:
    words = draw.some(_WORDS, 5)
    by_length = draw.chance(0.4)
    right = sorted(words, key=lambda w: (w[-1], w)) if by_length else sorted(words)
    wrong = [sorted(words, key=lambda w: (len(w), w)), right[::-1], *_swaps(right)]
    way = "by their last letter, and where that is the same by the whole word" if by_length else "in alphabetical order"
    prompt = (
        f"Put these words in order {way}: {', '.join(words)}."
        if by_length
        else f"Put these words {way}: {', '.join(words)}."
    )
    return _order(
        "sorting",
        prompt,
        f"{len(words)} words",
        right,
        wrong,
        (f"{right[0]} comes first and {right[-1]} comes last",),
    )


def _second_place(draw: Draw) -> Question:
    people, prompt, ask = _clues(draw)
    steps = (f"the clues put {people[0]} before everyone else", f"{people[1]} comes before {people[2]}")
    wrong = [
        Solution(people[2], (f"{people[0]} is at the top", f"{people[2]} follows")),
        Solution(people[3], steps[:1]),
        Solution(people[0], (f"nobody is ahead of {people[0]}",)),
    ]
    question = f"{prompt} Who is {ask[1]} of the four?"
    return _choice("logic", question, "four people and three clues", Solution(people[1], steps), wrong, people)


def _whole_order(draw: Draw) -> Question:
    people, prompt, ask = _clues(draw)
    question = f"{prompt} List the four {ask[2]}."
    wrong = [
        people[::-1],
        *_swaps(people),
        [people[1], people[2], people[3], people[0]],
        [people[3], *people[:3]],
    ]
    return _order(
        "logic",
        question,
        "four people and three clues",
        people,
        wrong,
        (f"{people[0]} is ahead of {people[1]}", "the other clues fix the rest"),
    )


def _clues(draw: Draw) -> tuple[list[str], str, tuple[str, str, str]]:
    """Four names in their true order, the clues in a random order, and the words of the comparison."""
    people, ask = draw.some(NAMES, 4), draw.pick(_TALL)
    clues = [f"{a} is {ask[0]} {b}." for a, b in pairwise(people)]
    return people, " ".join(draw.shuffled(clues)), ask


def _choice(
    family: str, prompt: str, recap: str, right: Solution, wrong: list[Solution], options: Sequence[str]
) -> Question:
    rule = {"kind": "choice", "value": right.answer, "options": sorted(options)}
    return Question(family, prompt, rule, recap, right, _others(right, wrong))


def _string(prompt: str, recap: str, right: Solution, wrong: list[Solution]) -> Question:
    quoted = [Solution(f'"{s.answer}"', s.steps) for s in [right, *wrong]]
    return Question(
        "strings",
        prompt,
        {"kind": "string", "value": right.answer},
        recap,
        quoted[0],
        _others(quoted[0], quoted[1:]),
    )


def _order(
    family: str, prompt: str, recap: str, right: list[str], wrong: list[list[str]], steps: tuple[str, ...]
) -> Question:
    best = Solution(", ".join(right), steps)
    return Question(
        family,
        prompt,
        {"kind": "order", "value": right},
        recap,
        best,
        _others(best, [Solution(", ".join(w), steps) for w in wrong]),
    )


def _swaps(items: list[str]) -> list[list[str]]:
    """The list with each two neighbours exchanged in turn."""
    return [[*items[:i], items[i + 1], items[i], *items[i + 2 :]] for i in range(len(items) - 1)]


def _others(right: Solution, wrong: Sequence[Solution]) -> tuple[Solution, ...]:
    return tuple(solution for solution in wrong if solution.answer != right.answer)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _date(day: datetime.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _th(day: int) -> str:
    return "th" if 10 <= day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
