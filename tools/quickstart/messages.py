"""The wordings of the detection task: what asks for a secret, and what only sounds like it.

Every wording is a template with slots: ``{secret}``, ``{firm}``, ``{deadline}``, ``{channel}`` and so on.
A list whose name ends in ``_UNSEEN`` is used by the test split only.
"""

from __future__ import annotations

SECRETS = (
    "password",
    "one-time code",
    "PIN",
    "six-digit code",
    "private key",
    "card security code",
    "recovery phrase",
    "login code",
    "security code",
    "banking PIN",
    "passcode",
    "verification code",
)
FIRMS = (
    "Quillmere Bank",
    "Pellbridge Post",
    "Orlo Cloud",
    "Tavimo",
    "Northfen Energy",
    "Halvorn Insurance",
    "Zindra Pay",
    "Brackwater Library",
    "Lumetto Mobile",
    "Castrel Air",
    "Wexlow Council",
    "Fennimar Games",
    "Duskley University",
)
DEPARTMENTS = (
    "the security team",
    "customer care",
    "the help desk",
    "accounts",
    "the fraud department",
    "IT support",
    "the service desk",
)
DEADLINES = (
    "today",
    "by noon",
    "within 24 hours",
    "before Friday",
    "by the end of the day",
    "in the next hour",
    "tonight",
)
CHANNELS = (
    "in your reply",
    "in this chat",
    "in the form below",
    "in a text to this number",
    "by answering this email",
    "in the box below",
)
GREETINGS = (
    "Hello {name},",
    "Dear customer,",
    "Hi {name},",
    "Dear {name},",
    "Good morning,",
    "Hi,",
    "Dear member,",
    "",
)
CLOSINGS = (
    "Kind regards, {department} at {firm}",
    "Thank you for your patience. {firm}",
    "Best wishes, {sender}",
    "Thanks, {sender}",
    "Sincerely, {department}",
    "Your {firm} team",
    "See you soon, {sender}",
    "",
)

# Shared by both classes: why somebody writes. None of them asks for anything secret.
CONTEXTS = (
    "We noticed a login to your {firm} account from a new device.",
    "A payment of {amount} euros is waiting on your account.",
    "Your {firm} account is being moved to a new system.",
    "Our records show an unusual attempt to sign in.",
    "Your parcel with {firm} could not be delivered.",
    "Your subscription to {firm} is about to end.",
    "There was a problem with your last transfer of {amount} euros.",
    "We are updating the security of all accounts {deadline}.",
    "Thank you for calling {firm} this morning.",
    "Your refund of {amount} euros has been approved.",
    "The new version of the {firm} app is available.",
    "Your account has been locked after three failed attempts.",
    "I am {sender} from {department} at {firm}.",
    "We received a request to change your phone number.",
)

DIRECT = (
    "Please send us your {secret} {deadline}.",
    "Reply with your {secret} to keep your account open.",
    "We need your {secret} to finish the check.",
    "Confirm your {secret} {channel}.",
    "Enter your {secret} {channel} {deadline}.",
    "To unlock the account, tell us your {secret}.",
    "Send the {secret} that you just received.",
    "Type your current {secret} here so that we can verify you.",
    "Provide your {secret} and your date of birth to release the money.",
    "What is your {secret}? We need it {deadline}.",
)
DIRECT_UNSEEN = (
    "Kindly forward the {secret} from the text message we sent you.",
    "Your {secret} is required; submit it {channel}.",
    "Read the {secret} out to our agent when he rings this afternoon.",
    "Write back with the {secret} and the case will be closed.",
)
POLITE = (
    "Would you be so kind as to share your {secret} with us? It is only a formality.",
    "If it is not too much trouble, could you let me have your {secret} {deadline}?",
    "I would be grateful if you could pass me your {secret}, so that I can sort this out for you.",
    "May I ask you for your {secret}? I will delete it right after.",
    "Could you please give me the {secret} once more? I did not catch it.",
    "It would help us a great deal to have your {secret} {deadline}.",
)
POLITE_UNSEEN = (
    "Sorry to trouble you, but I cannot go on without your {secret}; would you mind sending it over?",
    "We would appreciate it if the {secret} reached us {deadline}.",
    "Might you lend me your {secret} for a minute? I shall sign you in myself.",
)
INDIRECT = (
    "A number has just arrived on your phone. Let me know what it says.",
    "You will get a text with some digits in a moment; just pass them on to me.",
    "What do you normally type in when you sign in? I need it for the form.",
    "Take a photo of both sides of your card and send it here.",
    "Tell me the three digits on the back of your card and we are done.",
    "Copy the twelve words from your wallet and paste them {channel}.",
    "Just write down how you log in, word for word, and send it to {department}.",
    "The four numbers that you use at the cash machine are all that is missing; send them {deadline}.",
)
INDIRECT_UNSEEN = (
    "Our system texted you something. Please tell me what you got.",
    "Open your key file and paste what it contains {channel}.",
    "I only need what you enter after your user name.",
    "Say the little number beside the signature strip and the order ships {deadline}.",
    "Mum, I lost my phone. Some digits will come to yours, can you forward them?",
)

