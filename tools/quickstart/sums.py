"""Sums told as stories, each with its solver and the slips it invites.

Long because it is a bank: ten kinds of sum, each with its quantities, its solver and two slips side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .draw import Draw
from .questions import NAMES, Question, Solution, number_question


@dataclass(frozen=True, slots=True)
class Sum:
    """A story sum: the prompt's template, its quantities, its solver and the slips it invites."""

    template: str
    recap: str
    unit: str
    draw: Callable[[Draw], dict[str, int]]
    solve: Callable[..., Solution]
    slips: tuple[Callable[..., Solution], ...]


def arithmetic(draw: Draw) -> Question:
    """A word problem of two to four steps."""
    return _story(draw, "arithmetic", draw.pick(_ARITHMETIC))


def units(draw: Draw) -> Question:
    """A conversion between units, with one more step around it."""
    return _story(draw, "units", draw.pick(_UNITS))


def _story(draw: Draw, family: str, kind: Sum) -> Question:
    quantities = kind.draw(draw)
    words = {
        "name": draw.pick(NAMES),
        "thing": draw.pick(_THINGS),
        "place": draw.pick(_PLACES),
        "site": draw.pick(_SITES),
    }
    right = kind.solve(**quantities)
    slips = [slip(**quantities) for slip in kind.slips] + _misread(draw, kind, quantities)
    return number_question(
        family,
        kind.template.format(**quantities, **words),
        kind.recap.format(**quantities, **words),
        kind.unit,
        right,
        slips,
    )


def _misread(draw: Draw, kind: Sum, quantities: dict[str, int]) -> list[Solution]:
    """The right method on a quantity read wrongly."""
    return [kind.solve(**{**quantities, name: value + draw.pick((1, 2, 5))}) for name, value in quantities.items()]


def _done(answer: int, *steps: str) -> Solution:
    return Solution(str(answer), steps)


_THINGS = ("lamps", "notebooks", "mugs", "chairs", "plant pots", "candles", "umbrellas", "cushions")
_SITES = ("the town hall", "the old mill", "a farm by the river", "the village school", "the harbour")
_PLACES = ("the market", "a garden centre", "the corner shop", "an online shop", "a school fair")


