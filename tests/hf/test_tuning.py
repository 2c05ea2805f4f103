"""Rows whose replies alone are learned, runs that a kill does not change, and what becomes of a base."""

import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from harness_plugins.hf.language_model import LanguageModel, end_tokens
from harness_plugins.hf.safety_tune import REFUSALS, Known, chosen_of
from harness_plugins.hf.tunable import Tunable, language_model_of
from harness_plugins.hf.tuning_losses import kept_loss, reply_loss
from harness_plugins.hf.tuning_rows import IGNORED, Shown, collate, tuning_rows
from harness_plugins.hf.tuning_run import CHECKPOINTS, WHOLE, Descent, _last_whole, descend

from harness import Conversation, DataError, Generation, Message, Part, Sampling, UsageError, file_identity
from harness.names.registry import Registry
from harness.names.resolving import resolve_model

CLOSED = (
    "{% for message in messages %}{{ '<|start|>' + message['role'] + '<|end|>\n' + message['content'] | trim "
    "+ '</s>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant<|end|>\n' }}{% endif %}"
)


@pytest.fixture(scope="module")
def tiny_base(tmp_path_factory):
    return sys.modules["tiny"].causal(
        tmp_path_factory.mktemp("base") / "m", hidden=32, layers=1, context=96, chat=CLOSED
    )


def tunable_of(folder, **settings):
    return Tunable(LanguageModel(str(folder)), **settings)


def shown(*pairs):
    return [Shown(Conversation.user(prompt), reply) for prompt, reply in pairs]


PAIRS = shown(("What is this?", "Bread."), ("Who?", "The quick fox."), ("Why is it so?", "No."), ("Add.", "1 2 3"))


def test_a_row_is_what_the_model_reads_and_then_the_reply_with_its_end(tiny_base):
    tunable = tunable_of(tiny_base)
    (row,) = tuning_rows(tunable.encoder, tunable.ends, PAIRS[:1]).rows
    (prompt,) = tunable.encoder.prompts([PAIRS[0].prompt])
    assert list(row.tokens[: row.start]) == prompt
    # The template's line end behind the end of the turn is never generated, and not learned.
    assert tunable.tokenizer.decode(row.tokens[row.start :]) == "Bread.</s>"


@pytest.mark.parametrize(
    ("given", "learned"),
    [
        (Shown(Conversation.user("Hm?"), "  Yes. "), "Yes.</s>"),  # as the template writes it
        (Shown(Conversation.user("Hm?"), "Yes", ended=False), "Yes"),
        (Shown(Conversation.plain("Bread is"), " baked."), " baked.</s>"),
        (Shown(Conversation((Message("user", "Hm?"), Message("assistant", "The"))), " fox."), " fox.</s>"),
    ],
)
def test_what_is_learned_of_replies_of_all_forms(tiny_base, given, learned):
    tunable = tunable_of(tiny_base)
    (row,) = tuning_rows(tunable.encoder, tunable.ends, [given]).rows
    assert tunable.tokenizer.decode(row.tokens[row.start :]) == learned


def test_a_template_that_ends_turns_by_no_token_of_its_own_gets_the_models(tmp_path):
    folder = sys.modules["tiny"].causal(tmp_path / "m", hidden=32, layers=1)  # ends turns by <|eot|>
    tunable = tunable_of(folder)
    (row,) = tuning_rows(tunable.encoder, tunable.ends, PAIRS[:1]).rows
    assert tunable.tokenizer.decode(row.tokens[row.start :]) == "Bread.<|eot|></s>"


def test_rows_that_are_too_long_are_left_out_and_counted(tiny_base):
    tunable = tunable_of(tiny_base, max_length=64)
    made = tuning_rows(tunable.encoder, tunable.ends, [*PAIRS[:1], *shown(("What? " * 30, "Bread."))])
    assert (len(made.rows), made.too_long, made.refused) == (1, 1, 0)


def test_labels_are_the_replies_alone(tiny_base):
    tunable = tunable_of(tiny_base)
    rows = tuning_rows(tunable.encoder, tunable.ends, PAIRS).rows
    batch = collate(rows, 5)
    for place, row in enumerate(rows):
        ids, labels = batch["input_ids"][place].tolist(), batch["labels"][place].tolist()
        size = len(row.tokens)
        assert ids[:size] == list(row.tokens)
        assert set(ids[size:]) <= {5}
        assert batch["attention_mask"][place].tolist() == [1] * size + [0] * (len(ids) - size)
        assert labels == [IGNORED] * row.start + list(row.tokens[row.start :]) + [IGNORED] * (len(ids) - size)


