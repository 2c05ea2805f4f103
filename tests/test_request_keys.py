"""The keys that requests are filed under: a store that was written once is read for good."""

import dataclasses

import pytest

from harness import (
    Candidates,
    Choice,
    Continuation,
    Conversation,
    Generation,
    LinearReadout,
    Message,
    Origin,
    Pair,
    Query,
    Readout,
    Sampling,
    SteeredGeneration,
    Text,
)
from harness.capabilities import CORE

PROMPT = Conversation((Message("system", "Be brief."), Message("user", "Wie heißt die Hauptstadt? 🚀 \ud83d")))
REQUESTS = {
    "score": Candidates(PROMPT, ("Paris.", "Lyon \ud83d")),
    "compare": Pair(PROMPT, "Paris.", "Lyon."),
    "embed": Text("Paris."),
    "detect": PROMPT,
    "generate": Generation(PROMPT, 2, Sampling(0.5, 0.9, 64, ("\n",), 3)),
    "steer": SteeredGeneration(PROMPT, 2, Sampling(0.5, 0.9, 64, ("\n",), 3)),
    "loglikelihood": Continuation(PROMPT, " Paris.", True),
    "next_token": Conversation.plain("Paris is"),
    "choose": Choice(PROMPT, ("Yes", "No")),
    "readout": Readout(PROMPT, LinearReadout((1, 5), (0.5, -1.0), 0.25)),
    "route": Query(PROMPT, ("a", "b")),
}
KEYS = {
    # The keys of stores that are in use. A line that no longer holds makes every answer on file be asked again.
    ("score", "content"): "126f09c2472e8f3f67888fdc7a15660b e6b14139a67fcc70f7d89267b8f413e3",
    ("score", "listwise"): "b89398d20a6f796ffbaebea0c0a3d4af e202f0ca2e01ed20b497248ebbfc8100",
    ("score", "origin"): "002d2f029abcd015cbe80853a4b4d0e8 be208caf4a8accb6f43913f1cc7b6fb3",
    ("score", "about"): "e1d8d28d7ac423d4990c8dbe6bdee86d 640e20aa8c8fedcdb400da8df92a0c31",
    ("compare", "content"): "689cda1081d1cd9e3d9ea24ecb98df3d",
    ("compare", "listwise"): "689cda1081d1cd9e3d9ea24ecb98df3d",
    ("compare", "origin"): "c8debe7d531f9b342b19475abb3a5790",
    ("compare", "about"): "8490f2a6cf232c3a2389c59b92f303e3",
    ("embed", "content"): "c3d1ac4dc20b9d0b38490a8e5e62582e",
    ("embed", "listwise"): "c3d1ac4dc20b9d0b38490a8e5e62582e",
    ("embed", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("embed", "about"): "c2ea9f8dd5ce73e439a5770813c7ea99",
    ("detect", "content"): "c3bc8f68fbaf708a4cedbfd564eb741f",
    ("detect", "listwise"): "c3bc8f68fbaf708a4cedbfd564eb741f",
    ("detect", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("detect", "about"): "0ecf83772191c5f2552e26e0980b1fa7",
    ("generate", "content"): "24e6ce1705eca773876f6aa1d33d6780",
    ("generate", "listwise"): "24e6ce1705eca773876f6aa1d33d6780",
    ("generate", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("generate", "about"): "ec716d03a5df5998590857967aa1c787",
    ("steer", "content"): "cfd7666a4d23fb281efbd17f76c2bd8d",
    ("steer", "listwise"): "cfd7666a4d23fb281efbd17f76c2bd8d",
    ("steer", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("steer", "about"): "c18b06eb24975c1184c1111526a6b148",
    ("loglikelihood", "content"): "4f2cd65c88e3b1f8c11caf7da6ed0ab1",
    ("loglikelihood", "listwise"): "4f2cd65c88e3b1f8c11caf7da6ed0ab1",
    ("loglikelihood", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("loglikelihood", "about"): "044525533d7f7bbec56e15d6d35ee8c5",
    ("next_token", "content"): "daac5fb30cbe1c89429e5c625a5eb2f2",
    ("next_token", "listwise"): "daac5fb30cbe1c89429e5c625a5eb2f2",
    ("next_token", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("next_token", "about"): "cda029fc06332b36ae9410bc52923ac6",
    ("choose", "content"): "d492c3634d8b30b8f6dd9edb6a6a1b48",
    ("choose", "listwise"): "d492c3634d8b30b8f6dd9edb6a6a1b48",
    ("choose", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("choose", "about"): "d03159b40b13928d9dafa2356932f24d",
    ("readout", "content"): "86105272291e992953ba9b2381a7cf74",
    ("readout", "listwise"): "86105272291e992953ba9b2381a7cf74",
    ("readout", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("readout", "about"): "8f338db87350ab2a4f52e45ab996e149",
    ("route", "content"): "c9679fcb8c082d845ca1e8b771d1c914",
    ("route", "listwise"): "c9679fcb8c082d845ca1e8b771d1c914",
    ("route", "origin"): "af01f9a8f448cdbf0e532d7a93dd87a8",
    ("route", "about"): "c6a887d0e9147fa934d9acc20ee00465",
}


@pytest.mark.parametrize(("name", "way"), KEYS)
def test_the_keys_on_file_are_those_they_always_were(name, way):
    (capability,) = [capability for capability in CORE if capability.name == name]
    positions = (1, 0) if name in ("score", "compare") else (0,)
    origin = Origin("suite/task", "item-7", positions, "candidate" if way == "about" else "")
    request = dataclasses.replace(REQUESTS[name], origin=origin)
    keys = capability.keys(request, listwise=way == "listwise", by_origin=way in ("origin", "about"))
    assert " ".join(key.hex() for key in keys) == KEYS[name, way]


def test_the_keys_of_every_core_capability_are_held():
    assert {name for name, _ in KEYS} == {capability.name for capability in CORE}