def _shop_draw(d: Draw) -> dict[str, int]:
    a, p, b, q = d.between(3, 9), d.between(4, 14), d.between(2, 6), d.between(3, 9)
    return {"a": a, "p": p, "b": b, "q": q, "paid": (a * p + b * q) // 50 * 50 + 50}


def _shop(a: int, p: int, b: int, q: int, paid: int) -> Solution:
    cost = a * p + b * q
    return _done(
        paid - cost,
        f"{a} × {p} = {a * p} euros",
        f"{b} × {q} = {b * q} euros",
        f"the two together cost {cost} euros",
        f"{paid} - {cost} = {paid - cost}",
    )


def _shop_forgets_second(a: int, p: int, b: int, q: int, paid: int) -> Solution:
    return _done(paid - a * p, f"{a} × {p} = {a * p} euros", f"{paid} - {a * p} = {paid - a * p}")


def _shop_total_only(a: int, p: int, b: int, q: int, paid: int) -> Solution:
    return _done(a * p + b * q, f"{a} × {p} = {a * p}", f"{b} × {q} = {b * q}", f"{a * p} + {b * q} = {a * p + b * q}")


def _bake_draw(d: Draw) -> dict[str, int]:
    return {
        "trays": d.between(4, 9),
        "rolls": d.between(12, 24),
        "gift": d.between(9, 25),
        "bag": d.between(4, 8),
    }


def _bake(trays: int, rolls: int, gift: int, bag: int) -> Solution:
    made = trays * rolls
    return _done(
        (made - gift) // bag,
        f"{trays} × {rolls} = {made} rolls",
        f"{made} - {gift} = {made - gift} rolls left",
        f"{made - gift} ÷ {bag} gives {(made - gift) // bag} full bags with {(made - gift) % bag} over",
    )


def _bake_rounds_up(trays: int, rolls: int, gift: int, bag: int) -> Solution:
    left = trays * rolls - gift
    return _done(
        -(-left // bag),
        f"{trays} × {rolls} = {trays * rolls} rolls",
        f"{left} are left after the gift",
        f"{left} ÷ {bag} rounds up to {-(-left // bag)}",
    )


def _bake_forgets_gift(trays: int, rolls: int, gift: int, bag: int) -> Solution:
    made = trays * rolls
    return _done(made // bag, f"{trays} × {rolls} = {made} rolls", f"{made} ÷ {bag} is {made // bag} bags")


def _wage_draw(d: Draw) -> dict[str, int]:
    return {
        "rate": 2 * d.between(6, 12),
        "hours": d.between(30, 38),
        "extra": d.between(3, 8),
        "fee": d.between(11, 45),
    }


def _wage(rate: int, hours: int, extra: int, fee: int) -> Solution:
    plain, over = rate * hours, rate * 3 * extra // 2
    return _done(
        plain + over - fee,
        f"{hours} × {rate} = {plain} euros for normal hours",
        f"overtime pays {rate * 3 // 2} an hour, so {extra} hours bring {over} euros",
        f"{plain} + {over} - {fee} = {plain + over - fee}",
    )


def _wage_flat(rate: int, hours: int, extra: int, fee: int) -> Solution:
    total = rate * (hours + extra)
    return _done(
        total - fee,
        f"{hours} + {extra} = {hours + extra} hours",
        f"{hours + extra} × {rate} = {total} euros",
        f"{total} - {fee} = {total - fee}",
    )


def _wage_no_fee(rate: int, hours: int, extra: int, fee: int) -> Solution:
    plain, over = rate * hours, rate * 3 * extra // 2
    return _done(
        plain + over,
        f"{hours} × {rate} = {plain} euros",
        f"overtime adds {over} euros",
        f"{plain} + {over} = {plain + over}",
    )


def _tank_draw(d: Draw) -> dict[str, int]:
    return {
        "start": 10 * d.between(3, 12),
        "fill": d.between(8, 15),
        "minutes": d.between(11, 25),
        "leak": d.between(2, 6),
        "after": d.between(7, 16),
    }


def _tank(start: int, fill: int, minutes: int, leak: int, after: int) -> Solution:
    full = start + fill * minutes
    return _done(
        full - leak * after,
        f"{fill} × {minutes} = {fill * minutes} litres flow in",
        f"{start} + {fill * minutes} = {full} litres",
        f"{leak} × {after} = {leak * after} litres are lost",
        f"{full} - {leak * after} = {full - leak * after}",
    )


def _tank_forgets_start(start: int, fill: int, minutes: int, leak: int, after: int) -> Solution:
    return _tank(0, fill, minutes, leak, after)


def _tank_leaks_all_along(start: int, fill: int, minutes: int, leak: int, after: int) -> Solution:
    net = fill - leak
    return _done(
        start + net * minutes,
        f"{fill} - {leak} = {net} litres a minute",
        f"{net} × {minutes} = {net * minutes}",
        f"{start} + {net * minutes} = {start + net * minutes}",
    )


def _rule_draw(d: Draw) -> dict[str, int]:
    return {
        "a": d.between(21, 60),
        "b": d.between(6, 14),
        "c": d.between(4, 9),
        "e": d.between(2, 9),
        "f": d.between(3, 9),
    }


def _rule(a: int, b: int, c: int, e: int, f: int) -> Solution:
    return _done(
        a + b * c - e * f + a,
        f"{b} × {c} = {b * c}",
        f"{e} × {f} = {e * f}",
        f"{a} + {b * c} + {a} - {e * f} = {2 * a + b * c - e * f}",
    )


def _rule_left_to_right(a: int, b: int, c: int, e: int, f: int) -> Solution:
    return _done(
        ((a + b) * c + a - e) * f,
        f"{a} + {b} = {a + b}",
        f"{a + b} × {c} = {(a + b) * c}",
        f"going on from left to right gives {((a + b) * c + a - e) * f}",
    )


def _rule_adds_last(a: int, b: int, c: int, e: int, f: int) -> Solution:
    return _done(
        2 * a + b * c + e * f,
        f"{b} × {c} = {b * c}",
        f"{e} × {f} = {e * f}",
        f"all together that is {2 * a + b * c + e * f}",
    )


def _sale_draw(d: Draw) -> dict[str, int]:
    return {
        "price": 20 * d.between(4, 19),
        "percent": 5 * d.between(2, 8),
        "coupon": d.between(5, 18),
        "post": d.between(4, 9),
    }


def _sale(price: int, percent: int, coupon: int, post: int) -> Solution:
    cut = price * percent // 100
    return _done(
        price - cut - coupon + post,
        f"{percent}% of {price} is {cut}",
        f"{price} - {cut} = {price - cut}",
        f"{price - cut} - {coupon} = {price - cut - coupon}",
        f"{price - cut - coupon} + {post} = {price - cut - coupon + post}",
    )


def _sale_subtracts_percent(price: int, percent: int, coupon: int, post: int) -> Solution:
    return _done(
        price - percent - coupon + post,
        f"{price} - {percent} = {price - percent}",
        f"less the coupon: {price - percent - coupon}",
        f"with postage: {price - percent - coupon + post}",
    )


def _sale_forgets_post(price: int, percent: int, coupon: int, post: int) -> Solution:
    cut = price * percent // 100
    return _done(
        price - cut - coupon,
        f"{percent}% of {price} is {cut}",
        f"{price} - {cut} - {coupon} = {price - cut - coupon}",
    )


_ARITHMETIC = (
    Sum(
        "{name} goes to {place} and buys {a} {thing} at {p} euros each and {b} baskets at {q} "
        "euros each, paying with "
        "{paid} euros in cash. How many euros does {name} get back?",
        "{a} {thing} at {p}, {b} baskets at {q}, {paid} paid",
        "euros",
        _shop_draw,
        _shop,
        (_shop_forgets_second, _shop_total_only),
    ),
    Sum(
        "{name} bakes {trays} trays of {rolls} rolls, gives {gift} rolls to the neighbours and "
        "packs the rest in bags of {bag}. "
        "How many full bags are there?",
        "{trays} trays of {rolls} rolls, {gift} given away, bags of {bag}",
        "bags",
        _bake_draw,
        _bake,
        (_bake_rounds_up, _bake_forgets_gift),
    ),
    Sum(
        "{name} earns {rate} euros an hour. Last week {name} worked {hours} normal hours and "
        "{extra} hours of overtime, paid at "
        "one and a half times the rate; {fee} euros were taken off for lunch. How many euros were paid out?",
        "{rate} an hour, {hours} hours plus {extra} overtime, {fee} taken off",
        "euros",
        _wage_draw,
        _wage,
        (_wage_flat, _wage_no_fee),
    ),
    Sum(
        "A tank at {site} holds {start} litres. A pump fills it at {fill} litres a minute for "
        "{minutes} minutes; after the pump "
        "stops, it leaks {leak} litres a minute for {after} minutes. How many litres are in it then?",
        ("{start} litres, plus {fill} a minute for {minutes} minutes, minus {leak} a minute for {after} minutes"),
        "litres",
        _tank_draw,
        _tank,
        (_tank_forgets_start, _tank_leaks_all_along),
    ),
    Sum(
        "What is {a} + {b} × {c} + {a} - {e} × {f}?",
        "{a} + {b} × {c} + {a} - {e} × {f}",
        "",
        _rule_draw,
        _rule,
        (_rule_left_to_right, _rule_adds_last),
    ),
    Sum(
        "A set of {thing} costs {price} euros. {name} gets {percent}% off, then uses a coupon of "
        "{coupon} euros, and pays {post} "
        "euros for postage. How many euros does {name} pay in all?",
        "{price} euros, {percent}% off, coupon {coupon}, postage {post}",
        "euros",
        _sale_draw,
        _sale,
        (_sale_subtracts_percent, _sale_forgets_post),
    ),
)


def _walk_draw(d: Draw) -> dict[str, int]:
    return {"km": d.between(2, 9), "metres": 50 * d.between(3, 17), "laps": d.between(3, 7)}


def _walk(km: int, metres: int, laps: int) -> Solution:
    return _done(
        km * 1000 + metres * laps,
        f"{km} km = {km * 1000} metres",
        f"{metres} × {laps} = {metres * laps} metres",
        f"{km * 1000} + {metres * laps} = {km * 1000 + metres * laps}",
    )


def _walk_hundred(km: int, metres: int, laps: int) -> Solution:
    return _done(
        km * 100 + metres * laps,
        f"{km} km = {km * 100} metres",
        f"{metres} × {laps} = {metres * laps}",
        f"the sum is {km * 100 + metres * laps}",
    )


def _walk_one_lap(km: int, metres: int, laps: int) -> Solution:
    return _done(km * 1000 + metres, f"{km} km = {km * 1000} metres", f"{km * 1000} + {metres} = {km * 1000 + metres}")


def _flour_draw(d: Draw) -> dict[str, int]:
    return {"kg": d.between(2, 6), "loaves": d.between(3, 7), "grams": 25 * d.between(8, 15)}


def _flour(kg: int, loaves: int, grams: int) -> Solution:
    used = loaves * grams
    return _done(
        abs(kg * 1000 - used),
        f"{kg} kg = {kg * 1000} g",
        f"{loaves} × {grams} = {used} g",
        f"the difference is {abs(kg * 1000 - used)}",
    )


def _flour_one_loaf(kg: int, loaves: int, grams: int) -> Solution:
    return _done(kg * 1000 - grams, f"{kg} kg = {kg * 1000} g", f"{kg * 1000} - {grams} = {kg * 1000 - grams}")


def _flour_used(kg: int, loaves: int, grams: int) -> Solution:
    return _done(loaves * grams, f"{loaves} × {grams} = {loaves * grams} g")


def _speed_draw(d: Draw) -> dict[str, int]:
    return {"speed": 12 * d.between(4, 9), "minutes": 5 * d.between(3, 17), "more": d.between(3, 19)}


def _speed(speed: int, minutes: int, more: int) -> Solution:
    far = speed * minutes // 60
    return _done(
        far + more,
        f"{minutes} minutes at {speed} km/h is {speed} × {minutes} ÷ 60 = {far} km",
        f"{far} + {more} = {far + more}",
    )


def _speed_no_more(speed: int, minutes: int, more: int) -> Solution:
    far = speed * minutes // 60
    return _done(far, f"{speed} × {minutes} ÷ 60 = {far} km")


def _speed_hundred(speed: int, minutes: int, more: int) -> Solution:
    far = speed * minutes // 100
    return _done(
        far + more,
        f"{minutes} minutes is 0.{minutes:02d} hours, so about {far} km",
        f"{far} + {more} = {far + more}",
    )


def _film_draw(d: Draw) -> dict[str, int]:
    return {
        "hours": d.between(2, 5),
        "minutes": d.between(7, 52),
        "breaks": d.between(2, 4),
        "each": d.between(6, 14),
    }


def _film(hours: int, minutes: int, breaks: int, each: int) -> Solution:
    return _done(
        hours * 60 + minutes + breaks * each,
        f"{hours} hours = {hours * 60} minutes",
        f"{hours * 60} + {minutes} = {hours * 60 + minutes}",
        f"{each} minutes a break, {breaks} in all, add {breaks * each}",
        f"the total is {hours * 60 + minutes + breaks * each}",
    )


def _film_hundred(hours: int, minutes: int, breaks: int, each: int) -> Solution:
    return _done(
        hours * 100 + minutes + breaks * each,
        f"{hours} hours {minutes} minutes is {hours * 100 + minutes}",
        f"plus {breaks * each} is {hours * 100 + minutes + breaks * each}",
    )


def _film_one_break(hours: int, minutes: int, breaks: int, each: int) -> Solution:
    return _film(hours, minutes, 1, each)


_UNITS = (
    Sum(
        (
            "{name} walks {km} km to the park and then {laps} laps of {metres} metres each. How many "
            "metres is that in all?"
        ),
        "{km} km and {laps} laps of {metres} metres",
        "metres",
        _walk_draw,
        _walk,
        (_walk_hundred, _walk_one_lap),
    ),
    Sum(
        "{name} has {kg} kg of flour and wants to bake {loaves} loaves that take {grams} g each. "
        "By how many grams do what {name} "
        "has and what the loaves need differ?",
        "{kg} kg of flour, {loaves} loaves of {grams} g",
        "grams",
        _flour_draw,
        _flour,
        (_flour_one_loaf, _flour_used),
    ),
    Sum(
        "A bus drives for {minutes} minutes at a steady {speed} km/h and then covers another "
        "{more} km. How many kilometres is the "
        "whole trip?",
        "{minutes} minutes at {speed} km/h plus {more} km",
        "kilometres",
        _speed_draw,
        _speed,
        (_speed_no_more, _speed_hundred),
    ),
    Sum(
        "A concert at {site} lasts {hours} hours and {minutes} minutes of music, with {breaks} "
        "breaks of {each} minutes in between. "
        "How many minutes pass from beginning to end?",
        "{hours} h {minutes} min of music and {breaks} breaks of {each} minutes",
        "minutes",
        _film_draw,
        _film,
        (_film_hundred, _film_one_break),
    ),
)