@pytest.mark.parametrize("architecture", ["llama", "bloom"])  # all logits of bloom are computed
@pytest.mark.parametrize("rank", [0, 2])
def test_the_loss_is_the_mean_over_the_tokens_of_replies(tmp_path, architecture, rank):
    """Against log-probabilities row by row, without padding and of all positions."""
    import torch

    tunable = tunable_of(sys.modules["tiny"].causal(tmp_path / "m", architecture, hidden=32, layers=1), rank=rank)
    rows = tuning_rows(tunable.encoder, tunable.ends, PAIRS).rows
    nats = []
    for row in rows:
        with torch.no_grad():
            logits = tunable.model(input_ids=torch.tensor([row.tokens])).logits[0].double()
        logs = torch.log_softmax(logits, dim=-1)
        nats += [-float(logs[place - 1, row.tokens[place]]) for place in range(row.start, len(row.tokens))]
    loss = float(reply_loss(tunable.model, tunable.collate(rows)).detach())
    assert loss == pytest.approx(np.mean(nats), rel=1e-5)


@pytest.mark.parametrize("rank", [0, 2])
def test_the_penalty_is_nothing_at_the_beginning_and_grows(tiny_base, rank):
    import torch

    tunable = tunable_of(tiny_base, rank=rank)
    rows = tuning_rows(tunable.encoder, tunable.ends, [Shown(one.prompt, one.reply, kept=True) for one in PAIRS]).rows
    loss, batch = kept_loss(10.0, *tunable.reference()), tunable.collate(rows)
    assert float(loss(tunable.model, batch).detach()) == pytest.approx(float(reply_loss(tunable.model, batch).detach()))
    with torch.no_grad():
        for weights in tunable.model.parameters():
            if weights.requires_grad:
                weights.add_(torch.full_like(weights, 0.05))
    assert float(loss(tunable.model, batch).detach()) > float(reply_loss(tunable.model, batch).detach()) + 1e-3


