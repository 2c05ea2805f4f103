"""What people ask, each in several wordings, for the duplicates task.

An intent is a question with slots. Its wordings mean the same for the same slots, and something else as
soon as one slot differs; so a changed slot in the same wording makes a near miss. Intents marked ``unseen``
appear in the test split only. Long because it is a bank of wordings.
"""

from __future__ import annotations

from dataclasses import dataclass

_CITIES = (
    "Lisbon",
    "Prague",
    "Oslo",
    "Vienna",
    "Dublin",
    "Naples",
    "Lyon",
    "Krakow",
    "Ghent",
    "Porto",
    "Turin",
    "Riga",
)
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight")
_TIMES = ("before", "after")
_PETS = ("cat", "dog", "rabbit", "hamster", "parrot")


@dataclass(frozen=True, slots=True)
class Intent:
    """One question: a wording, the same with its parts moved, and wordings that share few words with it."""

    base: str
    moved: str
    others: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]
    unseen: bool = False


INTENTS = (
    Intent(
        "How much does a monthly bus pass cost in {city} for {who}?",
        "In {city}, what does a monthly bus pass for {who} cost?",
        (
            "What will {who} pay for a month of public transport in {city}?",
            "Price of a 30-day travel card for {who} in {city}?",
        ),
        {"city": _CITIES, "who": ("students", "pensioners", "families", "tourists")},
    ),
    Intent(
        "Should I take this tablet {when} {meal}?",
        "{when} {meal}, is that when I should take this tablet?",
        (
            "Is the pill meant to be swallowed {when} I have had {meal}?",
            "When do I use this medicine: is {when} {meal} correct?",
        ),
        {"when": _TIMES, "meal": ("breakfast", "lunch", "dinner", "supper", "a snack", "coffee")},
    ),
    Intent(
        "How do I {verb} a bank account in {city}?",
        "In {city}, how do I {verb} a bank account?",
        (
            "What steps does a customer follow to {verb} an account with a bank in {city}?",
            "I want to {verb} my current account at a bank in {city}. How does that work?",
        ),
        {"verb": ("open", "close"), "city": _CITIES},
    ),
    Intent(
        "Can I freeze {state} {food}?",
        "{state} {food}: can I freeze it?",
        (
            "Does {food} keep in the deep freezer if it is {state}?",
            "Is it safe to put {state} {food} on ice for later?",
        ),
        {
            "food": ("rice", "fish", "chicken", "pasta", "spinach", "beef", "cabbage", "pork"),
            "state": ("cooked", "uncooked", "smoked"),
        },
    ),
    Intent(
        "Which museums in {city} are free on {day}?",
        "On {day}, which museums in {city} are free?",
        (
            "Where in {city} can I see exhibitions without paying on {day}?",
            "No entrance fee on {day}: what galleries does {city} offer?",
        ),
        {"city": _CITIES, "day": ("Sunday", "Monday", "Friday", "Saturday")},
    ),
    Intent(
        "How long should I boil a {size} egg until it is {state}?",
        "Until it is {state}, how long should I boil a {size} egg?",
        (
            "How many minutes does a {size} egg need in hot water to come out {state}?",
            "I like my {size} egg {state}. What is the cooking time?",
        ),
        {"size": ("small", "medium", "large", "duck", "goose", "quail"), "state": ("hard", "soft", "creamy")},
    ),
    Intent(
        "Is it allowed to {verb} in the parks of {city} {when} dark?",
        "{when} dark, is it allowed to {verb} in the parks of {city}?",
        (
            "May people {verb} on public lawns in {city} {when} nightfall?",
            "Do I get a fine if I {verb} in a green area of {city} {when} sunset?",
        ),
        {"verb": ("camp", "barbecue", "cycle"), "city": _CITIES, "when": _TIMES},
    ),
    Intent(
        "How do I turn {state} notifications on my {device}?",
        "On my {device}, how do I turn {state} notifications?",
        (
            "Where is the setting that switches alerts {state} on a {device}?",
            "I want my {device} to have its pop-up messages {state}. What must I press?",
        ),
        {
            "state": ("on", "off"),
            "device": (
                "phone",
                "laptop",
                "tablet",
                "watch",
                "television",
                "e-reader",
                "camera",
                "game console",
            ),
        },
    ),
    Intent(
        "What is the best way to get from {city} to {other} by {means}?",
        "By {means}, what is the best way to get from {city} to {other}?",
        (
            "How would you travel by {means} if you started in {city} and had to reach {other}?",
            "Which {means} route do you recommend, {city} being the start and {other} the end?",
        ),
        {"city": _CITIES[:6], "other": _CITIES[6:], "means": ("train", "coach", "car")},
    ),
    Intent(
        "How often should I feed a {age} {pet}?",
        "A {age} {pet}: how often should I feed it?",
        (
            "How many meals a day does a {age} {pet} need?",
            "At what intervals must a {pet} that is {age} be given food?",
        ),
        {"age": ("young", "grown"), "pet": (*_PETS, "tortoise", "pony")},
    ),
    Intent(
        "Do I need a visa to {verb} in Japan for {n} months?",
        "For {n} months in Japan, do I need a visa to {verb}?",
        (
            "What entry papers does Japan require from someone who wants to {verb} there for {n} months?",
            "Is a passport enough if I {verb} in Japan and stay {n} months?",
        ),
        {"verb": ("work", "study", "travel"), "n": _NUMBERS},
    ),
    Intent(
        "How can I remove {stain} from a {colour} shirt?",
        "From a {colour} shirt, how can I remove {stain}?",
        (
            "What gets {stain} out of {colour} clothes?",
            "My {colour} blouse has a mark of {stain} on it; how do I clean it?",
        ),
        {
            "stain": ("red wine", "ink", "grass", "coffee", "blood", "oil"),
            "colour": ("white", "black", "silk", "wool"),
        },
    ),
    Intent(
        "Why does my {thing} make a noise when I {verb}?",
        "When I {verb}, why does my {thing} make a noise?",
        (
            "What could be the reason for the sound of my {thing} every time I {verb}?",
            "I {verb} and hear my {thing} rattle. What is wrong with it?",
        ),
        {
            "thing": ("car", "bike", "scooter", "van"),
            "verb": ("brake", "accelerate", "turn left", "turn right", "go uphill"),
        },
    ),
    Intent(
        "How many {unit} of water should a person drink when it is {weather}?",
        "When it is {weather}, how many {unit} of water should a person drink?",
        (
            "What amount of fluid, in {unit}, does the body need on a {weather} day?",
            "Daily water intake in {unit} for {weather} conditions?",
        ),
        {"unit": ("glasses", "litres", "cups", "pints"), "weather": ("hot", "cold", "humid", "dry", "windy")},
    ),
    Intent(
        "Can I return a {thing} {state} the receipt?",
        "{state} the receipt, can I return a {thing}?",
        (
            "Will the shop take back a {thing} if I come {state} proof of purchase?",
            "Do they give me my money back for a {thing}, {state} the sales slip?",
        ),
        {
            "thing": ("coat", "toaster", "book", "watch", "lamp", "tent", "suitcase", "mattress", "kettle"),
            "state": ("with", "without"),
        },
    ),
    Intent(
        "Where can I {verb} a used bicycle in {city}?",
        "In {city}, where can I {verb} a used bicycle?",
        (
            "What is a good place in {city} to {verb} a second-hand bike?",
            "Any shops or markets around {city} for someone who wants to {verb} an old two-wheeler?",
        ),
        {"verb": ("buy", "sell", "rent"), "city": _CITIES},
    ),
    Intent(
        "When should I plant {crop} {place}?",
        "{place}, when should I plant {crop}?",
        (
            "What month is right for putting {crop} into the ground {place}?",
            "Best season to sow {crop} {place}?",
        ),
        {
            "crop": ("garlic", "carrots", "beans", "lettuce", "potatoes", "onions", "peas"),
            "place": ("outdoors", "in a greenhouse", "on a balcony"),
        },
    ),
    Intent(
        "How do I ask my boss for {n} {what}?",
        "{n} {what}: how do I ask my boss for that?",
        (
            "What is a polite way to tell my manager that I would like {n} {what}?",
            "I want {n} {what}. How do I bring it up at work?",
        ),
        {"n": _NUMBERS, "what": ("days off", "more hours", "fewer shifts", "weeks of leave")},
    ),
    Intent(
        "Is the {shop} in {city} open on public holidays?",
        "On public holidays, is the {shop} in {city} open?",
        (
            "Can I visit the {shop} in {city} when there is a bank holiday?",
            "Does the {city} {shop} let visitors in on days when nobody works?",
        ),
        {"shop": ("zoo", "castle", "market hall", "swimming pool", "aquarium"), "city": _CITIES},
    ),
    Intent(
        "How do I {verb} the size of a photo on {device}?",
        "On {device}, how do I {verb} the size of a photo?",
        (
            "Is there a method to {verb} the dimensions of a picture with {device}?",
            "The image has to be scaled: how can {device} {verb} its height and width?",
        ),
        {
            "verb": ("increase", "reduce", "double", "halve"),
            "device": ("a phone", "a laptop", "a tablet", "a Linux computer", "a games console"),
        },
    ),
    Intent(
        "How long does a letter from {city} to {other} take?",
        "From {city} to {other}, how long does a letter take?",
        (
            "If I post an envelope in {city}, when will it reach {other}?",
            "Number of days for mail sent to {other} out of {city}?",
        ),
        {"city": _CITIES[:6], "other": _CITIES[6:]},
    ),
    Intent(
        "What should I wear to a {season} wedding as {role}?",
        "As {role}, what should I wear to a {season} wedding?",
        (
            "Which clothes suit {role} at a marriage ceremony in {season}?",
            "Dress code for {role}, {season} wedding party?",
        ),
        {
            "season": ("summer", "winter", "spring", "autumn"),
            "role": ("a guest", "the best man", "the mother of the bride", "a witness"),
        },
    ),
    Intent(
        "Can {who} take {course} at night school?",
        "At night school, can {who} take {course}?",
        (
            "Are evening classes in {course} open to {who}?",
            "Would {who} be admitted to {course} lessons held after work?",
        ),
        {
            "who": ("beginners", "teenagers", "retired people", "foreigners"),
            "course": ("Spanish", "accounting", "pottery", "welding", "chemistry"),
        },
    ),
    Intent(
        "Is a {size} flat in {city} cheaper than one in {other}?",
        "Compared with one in {other}, is a {size} flat in {city} cheaper?",
        (
            "Does {city} have lower rents than {other} for a {size} apartment?",
            "Do {size} homes cost less in {city} than they do in {other}?",
        ),
        {"size": ("small", "large"), "city": _CITIES[:6], "other": _CITIES[6:]},
        True,
    ),
    Intent(
        "How do I train for a {race} in {n} months?",
        "In {n} months, how do I train for a {race}?",
        (
            "What exercise plan gets me ready for a {race} if I have {n} months?",
            "I have signed up for a {race} that is {n} months away. How should I prepare?",
        ),
        {"race": ("marathon", "triathlon", "half marathon", "rowing race", "ski race"), "n": _NUMBERS},
        True,
    ),
    Intent(
        "How do I teach a {age} {pet} to sleep in {place}?",
        "To sleep in {place}: how do I teach that to a {age} {pet}?",
        (
            "Is there a trick so that a {age} {pet} spends the night in {place}?",
            "My {age} {pet} will not settle in {place} when it gets dark; what kind of training helps?",
        ),
        {
            "age": ("young", "grown"),
            "pet": _PETS,
            "place": ("the kitchen", "the hall", "the shed", "its own bed"),
        },
        True,
    ),
    Intent(
        "Which side effects does the {illness} vaccine have in {who}?",
        "In {who}, which side effects does the {illness} vaccine have?",
        (
            "What reactions can {who} get from the jab against {illness}?",
            "How do {who} usually feel once they have been immunised for {illness}?",
        ),
        {
            "illness": ("flu", "measles", "tetanus", "rabies", "hepatitis"),
            "who": ("children", "adults", "older people", "pregnant women"),
        },
        True,
    ),
    Intent(
        "What time does the {which} train leave {city} on {day}?",
        "On {day}, what time does the {which} train leave {city}?",
        (
            "At what hour is the {which} rail departure out of {city}, {day} timetable?",
            "When must I be at the station in {city} for the {which} service on {day}?",
        ),
        {"which": ("first", "last"), "city": _CITIES, "day": ("Sunday", "Tuesday", "Friday")},
        True,
    ),
    Intent(
        "Is it cheaper to {verb} a {thing} or {other} it?",
        "A {thing}: is it cheaper to {verb} or {other} it?",
        (
            "Do I save money if I {verb} the {thing}, or had I better {other} it?",
            "Which costs less in the end for a {thing}, to {verb} the appliance or to {other} it?",
        ),
        {
            "thing": ("washing machine", "dishwasher", "fridge", "dryer", "piano", "lawn mower"),
            "verb": ("repair", "rent"),
            "other": ("replace", "buy"),
        },
        True,
    ),
    Intent(
        "Can I plug a {device} from {city} in at my hotel in {country}?",
        "At my hotel in {country}, can I plug in a {device} from {city}?",
        (
            "Will the sockets in {country} fit my {device}, bought in {city}?",
            "Do I need an adapter in {country} for a {device} that comes from {city}?",
        ),
        {
            "device": ("hairdryer", "shaver", "charger"),
            "city": _CITIES[:4],
            "country": ("Brazil", "Kenya", "India", "Canada"),
        },
        True,
    ),
    Intent(
        "How do I tell {who} that I {state} coming to the party?",
        "That I {state} coming to the party: how do I tell {who}?",
        (
            "What do I write to {who} to let them know that I {state} going to be at the celebration?",
            "I {state} going to attend; how should I break it to {who}?",
        ),
        {
            "who": (
                "my sister",
                "my neighbour",
                "a colleague",
                "my boss",
                "my parents",
                "my friend",
                "the host",
            ),
            "state": ("am", "am not"),
        },
        True,
    ),
    Intent(
        "What is the {extreme} temperature in {city} in {month}?",
        "In {month}, what is the {extreme} temperature in {city}?",
        (
            "What {extreme} value does the thermometer show in {city} in {month}?",
            "Taking the {extreme} reading of {month}, how many degrees does {city} have?",
        ),
        {"extreme": ("highest", "lowest"), "city": _CITIES, "month": ("January", "April", "July", "October")},
        True,
    ),
)
