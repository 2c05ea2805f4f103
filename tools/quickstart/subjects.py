"""Everyday requests, each with a bank of sentences that answer it well.

One subject is one paragraph of sentences that stand on their own, so that any few of them, in their order,
make an answer. Subjects marked ``unseen`` appear in the test split only.
Long because it is a bank of sentences.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be asked about one everyday matter, and what a good answer says."""

    noun: str
    """The matter as a noun phrase: "the houseplant"."""
    doing: str
    """The matter as a gerund: "repotting a houseplant"."""
    asks: tuple[str, ...]
    facts: tuple[str, ...]
    unseen: bool = False


SUBJECTS = (
    Subject(
        "a houseplant",
        "repotting a houseplant",
        (
            "How do I repot a houseplant?",
            "Explain how to move a plant into a bigger pot.",
            "Give me steps for repotting my fern.",
        ),
        (
            "Choose a pot about 3 cm wider than the old one.",
            "Water the plant the day before so that the root ball holds together.",
            "Loosen circling roots with your fingers.",
            "Put fresh potting soil at the bottom and set the plant at its old depth.",
            "Fill the sides and press lightly, leaving 2 cm below the rim.",
            "Keep it out of full sun for a week.",
            "Wait four weeks before you feed it.",
        ),
    ),
    Subject(
        "pancakes",
        "making pancakes",
        (
            "Give me a simple pancake recipe.",
            "How do I make fluffy pancakes?",
            "I need a recipe for breakfast pancakes for four.",
        ),
        (
            "Whisk 250 g flour with 2 teaspoons of baking powder and a pinch of salt.",
            "Beat in 2 eggs and 350 ml milk until just combined.",
            "Let the batter rest for ten minutes.",
            "Heat a lightly buttered pan over medium heat.",
            "Pour in a small ladle of batter and wait for bubbles on top.",
            "Flip once and cook for another minute.",
            "Keep the finished ones warm in the oven at 80 degrees.",
        ),
    ),
    Subject(
        "the broken heating",
        "writing to your landlord about the heating",
        (
            "Write an email to my landlord about the broken heating.",
            "Draft a message asking my landlord to repair the radiator.",
            "Help me tell my landlord that the heating has failed.",
        ),
        (
            "The heating in our flat has not worked since Monday evening.",
            "The radiators stay cold even on the highest setting.",
            "We have already checked the thermostat and bled the radiators.",
            "The rooms were down to 14 degrees this morning.",
            "Could you please send a technician by Thursday?",
            "We are at home every day after four o'clock.",
            "Please confirm the appointment by email so that we can let the technician in.",
        ),
    ),
    Subject(
        "a job interview",
        "preparing for a job interview",
        (
            "How should I prepare for a job interview?",
            "Give me advice for my first interview.",
            "What helps before an important job interview?",
        ),
        (
            "Read the advert again and note the three skills it asks for.",
            "Prepare one short story from your work for each of them.",
            "Practise your introduction aloud until it takes under two minutes.",
            "Look up the company's latest product and form an opinion on it.",
            "Write down two questions about the team.",
            "Lay out your clothes and papers the evening before.",
            "Plan to arrive fifteen minutes early.",
        ),
    ),
    Subject(
        "a bicycle tyre",
        "mending a flat bicycle tyre",
        (
            "How do I fix a flat bicycle tyre?",
            "Explain how to patch an inner tube.",
            "My bike has a puncture; what do I do?",
        ),
        (
            "Take the wheel off and lever one side of the tyre over the rim.",
            "Pull out the tube, pump it up and listen for the hiss.",
            "Roughen the spot around the hole with sandpaper.",
            "Spread a thin layer of glue and wait five minutes.",
            "Press the patch on firmly for a minute.",
            "Run your fingers inside the tyre to find the thorn or the glass.",
            "Refit the tube slightly inflated so that it does not twist.",
        ),
    ),
    Subject(
        "falling asleep",
        "falling asleep sooner",
        (
            "What can I do to fall asleep faster?",
            "Give me tips for better sleep.",
            "I lie awake for an hour every night. Any advice?",
        ),
        (
            "Go to bed at the same time every night, weekends included.",
            "Stop drinking coffee after two in the afternoon.",
            "Keep the bedroom at about 18 degrees and as dark as you can.",
            "Put your phone in another room an hour before bed.",
            "If you are awake after twenty minutes, get up and read something dull.",
            "Take a walk in daylight in the morning.",
            "Write tomorrow's worries on paper before you lie down.",
        ),
    ),
    Subject(
        "a monthly budget",
        "setting up a monthly budget",
        (
            "How do I make a monthly budget?",
            "Explain a simple way to plan my spending.",
            "Help me set up a household budget.",
        ),
        (
            "List your take-home pay and every fixed cost such as rent and insurance.",
            "Divide yearly bills by twelve and set that sum aside each month.",
            "Give food, transport and fun a limit each.",
            "Move your savings on payday, before you spend anything.",
            "Check the totals once a week for ten minutes.",
            "Keep a small buffer of 50 euros for surprises.",
            "After three months, adjust the limits to what you really spend.",
        ),
    ),
    Subject(
        "why the sky is blue",
        "understanding why the sky is blue",
        (
            "Why is the sky blue?",
            "Explain the colour of the sky to me.",
            "Can you tell me why the daytime sky looks blue?",
        ),
        (
            "Sunlight is a mixture of all colours.",
            "Air molecules scatter short wavelengths far more strongly than long ones.",
            "Blue light has a short wavelength, so it is sent in every direction.",
            "That is why blue reaches your eyes from the whole sky.",
            "Violet is scattered even more, but our eyes are less sensitive to it.",
            "At sunset the light crosses much more air.",
            "By then most of the blue is gone, and orange and red remain.",
        ),
    ),
    Subject(
        "moving to a new flat",
        "moving house",
        (
            "How do I organise moving to a new flat?",
            "Give me a checklist for moving house.",
            "What should I do in the weeks before a move?",
        ),
        (
            "Book the van four weeks ahead, since month ends fill up first.",
            "Pack books in small boxes and clothes in large ones.",
            "Write the room and the contents on two sides of every box.",
            "Redirect your post and tell the bank your new address.",
            "Photograph the meters in both flats on the day.",
            "Keep tools, chargers and one set of bedding in a separate bag.",
            "Clean the old flat after the furniture is out.",
        ),
    ),
    Subject(
        "a thank-you note",
        "thanking a colleague",
        (
            "Write a thank-you note to a colleague who covered my shift.",
            "Draft a short message to thank a coworker for taking over my shift.",
            "Help me thank my colleague for standing in for me.",
        ),
        (
            "Thank you so much for taking my shift on Friday.",
            "Because of you I could be with my daughter at the hospital.",
            "She is well again and already back at school.",
            "I heard that the evening was busy and that you stayed until ten.",
            "The handover notes you left were perfect.",
            "I would gladly take one of your weekend shifts in return.",
            "I owe you a coffee and a large piece of cake.",
        ),
    ),
    Subject(
        "vegetable soup",
        "cooking vegetable soup",
        (
            "How do I cook a good vegetable soup?",
            "Give me a recipe for vegetable soup.",
            "What goes into a simple vegetable soup?",
        ),
        (
            "Soften a chopped onion and two carrots in olive oil for eight minutes.",
            "Add a diced potato, a leek and a stick of celery.",
            "Pour in a litre of stock and add a bay leaf.",
            "Simmer for twenty minutes with the lid half on.",
            "Blend a third of it to thicken the rest.",
            "Season with salt, pepper and a squeeze of lemon.",
            "Scatter parsley on top and serve with toasted rye bread.",
        ),
    ),
    Subject(
        "a long-haul flight",
        "getting through a long flight",
        (
            "How can I make a long flight bearable?",
            "Give me tips for a twelve-hour flight.",
            "What should I do to arrive rested after a long flight?",
        ),
        (
            "Choose an aisle seat so that you can stand up every two hours.",
            "Set your watch to the new time zone when you board.",
            "Drink a glass of water an hour and go easy on wine.",
            "Bring earplugs, an eye mask and a warm layer.",
            "Eat when people at your destination would eat.",
            "Stretch your calves and ankles in your seat.",
            "Stay awake after landing until nine in the evening.",
        ),
    ),
    Subject(
        "the school trip",
        "summarising the note about the school trip",
        (
            (
                "Summarise for parents: the class goes to the science museum on 12 May; the bus "
                "leaves at 8:15, lunch is needed, costs are 14 euros."
            ),
            "Shorten this: class trip to the science museum, 12 May, bus at 8:15, bring lunch, 14 euros.",
            "Sum up the note: science museum on 12 May, departure 8:15, packed lunch, 14 euros.",
        ),
        (
            "The class visits the science museum on 12 May.",
            "The bus leaves at 8:15 from the school gate.",
            "Every child needs a packed lunch.",
            "The trip costs 14 euros per child.",
            "Children should be at school by eight that day.",
            "A raincoat is sensible, since the class walks the last part.",
            "Please pay the 14 euros before the trip.",
        ),
    ),
    Subject(
        "learning the guitar",
        "learning the guitar",
        (
            "How do I start learning the guitar?",
            "Give advice to an adult who wants to learn guitar.",
            "What is a good way to begin with the guitar?",
        ),
        (
            "Begin with the chords G, C, D and E minor.",
            "Practise for fifteen minutes a day instead of two hours on Sunday.",
            "Change between two chords slowly until it is clean.",
            "Tune the strings every time with a clip-on tuner.",
            "Learn one song that uses three chords.",
            "Sore fingertips pass after about three weeks.",
            "Use a metronome at 60 beats a minute.",
        ),
    ),
    Subject(
        "a wool jumper",
        "washing a wool jumper",
        (
            "How do I wash a wool jumper?",
            "Explain how to clean knitted wool without shrinking it.",
            "My wool jumper is dirty; how should I wash it?",
        ),
        (
            "Use cool water, at most 30 degrees.",
            "Dissolve a spoonful of wool detergent before the jumper goes in.",
            "Press it gently under water for five minutes and do not rub.",
            "Rinse with water of the same temperature.",
            "Roll it in a towel to squeeze out the water.",
            "Dry it flat, pulled into shape, away from the radiator.",
            "Turn it inside out to protect the surface.",
        ),
    ),
    Subject(
        "a dog that barks",
        "calming a dog that barks at visitors",
        (
            "My dog barks at every visitor. What can I do?",
            "Give me advice on a dog that barks at the door.",
            "How do I train my dog not to bark at guests?",
        ),
        (
            "Teach the dog to go to a mat when the bell rings.",
            "Reward every second of silence with a small treat.",
            "Ask a friend to ring ten times in a row as practice.",
            "Do not shout, since it sounds like barking along.",
            "A long walk before visitors come takes off the edge.",
            "Let guests ignore the dog until it is calm.",
            "Expect three to four weeks of daily practice.",
        ),
    ),
    Subject(
        "compost",
        "starting a compost heap",
        (
            "How do I start a compost heap?",
            "Explain composting for a small garden.",
            "Give me the basics of making compost.",
        ),
        (
            "Pick a shady spot on bare soil.",
            "Start with a layer of twigs so that air gets in.",
            "Mix one part kitchen scraps with two parts dry leaves or cardboard.",
            "Leave out meat, cheese and cooked food.",
            "Keep it as damp as a wrung-out sponge.",
            "Turn the heap with a fork every three weeks.",
            "It is ready when it is dark and smells of forest, after about nine months.",
        ),
    ),
    Subject(
        "asking for a raise",
        "asking for a raise",
        (
            "How do I ask my boss for a raise?",
            "Give me advice for a salary talk.",
            "I want more pay; how should I bring it up?",
        ),
        (
            "Ask for a meeting of its own and not in passing.",
            "Bring three results from the past year with figures.",
            "Find out what similar jobs pay in your town.",
            "Name a precise sum, about ten per cent above your goal.",
            "After you have named it, wait and let the other side speak.",
            "If the answer is no, ask what would make it a yes in six months.",
            "Confirm in writing what you agreed.",
        ),
    ),
    Subject(
        "how vaccines work",
        "understanding how vaccines work",
        (
            "How do vaccines work?",
            "Explain vaccination in simple terms.",
            "What does a vaccine do in the body?",
        ),
        (
            "A vaccine shows the immune system a harmless piece of a germ.",
            "White blood cells learn to recognise that piece.",
            "The body then makes antibodies that fit it.",
            "Memory cells stay behind for years.",
            "When the real germ arrives, they react within hours and not in days.",
            "A sore arm or mild fever is a sign of this training.",
            "Some vaccines need a booster because the memory fades.",
        ),
    ),
    Subject(
        "a birthday party",
        "planning a children's birthday party",
        (
            "Help me plan a birthday party for a seven-year-old.",
            "How do I organise a children's birthday?",
            "Give me ideas for a party with eight children.",
        ),
        (
            "Invite as many children as your child is old, plus one.",
            "Two and a half hours is long enough.",
            "Start with a treasure hunt of six clues around the garden.",
            "Serve pizza cut small and a plain chocolate cake.",
            "Have one quiet game ready, such as drawing in teams.",
            "Ask one other parent to stay.",
            "Give each guest a small plant to take home.",
        ),
    ),
    Subject(
        "a slow laptop",
        "speeding up a slow laptop",
        (
            "My laptop has become slow. What can I do?",
            "How do I speed up an old laptop?",
            "Give me steps to make my computer faster.",
        ),
        (
            "Restart it first, since weeks of sleep mode fill the memory.",
            "Open the task manager and sort the programs by memory.",
            "Turn off programs that start by themselves.",
            "Free at least 15 per cent of the disk.",
            "Blow the dust out of the fan.",
            "Replacing the hard disk with a solid-state drive helps more than anything.",
            "Install pending updates overnight.",
        ),
    ),
    Subject(
        "the cancelled order",
        "writing to a shop about a cancelled order",
        (
            "Write an email asking a shop for a refund of a cancelled order.",
            "Draft a refund request for an order that I cancelled.",
            "Help me ask an online shop for my money back.",
        ),
        (
            "I cancelled order 4471 on 3 June, one hour after placing it.",
            "Your system confirmed the cancellation the same day.",
            "The amount of 89 euros has still not been returned to my card.",
            "According to your terms, refunds take ten days.",
            "Please transfer the amount by 30 June.",
            "I attach the confirmation of the cancellation.",
            "Please let me know if you need anything else from me.",
        ),
    ),
    Subject(
        "a first 5 km run",
        "training for a first 5 km run",
        (
            "How do I train for my first 5 km run?",
            "Give me a plan to run 5 km.",
            "I want to run five kilometres without stopping. How?",
        ),
        (
            "Run three times a week with a day of rest in between.",
            "In the first week, alternate one minute of running and two of walking.",
            "Lengthen the running part by a minute every week.",
            "Go so slowly that you can still talk.",
            "Buy shoes in the evening, when your feet are larger.",
            "Walk for five minutes before and after.",
            "Most beginners get there in nine weeks.",
        ),
    ),
    Subject(
        "black mould",
        "removing mould in a bathroom",
        (
            "How do I remove mould from bathroom tiles?",
            "There is mould in my shower; what should I do?",
            "Give me advice on getting rid of bathroom mould.",
        ),
        (
            "Open the window and put on gloves.",
            "Spray the joints with strong alcohol and wait half an hour.",
            "Scrub with an old toothbrush and rinse.",
            "Replace silicone that has turned black all the way through.",
            "Wipe the tiles dry after every shower.",
            "Keep the humidity under 60 per cent.",
            "If a patch is larger than a newspaper page, call a professional.",
        ),
    ),
    Subject(
        "a picnic",
        "packing for a picnic",
        (
            "What should I bring to a picnic?",
            "Give me a packing list for a picnic.",
            "Help me plan food for a picnic in the park.",
        ),
        (
            "Bring a blanket with a waterproof side.",
            "Freeze two bottles of water and use them to cool the food.",
            "Pack wraps instead of sandwiches, as they do not fall apart.",
            "Cherry tomatoes, grapes and nuts need no cutlery.",
            "Take a knife, a board and a bag for rubbish.",
            "Put dressings in small jars.",
            "Sun cream and a deck of cards weigh almost nothing.",
        ),
        True,
    ),
    Subject(
        "tides",
        "understanding the tides",
        ("Why are there tides?", "Explain how the tides come about.", "What causes high and low tide?"),
        (
            ("The moon pulls the water on the near side of the Earth a little more strongly than the Earth itself."),
            "That raises a bulge of water towards the moon and another on the far side.",
            "The Earth turns through both bulges each day.",
            "So most coasts have two high tides, about 12 hours and 25 minutes apart.",
            "The sun adds a weaker pull.",
            "At full and new moon both act together and the tides are highest.",
            "The shape of a bay can make them much larger.",
        ),
        True,
    ),
    Subject(
        "an apology to a friend",
        "apologising to a friend",
        (
            "Write a message to say sorry to a friend whose birthday I forgot.",
            "Draft an apology for missing my friend's birthday.",
            "Help me apologise for forgetting a birthday.",
        ),
        (
            "I am sorry that I missed your birthday on Saturday.",
            "There is no excuse, I simply lost track of the week.",
            "I know that the evening mattered to you.",
            "I would love to take you to dinner at the Thai place you like.",
            "Would Wednesday or Friday suit you?",
            "Your present is wrapped and waiting on my desk.",
            "I have put the date in my calendar for good.",
        ),
        True,
    ),
    Subject(
        "tomatoes on a balcony",
        "growing tomatoes on a balcony",
        (
            "How do I grow tomatoes on my balcony?",
            "Give me tips for balcony tomatoes.",
            "Explain how to raise tomato plants in pots.",
        ),
        (
            "Use a pot of at least 15 litres for each plant.",
            "Choose the sunniest and least rainy corner.",
            "Tie the stem loosely to a stick every 20 cm.",
            "Pinch out the side shoots once a week.",
            "Water in the morning at the soil and not over the leaves.",
            "Feed every ten days once the first fruits show.",
            "Do not put the plants outside before the middle of May.",
        ),
        True,
    ),
    Subject(
        "learning vocabulary",
        "learning vocabulary for a new language",
        (
            "How do I learn vocabulary faster?",
            "Give me a method for remembering foreign words.",
            "I keep forgetting new words. What helps?",
        ),
        (
            "Learn ten words a day and not fifty.",
            "Repeat them after one day, three days and a week.",
            "Put each word into a sentence about your own life.",
            "Say it aloud before you look at the answer.",
            "Group words by situation, such as the bakery or the station.",
            "Label things at home with sticky notes.",
            "Throw out cards that you have known five times.",
        ),
        True,
    ),
    Subject(
        "the team meeting",
        "summarising the team meeting",
        (
            (
                "Summarise: the release moves to 9 October because the payment test failed; Ines "
                "fixes it by Friday; the next meeting is on Monday at ten."
            ),
            (
                "Shorten this: release moved to 9 October, payment test failed, Ines repairs it by "
                "Friday, meeting again Monday at ten."
            ),
            (
                "Sum up our meeting: failed payment test, release on 9 October, Ines on the fix "
                "until Friday, next meeting Monday at ten."
            ),
        ),
        (
            "The release moves to 9 October.",
            "The reason is that the payment test failed.",
            "Ines will repair the payment test by Friday.",
            "The team meets again on Monday at ten.",
            "Everything apart from payment is ready.",
            "The new date was agreed by the whole team.",
            "Until Friday, the repair comes before all other work.",
        ),
        True,
    ),
    Subject(
        "a squeaky door",
        "silencing a squeaky door",
        (
            "How do I stop a door from squeaking?",
            "My bedroom door squeaks. What can I do?",
            "Explain how to silence a noisy hinge.",
        ),
        (
            "Open the door and find the hinge that makes the noise.",
            "Lift the door slightly with a wedge underneath.",
            "Tap the pin out from below with a nail and a hammer.",
            "Wipe off the old grease and rub the pin with fine sandpaper.",
            "Coat it with petroleum jelly or a drop of oil.",
            "Put the pin back and move the door ten times.",
            "Lay a cloth on the floor to catch drips.",
        ),
        True,
    ),
    Subject(
        "a sourdough starter",
        "making a sourdough starter",
        (
            "How do I make a sourdough starter?",
            "Explain how to begin a sourdough culture.",
            "Give me steps for my own sourdough starter.",
        ),
        (
            "Stir 50 g wholemeal flour and 50 g lukewarm water in a jar.",
            "Cover it loosely and keep it at about 25 degrees.",
            "From the second day, throw half away and feed the rest with 50 g of each.",
            "Bubbles and a sour smell appear after three or four days.",
            "It is strong enough when it doubles within six hours.",
            "Mark the level with a rubber band.",
            "Later it can live in the fridge with one meal a week.",
        ),
        True,
    ),
)