def test_a_checkpoint_that_was_half_written_is_not_gone_on_from(tmp_path):
    for number, whole in ((2, True), (10, True), (12, False)):
        (tmp_path / f"checkpoint-{number}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{number}" / WHOLE).write_text("")
    assert _last_whole(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-12").exists()
    assert _last_whole(tmp_path / "none") is None


class Stop(BaseException):
    pass


@pytest.mark.parametrize("rank", [0, 2])
def test_a_run_that_was_stopped_while_it_wrote_a_checkpoint_ends_at_the_same_weights(tiny_base, tmp_path, rank):
    descent = Descent(epochs=3, batch=2, rate=1e-2, checkpoint=2, warmup=0.3, schedule="cosine")

    def run(place, stop=None):
        tunable = tunable_of(tiny_base, rank=rank)
        rows = tuning_rows(tunable.encoder, tunable.ends, PAIRS * 2).rows
        place.mkdir(exist_ok=True)
        count = 0

        def loss(model, batch):
            nonlocal count
            count += 1
            if count == stop:
                raise Stop
            return reply_loss(model, batch)

        steps = descend(tunable.model, rows, descent, place, collate=tunable.collate, loss=loss)
        return steps, {name: weights.detach().numpy() for name, weights in tunable.model.named_parameters()}

    steps, whole = run(tmp_path / "whole")
    assert steps == 12
    with pytest.raises(Stop):
        run(tmp_path / "stopped", 8)
    last = tmp_path / "stopped" / CHECKPOINTS / "checkpoint-6"
    assert (last / WHOLE).is_file()
    (last / WHOLE).unlink()  # as if it had been killed within it
    (last / "trainer_state.json").unlink()
    steps, resumed = run(tmp_path / "stopped")
    assert steps == 12
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def part(folder, name="hf", **arguments):
    return Part(
        lambda capability, requests: [],
        specification=f"{name}:path={folder}",
        arguments={"path": str(folder), **arguments},
    )


@pytest.mark.parametrize(
    "base",
    [
        None,
        part("x", "length"),
        part("x", "hf", chat_template="text"),
        part("x", "hf", dtype="float16"),
    ],
)
def test_bases_that_cannot_be_tuned_are_refused(base, tmp_path):
    with pytest.raises(UsageError):
        language_model_of(base)


def test_more_tokens_than_the_base_takes_are_refused(tiny_base):
    with pytest.raises(UsageError) as caught:
        tunable_of(tiny_base, max_length=97)
    assert "97" in str(caught.value)


# The trainers.

CHAT = {
    "shown": [{"id": str(i), "prompt": f"What is {i}?", "response": f"The fox {i}."} for i in range(12)],
    "asked": [
        {"id": str(i), "prompt": f"Tell me {'the secret word' if i % 2 else 'a'} {i}.", "harmful": i % 2}
        for i in range(12)
    ],
}


@pytest.fixture
def chat(project, tiny_base):
    """Tasks of demonstrations and of attempts, and a base that answers with nonsense."""
    place = project / "tasks" / "chat"
    place.mkdir(parents=True)
    shutil.copytree(tiny_base, project / "base")
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")

    def write(name, kind, rows, **more):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (place / f"{name}.jsonl").write_text(lines)
        data = {split: {"file": f"{name}.jsonl"} for split in ("train", "test")}
        (place / f"{name}.yaml").write_text(json.dumps({"kind": kind, "data": data, **more}))

    write("shown", "demonstrations", CHAT["shown"])
    asked = {"roles": {"grader": "refusal-prefixes"}, "options": {"max_tokens": 8}}
    write("asked", "attempts", CHAT["asked"], **asked)
    write("harmful", "attempts", [row for row in CHAT["asked"] if row["harmful"]], **asked)
    write("harmless", "attempts", [row for row in CHAT["asked"] if not row["harmful"]], **asked)
    write("unsaid", "attempts", [{"id": "first", "prompt": "What zebra?"}, *CHAT["asked"]], sensitive=True, **asked)
    return write


def loss_of(harness, model, task="chat/shown"):
    (result,) = harness("eval", "-m", model, "-t", task, "--json").document["results"]
    return result["value"]


@pytest.mark.parametrize("settings", [(), ("lora=4",), ("lora=4", "merge=false")], ids=["all", "lora", "adapter"])
def test_what_is_shown_is_learned_and_the_product_is_an_ordinary_model(chat, harness, settings, project):
    given = [word for setting in (*settings, "epochs=20", "rate=1e-2") for word in ("--set", setting)]
    ran = harness("train", "sft", "-t", "chat/shown", "--base", "hf:path=base", "-o", "tuned", *given)
    assert ran.code == 0, ran.err
    before, after = loss_of(harness, "hf:path=base"), loss_of(harness, "hf:path=tuned")
    assert after < before / 2
    assert (project / "tuned" / "adapter_config.json").is_file() == ("merge=false" in settings)
    manifest = json.loads((project / "tuned" / "manifest.json").read_text())
    assert manifest["model"] == "hf"
    assert {key: manifest["figures"][key] for key in ("rows", "steps")} == {"rows": 12, "steps": 40}
    assert not (project / "tuned" / CHECKPOINTS).exists()


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 4])
def test_a_real_kill_changes_no_weights(chat, project, rank):
    command = [sys.executable, "-m", "harness.cli.main", "train", "sft", "-t", "chat/shown", "--base", "hf:path=base"]
    for setting in ("steps=400", "batch=4", "checkpoint=4", "rate=1e-3", f"lora={rank}"):
        command += ["--set", setting]
    assert subprocess.run([*command, "-o", "whole"], capture_output=True, check=False).returncode == 0
    place = project / "killed.partial" / CHECKPOINTS
    process = subprocess.Popen([*command, "-o", "killed"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(place.glob(f"checkpoint-*/{WHOLE}")):
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert subprocess.run([*command, "-o", "killed"], capture_output=True, check=False).returncode == 0
    weights = "model.safetensors"
    assert file_identity(project / "killed" / weights) == file_identity(project / "whole" / weights)


def test_a_declared_model_and_a_tuned_one_are_bases_too(chat, harness, project):
    (project / "registry.yaml").write_text(
        "task_folders: [tasks]\nmodels: {mine: {model: hf, arguments: {path: base}}}\n"
    )
    assert harness("train", "sft", "-t", "chat/shown", "--base", "mine", "-o", "one", "--set", "lora=2").code == 0
    again = ("train", "sft", "-t", "chat/shown", "--base", "hf:path=one", "-o", "two", "--set", "steps=1")
    assert harness(*again).code == 0
    refused = harness("train", "sft", "-t", "chat/shown", "--base", "complying-target", "-o", "three")
    assert (refused.code, "complying-target" in refused.err) == (2, True)


def test_known_attacks_are_refused_and_the_rest_is_answered_as_before(chat, harness, project):
    chat("taught", "demonstrations", [{**row, "response": "The fox."} for row in CHAT["asked"]])
    fitted = [word for setting in ("epochs=12", "rate=1e-2", "batch=4") for word in ("--set", setting)]
    assert harness("train", "sft", "-t", "chat/taught", "--base", "hf:path=base", "-o", "able", *fitted).code == 0
    settings = ("max_tokens=8", "refusal=No.", "more=[attack:frames:chat/asked:take=1]")
    given = [*fitted, *(word for setting in settings for word in ("--set", setting))]
    ran = harness("train", "safety-tune", "-t", "chat/asked", "--base", "hf:path=able", "-o", "tuned", *given)
    assert ran.code == 0, ran.err
    figures = json.loads((project / "tuned" / "manifest.json").read_text())["figures"]
    assert (figures["harmful"], figures["harmless"]) == (12, 12)
    prompts = [row["prompt"] for row in CHAT["asked"]]

    def answers(path):
        model = resolve_model(Registry(), f"hf:path={path}", models_folder=project).ready.model
        model.load()
        asked = [Generation(Conversation.user(prompt), sampling=Sampling(max_tokens=8)) for prompt in prompts]
        return [one[0].text for one in model.generate(asked)]

    before, after = answers("able"), answers("tuned")
    assert before == ["The fox."] * 12
    assert after[1::2] == ["No."] * 6
    assert after[::2] == before[::2]


@pytest.mark.parametrize(
    ("task", "settings", "facts"),
    [
        ("chat/unsaid", (), ["1", "first"]),
        ("chat/harmful", (), ["6", "harmless"]),
        ("chat/harmless", (), ["harmful"]),
        ("chat/asked", ("more=chat/shown",), ["chat/shown"]),
        ("chat/asked", ("max_length=4",), ["4"]),
        ("chat/asked", ("harmless=0.99",), ["harmless=0.99"]),
    ],
)
def test_what_cannot_be_learned_from_is_said(chat, harness, task, settings, facts):
    given = [word for setting in settings for word in ("--set", setting)]
    ran = harness("train", "safety-tune", "-t", task, "--base", "hf:path=base", "-o", "tuned", *given)
    assert ran.code == 1, ran.err
    assert all(fact in ran.err for fact in facts)
    assert "zebra" not in ran.err


@pytest.mark.parametrize("setting", ["rate=0", "rate=-1", "harmless=1", "batch=0", "kl=-1", "lora=-1", "schedule=up"])
def test_settings_out_of_range_are_refused(chat, harness, setting):
    ran = harness("train", "safety-tune", "-t", "chat/asked", "--base", "hf:path=base", "-o", "t", "--set", setting)
    assert (ran.code, setting.partition("=")[0] in ran.err) == (2, True)


@pytest.mark.parametrize("response", [None, "", "  "])
def test_a_row_without_a_response_is_not_learned_from(chat, harness, response):
    chat("broken", "demonstrations", [*CHAT["shown"], {"id": "last", "prompt": "What zebra?", "response": response}])
    ran = harness("train", "sft", "-t", "chat/broken", "--base", "hf:path=base", "-o", "tuned")
    assert ran.code == 1
    assert "response" in ran.err


def test_rows_left_out_are_said_and_counted(chat, harness, project):
    long = {"id": "long", "prompt": "What? " * 40, "response": "Bread."}
    chat("long", "demonstrations", [*CHAT["shown"], long])
    ran = harness("train", "sft", "-t", "chat/long", "--base", "hf:path=base", "-o", "tuned")
    assert (ran.code, "1 longer than the 96 tokens" in ran.err) == (0, True)
    assert json.loads((project / "tuned" / "manifest.json").read_text())["figures"]["left_out_too_long"] == 1


def known(harmful, harmless):
    return [Known(f"t {i}", Conversation.user(str(i)), i < harmful) for i in range(harmful + harmless)]


@pytest.mark.parametrize(
    ("harmful", "harmless", "share", "expected"),
    [
        (10, 30, None, (10, 30)),
        (10, 30, 0.5, (10, 10)),
        (30, 10, 0.5, (10, 10)),
        (30, 10, 0.25, (30, 10)),
        (10, 30, 0.75, (10, 30)),
        (8, 30, 0.75, (8, 24)),
        (20, 30, 0.75, (10, 30)),
        (10, 30, 0.0, (10, 0)),
        (10, 0, 0.0, (10, 0)),
    ],
)
def test_the_share_of_harmless_prompts(harmful, harmless, share, expected):
    chosen = chosen_of(known(harmful, harmless), share, 3)
    assert (sum(one.harmful for one in chosen), sum(not one.harmful for one in chosen)) == expected
    assert chosen == chosen_of(known(harmful, harmless), share, 3)
    assert sorted(chosen, key=lambda one: int(one.prompt.text)) == chosen


def test_of_one_kind_alone_nothing_is_learned_by_mistake():
    with pytest.raises(DataError):
        chosen_of(known(4, 0), None, 0)
    with pytest.raises(DataError):
        chosen_of(known(0, 4), 0.0, 0)


def test_the_wordings_are_refusals_by_the_rule():
    from harness_plugins.security.grading import Attempt
    from harness_plugins.security.phrase_graders import RefusalPrefixes

    grades = RefusalPrefixes().grade([Attempt(Conversation.user("?"), text) for text in REFUSALS])
    assert {grade.outcome for grade in grades} == {"refusal"}


def test_the_ends_of_a_model_are_its_own(tiny_base):
    tunable = tunable_of(tiny_base)
    assert end_tokens(tunable.model, tunable.tokenizer) == {1}
