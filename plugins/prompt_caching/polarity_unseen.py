"""Pairs of prompts that were written by somebody who had not read the gates: the held-out part of the polarity suite.

Each row of :data:`APART` is two prompts that look alike and must NOT share a response; each row of :data:`TOGETHER` is
one thing put twice, so that one response serves both. The rows were written, and put under version control, before the
code of the gates was opened, and no rule of a gate may be derived from them: a row that a gate gets wrong stays
here as it is. Each row names its kind, so that the share of false hits can be said by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

APART: tuple[tuple[str, str, str], ...] = (
    ("on and off", "how do I switch on dark mode in the mail app", "how do I switch off dark mode in the mail app"),
    ("on and off", "turn the porch light on", "turn the porch light off"),
    ("on and off", "enable two-factor login for my account", "disable two-factor login for my account"),
    ("on and off", "how can I mute a channel", "how can I unmute a channel"),
    ("on and off", "activate my new bank card", "deactivate my new bank card"),
    ("on and off", "subscribe me to the weekly digest", "unsubscribe me from the weekly digest"),
    ("before and after", "should I take this tablet before meals", "should I take this tablet after meals"),
    ("before and after", "what did Lincoln do before the civil war", "what did Lincoln do after the civil war"),
    ("before and after", "can I cancel my order before it ships", "can I cancel my order after it ships"),
    ("before and after", "stretching exercises prior to a run", "stretching exercises following a run"),
    ("before and after", "what happens until the contract ends", "what happens once the contract ends"),
    ("numbers", "how many calories are in 2 boiled eggs", "how many calories are in 3 boiled eggs"),
    ("numbers", "who won the world cup in 2014", "who won the world cup in 2018"),
    ("numbers", "set a timer for fifteen minutes", "set a timer for fifty minutes"),
    ("numbers", "what is 15 percent of 240", "what is 25 percent of 240"),
    ("numbers", "read me chapter four of the manual", "read me chapter five of the manual"),
    ("numbers", "what happened in the first world war", "what happened in the second world war"),
    ("numbers", "convert 1.5 litres to cups", "convert 15 litres to cups"),
    ("names", "what is the capital of Slovenia", "what is the capital of Slovakia"),
    ("names", "what time is it in Sydney", "what time is it in Lisbon"),
    ("names", "how do I install numpy", "how do I install pandas"),
    ("names", "flights from Boston to Denver tomorrow", "flights from Boston to Dallas tomorrow"),
    ("names", "who plays Ron in harry potter", "who plays Draco in harry potter"),
    ("names", "what is the exchange rate of the euro", "what is the exchange rate of the yen"),
    ("names", "remind me on monday to call mum", "remind me on thursday to call mum"),
    ("units", "how tall is mount fuji in feet", "how tall is mount fuji in metres"),
    ("units", "how far is the moon in miles", "how far is the moon in kilometres"),
    ("units", "what is 20 degrees celsius in fahrenheit", "what is 20 degrees celsius in kelvin"),
    ("units", "how much does a litre of milk weigh in grams", "how much does a litre of milk weigh in ounces"),
    ("units", "what is my balance in dollars", "what is my balance in pounds"),
    ("negation", "foods that are safe for cats", "foods that are not safe for cats"),
    ("negation", "which birds can fly", "which birds can't fly"),
    ("negation", "recipes with nuts", "recipes without nuts"),
    ("negation", "why is my order eligible for a refund", "why is my order ineligible for a refund"),
    ("negation", "countries that have joined nato", "countries that have never joined nato"),
    ("negation", "list the files tracked by git", "list the files not tracked by git"),
    ("question word", "who discovered penicillin", "when was penicillin discovered"),
    ("question word", "where was the telephone invented", "who invented the telephone"),
    ("question word", "when does the museum open", "why does the museum open"),
    ("question word", "where is my parcel", "when is my parcel coming"),
    ("question word", "who painted guernica", "why was guernica painted"),
    ("question word", "how many people live in oslo", "which people live in oslo"),
    (
        "comparison",
        "which is the largest planet in the solar system",
        "which is the smallest planet in the solar system",
    ),
    ("comparison", "cheapest hotel near the station", "most expensive hotel near the station"),
    ("comparison", "is copper heavier than iron", "is copper lighter than iron"),
    ("comparison", "show rooms for at least four guests", "show rooms for at most four guests"),
    ("comparison", "who scored more than 30 goals", "who scored fewer than 30 goals"),
    ("comparison", "what is the maximum dose for adults", "what is the minimum dose for adults"),
    ("opposites", "how do I lock my phone", "how do I unlock my phone"),
    ("opposites", "how do I raise my credit limit", "how do I lower my credit limit"),
    ("opposites", "how do I upload a photo", "how do I download a photo"),
    ("opposites", "what are the advantages of solar power", "what are the drawbacks of solar power"),
    ("opposites", "how do I deposit cash at a machine", "how do I withdraw cash at a machine"),
    ("opposites", "how can I gain weight", "how can I lose weight"),
    ("opposites", "sort the table in ascending order", "sort the table in descending order"),
    ("opposites", "when does the sun rise tomorrow", "when does the sun set tomorrow"),
    ("opposites", "how do I encrypt a folder", "how do I decrypt a folder"),
    ("roles", "translate this from french to german", "translate this from german to french"),
    ("roles", "who did ali beat in the final", "who beat ali in the final"),
    ("roles", "convert euros into dollars", "convert dollars into euros"),
    ("roles", "why do dogs chase cats", "why do cats chase dogs"),
    ("roles", "is python faster than java", "is java faster than python"),
    ("roles", "train from leeds to york", "train from york to leeds"),
    ("roles", "how much does tom owe me", "how much do i owe tom"),
)
"""Family, prompt in the cache, and new prompt: look-alikes that must not share a response."""
TOGETHER: tuple[tuple[str, str, str], ...] = (
    ("on and off", "how do I switch on dark mode in the mail app", "how can I turn on dark mode in the mail app"),
    ("on and off", "turn the porch light on", "switch on the porch light please"),
    ("on and off", "enable two-factor login for my account", "turn on two-factor login for my account"),
    ("on and off", "how can I mute a channel", "what's the way to silence a channel"),
    ("on and off", "deactivate my bank card", "please disable my bank card"),
    ("on and off", "unsubscribe me from the weekly digest", "stop sending me the weekly digest"),
    ("before and after", "should I take this tablet before meals", "do I need to take this tablet before eating"),
    ("before and after", "what did Lincoln do before the civil war", "what was Lincoln doing prior to the civil war"),
    ("before and after", "can I cancel my order after it ships", "is it possible to cancel my order after shipping"),
    ("before and after", "stretching exercises following a run", "stretches to do after a run"),
    ("before and after", "what happens once the contract ends", "what happens after the contract ends"),
    ("numbers", "how many calories are in 2 boiled eggs", "how many calories do two boiled eggs have"),
    ("numbers", "who won the world cup in 2014", "which team won the 2014 world cup"),
    ("numbers", "set a timer for fifteen minutes", "set a 15 minute timer"),
    ("numbers", "what is 15 percent of 240", "what's 15% of 240"),
    ("numbers", "read me chapter four of the manual", "please read chapter 4 of the manual to me"),
    ("numbers", "what happened in the second world war", "what happened in world war 2"),
    ("numbers", "how many people live in a city of 1,000 houses", "how many people live in a city of 1000 houses"),
    ("names", "what is the capital of Slovenia", "Slovenia's capital city is what"),
    ("names", "what time is it in Sydney", "tell me the current time in Sydney"),
    ("names", "how do I install numpy", "how to install numpy"),
    ("names", "flights from Boston to Denver tomorrow", "show me tomorrow's flights from Boston to Denver"),
    ("names", "who plays Ron in harry potter", "which actor plays Ron in harry potter"),
    ("names", "what is the population of the United States", "what is the population of the USA"),
    ("names", "remind me on monday to call mum", "set a reminder to call mum on monday"),
    ("units", "how tall is mount fuji in metres", "what is the height of mount fuji in metres"),
    ("units", "how far is the moon in kilometres", "distance to the moon in km"),
    ("units", "what is 20 degrees celsius in fahrenheit", "convert 20 celsius to fahrenheit"),
    ("units", "how much does a litre of milk weigh in grams", "weight in grams of one litre of milk"),
    ("units", "what is my balance in dollars", "how many dollars do I have in my account"),
    ("negation", "foods that are not safe for cats", "foods that are unsafe for cats"),
    ("negation", "which birds can't fly", "which birds cannot fly"),
    ("negation", "recipes without nuts", "nut-free recipes"),
    ("negation", "why doesn't my printer work", "why is my printer not working"),
    ("negation", "list the files not tracked by git", "show me the untracked files in git"),
    ("negation", "which countries have never joined nato", "which countries did not ever join nato"),
    ("question word", "who discovered penicillin", "what is the name of the person who discovered penicillin"),
    ("question word", "when was penicillin discovered", "in what year was penicillin discovered"),
    ("question word", "where is my parcel", "what is the location of my parcel"),
    ("question word", "who invented the telephone", "the telephone was invented by whom"),
    ("question word", "when does the museum open", "what time does the museum open"),
    ("question word", "how come the sky is blue", "why is the sky blue"),
    ("comparison", "which is the largest planet in the solar system", "what is the biggest planet in the solar system"),
    ("comparison", "cheapest hotel near the station", "lowest priced hotel near the station"),
    ("comparison", "is copper heavier than iron", "does copper weigh more than iron"),
    ("comparison", "show rooms for at least four guests", "show rooms for four guests or more"),
    ("comparison", "what is the maximum dose for adults", "what's the highest dose for adults"),
    ("opposites", "how do I unlock my phone", "how can I get my phone unlocked"),
    ("opposites", "how do I raise my credit limit", "how do I increase my credit limit"),
    ("opposites", "how do I upload a photo", "how can a photo be uploaded"),
    ("opposites", "what are the drawbacks of solar power", "what are the disadvantages of solar power"),
    ("opposites", "how do I withdraw cash at a machine", "how can I take out cash at a machine"),
    ("opposites", "how can I lose weight", "what is a good way to lose weight"),
    ("opposites", "sort the table in descending order", "sort the table from highest to lowest"),
    ("opposites", "when does the sun set tomorrow", "what time is sunset tomorrow"),
    ("opposites", "how do I encrypt a folder", "steps to encrypt a folder"),
    ("roles", "translate this from french to german", "put this french text into german"),
    ("roles", "who beat ali in the final", "ali lost the final to whom"),
    ("roles", "convert euros into dollars", "change euros to dollars"),
    ("roles", "why do dogs chase cats", "why are cats chased by dogs"),
    ("roles", "is python faster than java", "does python run faster than java"),
    ("roles", "train from leeds to york", "trains to york from leeds"),
    ("roles", "how much do i owe tom", "what amount do i owe tom"),
)
"""Family, prompt in the cache, and new prompt: one thing put twice."""


def unseen(split: str) -> Iterator[Mapping[str, Any]]:
    """Yield the pairs; there is the split ``test`` alone, for nothing may be learnt from them.

    >>> rows = list(unseen("test"))
    >>> len(rows), sum(row["label"] for row in rows)
    (127, 63)
    """
    for label, pairs in enumerate((APART, TOGETHER)):
        for k, (family, first, second) in enumerate(pairs):
            yield {
                "id": f"{split}/{family.replace(' ', '-')}/{label}/{k}",
                "first": first,
                "second": second,
                "label": label,
                "family": family,
                "group": f"unseen {family}",
            }
