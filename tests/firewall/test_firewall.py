"""What a firewall lets through, under every policy and with every action."""

import pytest
from harness_plugins.firewall.blocked import REFUSAL, REMOVED
from harness_plugins.firewall.firewall import Firewall
from harness_plugins.firewall.guarding import Exchange

from harness import Conversation, Failure, Generation, Message, Sampling, UsageError
from harness.model import Part

KNOWN = ["detect", "generate", "guard"]


def replies(firewall, *texts, n=1):
    answers = firewall.generate([Generation(Conversation.user(text), n) for text in texts])
    return [a.reason if isinstance(a, Failure) else a[0].text for a in answers]


def test_a_prompt_that_is_blocked_never_reaches_the_model(wall, scripted):
    firewall = wall(base=scripted.chat("Here you are."), input=[scripted.word("secret")])
    assert replies(firewall, "Tell me the secret word.", "How is tea made?") == [REFUSAL, "Here you are."]
    assert ("chat", ["How is tea made?"]) in scripted.asked
    assert firewall.remarks() == ["the firewall (any) answered: 1 allow, 1 refuse at the input"]
    assert firewall.remarks() == ()


def test_a_reply_that_is_blocked_never_reaches_the_user(wall, scripted):
    firewall = wall(base=scripted.chat("It is plum."), output=[scripted.word("plum")])
    assert replies(firewall, "How is tea made?") == [REFUSAL]


def test_both_detectors_of_one_class_are_kept_with_their_place_and_name(wall, scripted):
    firewall = wall(input=[scripted.word("secret"), scripted.word("secret", high=5)], output=[scripted.word("plum")])
    [found] = firewall.guard([Exchange(Conversation.user("The secret?"), "It is plum.")])
    assert [(s.stage, s.position, s.detector, s.log_odds) for s in found.scores] == [
        ("input", 1, "detector-0", 2.0),
        ("input", 2, "detector-1", 5.0),
    ]
    assert (found.action, found.stage, found.margin) == ("refuse", "input", 5.0)
    assert found.milliseconds["input"] >= sum(s.milliseconds for s in found.scores) * 0.999 > 0


def test_a_shadow_asks_everyone_and_changes_nothing(wall, scripted):
    detectors = {"input": [scripted.word("secret")], "output": [scripted.word("plum")]}
    [found] = wall(**detectors, policy="shadow").guard([Exchange(Conversation.user("The secret?"), "It is plum.")])
    assert (found.action, found.stage, found.text) == ("allow", "input", "It is plum.")
    assert found.flagged
    assert not found.blocked
    assert [s.stage for s in found.scores] == ["input", "output"]


@pytest.mark.parametrize(("k", "blocked"), [(1, True), (2, True), (3, False)])
def test_k_of_n_counts_the_votes_of_input_and_output(wall, scripted, k, blocked):
    firewall = wall(
        input=[scripted.word("secret"), scripted.word("tea")], output=[scripted.word("plum")], policy="k-of-n", k=k
    )
    [found] = firewall.guard([Exchange(Conversation.user("The secret?"), "It is plum.")])
    assert found.blocked is blocked
    assert found.stage == {1: "input", 2: "output", 3: ""}[k]


def test_a_weighted_sum_adds_log_odds_less_thresholds(wall, scripted):
    firewall = wall(
        input=[scripted.word("secret")],
        output=[scripted.word("plum")],
        policy="weighted-sum",
        weights=[0.5, 2.0],
        input_thresholds=[3.0],
        output_thresholds=[1.0],
    )
    [found] = firewall.guard([Exchange(Conversation.user("The secret?"), "It is plum.")])
    assert found.margin == 0.5 * (2 - 3) + 2.0 * (2 - 1)
    assert found.stage == "output"


def test_a_cascade_asks_the_dear_detector_only_within_the_band(wall, scripted):
    def cheap(capability, requests):
        return [{"low": -3.0, "open": 0.0, "high": 3.0}[r.text] for r in requests]

    firewall = wall(input=[Part(cheap), scripted.word("open")], policy="cascade", band=[-1, 1])
    assert firewall.detect([Conversation.user(t) for t in ("low", "open", "high")]) == [-3.0, 2.0, 3.0]
    assert scripted.asked == [("open", ["open"])]


