"""A set curated from what a real chat model wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

QUESTIONS = [
    (
        "Explain rain in at most 30 words.",
        "length_constraints:number_words",
        {"relation": "less than", "num_words": 31},
    ),
    ("Name a colour, and use the word 'sea' in your answer.", "keywords:existence", {"keywords": ["sea"]}),
    ("Describe a whale in two sentences, without any commas.", "punctuation:no_comma", {}),
]


@pytest.mark.slow
def test_samples_of_a_chat_model_are_told_right_from_wrong(chat_model, harness, write_task):
    rows = [
        {"question": question, "instructions": {"instruction_id_list": [kind], "kwargs": [settings]}}
        for question, kind, settings in QUESTIONS
    ]
    write_task(
        "demo/following",
        rows,
        kind="verifiable",
        columns={"prompt": "question", "reference": "instructions"},
        options={"checker": "instructions"},
    )
    ran = harness(
        "curate", "demo/following", "-m", chat_model, "-k", 6, "--max-tokens", 48, "-o", "curated/following", "--json"
    )
    assert ran.code == 0, ran.err
    (account,) = ran.document["generators"]
    assert account["prompts"] == 3
    assert account["kept"] + sum(account["dropped"].values()) == 3
    assert account["kept"] >= 1
    for line in Path("curated/following/data.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        replies = [row[f"response_{i}"] for i in range(1, 7)]
        assert len(set(replies)) > 3
        assert {True, False} <= set(row["scores"])
        if "rain" in row["prompt"]:
            assert [len(reply.split()) < 31 for reply in replies] == row["scores"]
            assert any("water" in reply.lower() for reply in replies)