ADVICE = (
    "Never send your {secret} to anybody, even if the message looks official.",
    "Choose a long {secret} and do not use it twice.",
    "If someone asks you for your {secret}, hang up and call {firm} yourself.",
    "Do not write your {secret} on paper near the computer.",
    "A stranger who needs your {secret} {deadline} is a fraud.",
    "Change your {secret} if you think that others know it.",
    "Cover the keys when you enter your {secret} at the machine.",
    "Scammers say: send us your {secret} or lose your account. Do not fall for it.",
)
ADVICE_UNSEEN = (
    "Teach older relatives that nobody honest needs their {secret}.",
    "Keep the {secret} in a password manager and away from chats.",
    "Think twice before you type a {secret} into a page that you reached through a link.",
)
NEVER_ASK = (
    "We will never ask you for your {secret}.",
    "Remember that {firm} does not need your {secret}, not by phone and not by email.",
    "Nobody from {department} will request your {secret}.",
    "Our staff cannot see your {secret} and have no reason to ask for it.",
    "If a caller wants your {secret}, it is not us.",
)
NEVER_ASK_UNSEEN = (
    "A message that wants your {secret} does not come from {firm}; please report it.",
    "For your safety, keep your {secret} to yourself, even when you talk to us.",
)
NOTICE = (
    "Your {secret} was changed this morning. If that was you, there is nothing to do.",
    "Your {secret} has expired; set a new one in the app when you next sign in.",
    "We have sent a new {secret} to your home address.",
    "You asked us to reset your {secret}. Open the app and choose a new one.",
    "Your {secret} is {digits}. It is valid for ten minutes; do not share it.",
    "{digits} is your {secret} for {firm}. Do not send it to anyone.",
    "The reset of your {secret} is complete.",
)
NOTICE_UNSEEN = (
    "Use {digits} as your {secret} to sign in to {firm}. Our staff will not want to know it.",
    "Too many wrong entries of your {secret}: please visit a branch with your passport.",
)
REQUEST = (
    "Please confirm your delivery address {channel}.",
    "Could you send me the minutes of the meeting {deadline}?",
    "Please reply with a time that suits you for a call.",
    "We need a copy of the invoice to finish the check.",
    "Tell us which colour you prefer and we will ship it {deadline}.",
    "Could you let me have the number of the meeting room, or shall I ask at reception?",
    "Please enter your meter reading {channel} {deadline}.",
    "Would you be so kind as to fill in the survey? It takes two minutes.",
    "Reply with your order number to keep the reservation open.",
    "Please send us your date of birth and your customer number to finish the form.",
)
REQUEST_UNSEEN = (
    "Write back with the size of your shoes and the order ships {deadline}.",
    "May I ask you for your postcode? I will add it to the ticket.",
    "Sorry to trouble you, but would you mind sending over the slides?",
)
ORDINARY = (
    "Lunch on Thursday? I found a place with good dumplings.",
    "The library book that you ordered has arrived.",
    "I have pasted the photos of the trip into the shared folder.",
    "The train was late again, so start without me.",
    "The key to the shed is under the blue pot, as always.",
    "Our code review moved to three o'clock.",
    "The team won by two points, and everybody lost their voice.",
    "Your bill of {amount} euros is ready in the app.",
    "Grandma's card arrived with a five-euro note in it.",
    "The private concert is sold out, but there are seats on Sunday.",
    "The puzzle on page four has a secret word that I cannot find.",
)
ORDINARY_UNSEEN = (
    "The new bank branch opens tomorrow with free coffee.",
    "I forgot my own password again and had to laugh.",
    "The phone rang just as the cake came out of the oven.",
)

# Padding, shared by both classes: what firms write, and what friends and colleagues write.
FILLER = (
    "We have been working hard to make our service better for you.",
    "Many customers have told us how much they like the new app.",
    "Our branches are open from nine to five.",
    "You can find the latest news on our website.",
    "As you may have read, the rules for online payments have changed.",
    "This step protects you and your family.",
    "We value your trust and have served you for many years.",
    "The change applies to all private customers.",
    "Our lines are busy at the moment, so please bear with us.",
    "No fees will be charged for this.",
    "Please do not be alarmed, such checks are routine.",
    "If you have more than one account, this letter covers all of them.",
    "Keep this message for your records.",
    "The weather has delayed some of our deliveries.",
    "You may also be interested in our savings plan.",
)
CASUAL_CONTEXTS = (
    "It was good to see you on Sunday.",
    "I am on the train, so this will be short.",
    "Sorry for the late answer.",
    "I hope the move went well.",
    "Just a quick one before my meeting.",
    "How is the new job?",
    "Thanks again for your help last week.",
    "It is {sender}, writing from a new number.",
)
CASUAL_FILLER = (
    "The children say hello.",
    "It has been raining here for days.",
    "I will be back on Thursday.",
    "Work is busy, but I cannot complain.",
    "The cat has found a new place to sleep.",
    "Let us have a coffee soon.",
    "My battery is nearly empty.",
    "I still owe you a dinner.",
    "The printer is broken again, of course.",
    "By the way, the garden looks lovely now.",
)
CASUAL_GREETINGS = ("Hi {name},", "Hey {name},", "Hello {name},", "Hi there,", "Dear {name},", "")
CASUAL_CLOSINGS = (
    "Best wishes, {sender}",
    "Thanks, {sender}",
    "See you soon, {sender}",
    "{sender}",
    "Love, {sender}",
    "",
)