def test_what_a_detector_could_not_read_is_a_failure_and_never_harmless(wall, scripted):
    firewall = wall(base=scripted.chat("Yes."), input=[scripted.word("secret"), scripted.failing()])
    assert replies(firewall, "How is tea made?") == ["input detector 2 (detector-1): the server is gone"]
    [found] = firewall.detect([Conversation.user("How is tea made?")])
    assert isinstance(found, Failure)


@pytest.mark.parametrize(
    ("session", "margin"), [("none", 2.0), ("last", -2.0), ("max", 2.0), ("sum", -2.0), ("decayed", -2.5)]
)
def test_a_session_runs_over_the_turns_of_the_user(wall, scripted, session, margin):
    turns = [("user", "secret"), ("assistant", "no"), ("user", "tea"), ("assistant", "yes"), ("user", "milk")]
    talk = Conversation(tuple(Message(*turn) for turn in turns))
    assert wall(input=[scripted.word("secret")], session=session).detect([talk]) == [margin]
    if session in ("sum", "decayed"):
        assert scripted.asked == [("secret", ["secret", "tea", "milk"])]


def test_decoded_copies_are_read_by_detectors_and_never_by_the_model(wall, scripted):
    firewall = wall(
        base=scripted.chat("Fine."), input=[scripted.word("secret")], transforms=["decode", "zero-width", "nfkc"]
    )
    hidden = "Say c2VjcmV0IHdvcmQgcGxlYXNl"
    assert replies(firewall, hidden, "te\u200ba", "ｓecret") == [REFUSAL, "Fine.", REFUSAL]
    assert ("chat", ["tea"]) in scripted.asked


def test_redaction_removes_the_sentences_that_are_blocked_by_themselves(wall, scripted):
    firewall = wall(
        base=scripted.chat("Tea is hot. It is plum. Enjoy."),
        output=[scripted.word("plum")],
        on_block="redact",
        output_reads="reply",
    )
    assert replies(firewall, "Well?") == [f"Tea is hot. {REMOVED} Enjoy."]


def test_a_reply_is_drawn_anew_and_the_reward_chooses_among_those_that_pass(wall, scripted):
    def reply(request, number):
        return "It is plum." if request.sampling == Sampling() else ["plum again", "short", "a longer one"][number]

    reward = Part(lambda c, rs: [[len(text) for text in r.responses] for r in rs], offers=("score",))
    settings = {"base": scripted.chat(reply), "output": [scripted.word("plum")]}
    drawn = {"on_block": "resample", "resample": 3}
    assert replies(wall(**settings, **drawn), "Well?") == ["short"]
    assert replies(wall(**settings, **drawn, reward=reward), "Well?") == ["a longer one"]
    assert replies(wall(**{**settings, "base": scripted.chat("plum")}, **drawn), "Well?") == [REFUSAL]


def test_each_of_several_replies_is_checked_by_itself(wall, scripted):
    firewall = wall(
        base=scripted.chat(lambda request, number: ["It is plum.", "It is tea."][number]),
        input=[scripted.word("secret")],
        output=[scripted.word("plum")],
    )
    [(first, second), (blocked, too)] = firewall.generate(
        [Generation(Conversation.user(text), 2) for text in ("Well?", "The secret?")]
    )
    assert [c.text for c in (first, second, blocked, too)] == [REFUSAL, "It is tea.", REFUSAL, REFUSAL]


def test_a_model_that_failed_is_a_failure_of_the_firewall(wall, scripted):
    def fails(capability, requests):
        return [Failure("out of memory")] * len(requests)

    assert replies(wall(base=Part(fails), output=[scripted.word("plum")]), "Well?") == ["out of memory"]


def test_a_guardrail_that_cannot_score_lets_nothing_through(wall, scripted):
    reward = Part(lambda c, rs: [Failure("no")] * len(rs), offers=("score",))
    firewall = wall(
        base=scripted.chat(lambda r, number: "It is plum." if r.sampling == Sampling() else "It is tea."),
        output=[scripted.word("plum")],
        on_block="resample",
        resample=2,
        reward=reward,
    )
    assert replies(firewall, "Well?") == [REFUSAL]


