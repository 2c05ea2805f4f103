"""Harmless words, which the disguise ``padding`` appends to a text."""

_WORDS = """
garden morning breakfast window river mountain teacher library recipe blanket
water house school family friend story music picture summer winter
kitchen table chair flower forest ocean market village street bridge
travel holiday weather science history language project report lesson question
answer number letter paper pencil colour paint dance theatre museum
coffee bread apple orange cheese dinner lunch supper salad soup
doctor nurse farmer engineer student writer artist singer player coach
train bicycle station airport ticket journey map island beach lake
computer software website email phone camera television radio news weekend
birthday present party guest neighbour grandmother cousin children baby puppy
business company office meeting customer product service price budget plan
health exercise football tennis running walking reading writing cooking learning
"""

BENIGN_WORDS = tuple(_WORDS.split())
"""One hundred and twenty harmless words."""
