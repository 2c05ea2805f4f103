"""Readers of public pairs, on made-up files of their form."""

from __future__ import annotations

import pytest

HEAD = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"


def quora(n=60, label=lambda i: i % 2):
    return HEAD + "".join(
        f'{i}\t{2 * i}\t{2 * i + 1}\thow old is number {i}\t"what is ""{i}"", old"\t{label(i)}\n' for i in range(n)
    )


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))

    def write(name, text):
        place = tmp_path / "data" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    return write


def rates(ran):
    assert ran.code == 0, ran.err
    return {row["metric"]: row["n"] for row in ran.document["results"] if row["domain"] == "overall"}


def test_quora_is_read_from_tab_separated_values_and_from_a_file_of_the_hubs_form(project, harness, data):
    data("caching/quora_duplicate_questions.tsv", quora())
    ran = harness("eval", "-t", "prompt_caching/quora-pairs", "-m", "tfidf", "--json")
    n = rates(ran)["similarity_auroc"]
    assert 2 <= n < 60  # the test part alone
    data("caching/quora_duplicate_questions.tsv", "")


def test_quora_is_read_from_a_copy_of_the_hub(project, harness, data):
    rows = "".join(f"how old is {i},what is {i} old,{i % 2}\n" for i in range(60))
    data("sentence-transformers/quora-duplicates/pair-class/train.csv", "sentence1,sentence2,label\n" + rows)
    assert rates(harness("eval", "-t", "prompt_caching/quora-pairs", "-m", "tfidf", "--json"))["similarity_auroc"] >= 2


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_langcache_pairs_are_read_from_a_copy_of_the_hub(project, harness, data, version):
    rows = "".join(f"how old is {i},what is {i} old,{i % 2}\n" for i in range(20))
    for split in ("train", "validation", "test"):
        data(f"redis/langcache-sentencepairs-{version}/all/{split}.csv", "sentence1,sentence2,label\n" + rows)
    found = rates(harness("eval", "-t", f"prompt_caching/langcache-{version}-pairs", "-m", "tfidf", "--json"))
    assert found["similarity_auroc"] == 20


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (quora().replace("is_duplicate", "same"), "is_duplicate"),
        (quora(label=lambda i: 2), "the label is 2"),
        (quora(label=lambda i: "maybe"), "maybe"),
        (quora(label=lambda i: 1), "class"),
        (HEAD + "1\t2\n", "fewer fields"),
        (HEAD, ""),
    ],
)
def test_a_file_of_another_form_is_refused_in_a_sentence(project, harness, data, text, says):
    data("caching/quora_duplicate_questions.tsv", text)
    ran = harness("eval", "-t", "prompt_caching/quora-pairs", "-m", "tfidf")
    assert says in ran.err + ran.out
    assert "Traceback" not in ran.err
    assert ran.code != 0 or says == "class"  # where all are of one class figures that need two are missing, and said