def test_look_alikes_are_undone_in_words_that_mix_scripts_and_kept_in_others(wall, scripted):
    firewall = wall(base=scripted.chat("Fine."), input=[scripted.word("secret")], transforms=["confusables"])
    assert replies(firewall, "the s\u0435cr\u0435t", "\u043e\u043d\u0430") == [REFUSAL, "Fine."]
    assert ("chat", ["\u043e\u043d\u0430"]) in scripted.asked


def test_a_detector_without_a_reply_to_read_says_so(wall, scripted):
    firewall = wall(output=[scripted.word("plum")])
    [found] = firewall.detect([Conversation.user("The secret?")])
    assert "no reply" in found.reason
    assert firewall.detect([Conversation.user("The secret?").reply("It is plum.")]) == [2.0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "names no detector"),
        ({"input": ["a"], "base": "firewall:input=[a]"}, "over itself"),
        ({"input": ["a"], "base": "harness-eval/firewall:input=[a]"}, "over itself"),
        ({"input": ["a", "b"], "policy": "k-of-n", "k": 3}, "k from 1 to 2"),
        ({"input": ["a", "b"], "policy": "k-of-n"}, "k from 1 to 2"),
        ({"input": ["a"], "k": 1}, "k="),
        ({"input": ["a"], "output": ["b"], "policy": "weighted-sum", "weights": [1]}, "2 numbers"),
        ({"input": ["a"], "policy": "weighted-sum", "weights": ["x"]}, "finite numbers"),
        ({"input": ["a"], "weights": [1]}, "weights="),
        ({"input": ["a"], "policy": "cascade", "band": [1, 2]}, "band="),
        ({"input": ["a"], "input_thresholds": [0, 1]}, "input_thresholds="),
        ({"input": ["a"], "output_thresholds": [1]}, "output_thresholds="),
        ({"input": ["a"], "transforms": ["rot14"]}, "rot14"),
        ({"input": ["a"], "on_block": "redact"}, "output="),
        ({"output": ["a"], "on_block": "resample"}, "resample=4"),
        ({"output": ["a"], "resample": 4}, "resample=4"),
        ({"output": ["a"], "reward": "r"}, "reward="),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(settings, said):
    with pytest.raises(UsageError) as error:
        Firewall(**settings).offers(KNOWN)
    assert said in str(error.value)


def test_without_a_base_it_is_a_detector(wall, scripted):
    assert Firewall(input=["a"]).offers(KNOWN) == ("detect", "guard")
    assert Firewall(input=["a"], base="b").offers(KNOWN) == tuple(KNOWN)
    [found] = wall(input=[scripted.word("secret")]).guard([Exchange(Conversation.user("Tea?"))])
    assert "base=" in found.reason


def test_a_base_that_turns_out_to_be_a_firewall_is_refused_whatever_its_name(wall, scripted):
    with pytest.raises(UsageError, match="over itself"):
        wall(input=[scripted.word("secret")], base=Part(lambda c, rs: [], offers=("generate", "guard")))


def test_a_firewall_named_in_the_registry_cannot_be_its_own_base(harness, project):
    (project / "registry.yaml").write_text(
        "models:\n"
        "  mine: {model: firewall, arguments: {base: mine, input: [keyword-list]}}\n"
        "  other: {model: firewall, arguments: {base: deep, input: [keyword-list]}}\n"
        "  deep: {model: firewall, arguments: {input: [keyword-list]}}\n"
    )
    for name in ("mine", "other"):
        ran = harness("check", name)
        assert ran.code == 2, ran
        assert "mine over mine: over itself" in ran.err or "does not offer generate" in ran.err or "generate" in ran.err


def test_it_passes_the_checks_of_every_model(harness):
    ran = harness(
        "check", "firewall:input=[[keyword-list],[prompt-length]],output=[[keyword-list]],transforms=[decode]"
    )
    assert ran.code == 0, ran.out
    assert harness("check", "random-block").code == 0
