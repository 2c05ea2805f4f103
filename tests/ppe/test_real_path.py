"""A small sequence classifier, trained here, through every PPE task to the leaderboard beside published rows."""

import subprocess
import sys

import pytest

PLUGIN = '''
"""A reward model from any sequence classifier with one output."""

from pathlib import Path

from harness import Model, file_identity
from harness.hooks import hookimpl


class SequenceReward(Model):
    batch_size = 16
    places = ("path",)

    def __init__(self, path):
        self.path = path

    def identity(self):
        return {"weights": file_identity(Path(self.path))}

    def load(self):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(self.path)
        self._model = AutoModelForSequenceClassification.from_pretrained(self.path).eval()

    def score(self, requests):
        import torch

        scores = []
        with torch.inference_mode():
            for request in requests:
                texts = [f"{request.prompt.text} {response}" for response in request.responses]
                batch = self._tokenizer(texts, padding=True, truncation=True, max_length=96, return_tensors="pt")
                scores.append(self._model(**batch).logits[:, 0].tolist())
        return scores


@hookimpl
def register_models(register):
    register("sequence-reward", "plugin_sequence:SequenceReward", offers=("score",), description="a classifier")
'''


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Generated data laid out as the hub's; one that the classifier learns from and one that it is measured on."""
    folders = []
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp("data") / str(seed)
        command = [sys.executable, "-m", "harness_plugins.ppe.synthetic", folder, "--rows", "120", "--seed", str(seed)]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        folders.append(folder)
    return folders


@pytest.fixture(scope="module")
def classifier(data, tmp_path_factory):
    """Two hundred steps of Bradley-Terry loss on the answers that people preferred."""
    import pyarrow.parquet
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    (file,) = data[0].rglob("PPE-Human-Preference-V1/test.parquet")
    rows = pyarrow.parquet.read_table(file).to_pylist()
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = [row[name] for row in rows for name in ("prompt", "response_1", "response_2")]
    tokenizer.train_from_iterator(texts, trainers.WordLevelTrainer(vocab_size=2000, special_tokens=["[PAD]", "[UNK]"]))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(fast), num_labels=1, max_position_embeddings=128, pad_token_id=0, **size)
    model = BertForSequenceClassification(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    decisive = [row for row in rows if row["winner"] in ("model_a", "model_b")]
    for step in range(200):
        batch = [decisive[(8 * step + i) % len(decisive)] for i in range(8)]
        sides = ["response_1", "response_2"]
        good = [f"{r['prompt']} {r[sides[r['winner'] == 'model_b']]}" for r in batch]
        bad = [f"{r['prompt']} {r[sides[r['winner'] == 'model_a']]}" for r in batch]
        tokens = fast(good + bad, padding=True, truncation=True, max_length=96, return_tensors="pt")
        score = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).logits[:, 0]
        loss = -torch.nn.functional.logsigmoid(score[:8] - score[8:]).mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    folder = tmp_path_factory.mktemp("classifier")
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def test_from_weights_to_a_leaderboard_with_published_rows(harness, add_plugin, data, classifier, monkeypatch):
    add_plugin("sequence", PLUGIN)
    monkeypatch.setenv("HARNESS_DATA", str(data[1]))
    ran = harness(
        "eval", "-m", f"mine=sequence-reward:path={classifier}", "-m", "length", "-m", "random", "-t", "ppe", "--json"
    )
    results = {(r["model"], r["task"], r["metric"], r["domain"]): r for r in ran.document["results"]}
    assert not [f for f in ran.document["failures"] if f["item"] is None], ran.document["failures"][:3]
    mine = results["mine", "ppe/human-preference", "battle_accuracy", "overall"]
    assert mine["low"] > 0.5
    random = results["random", "ppe/human-preference", "battle_accuracy", "overall"]
    assert abs(random["value"] - 0.5) < 4 * random["stderr"]
    assert results["mine", "ppe/mmlu-pro", "best_of_k_accuracy", "overall"]["n"] > 100
    board = harness("leaderboard", "ppe", "--format", "json").document
    # The data are generated, so that no published row stands beside them.
    entries = {(e["model"], e.get("published", False)): e for e in board["entries"]}
    assert set(entries) == {("mine", False), ("length", False), ("random", False)}
    assert (board["generated"], board["published_left_out"]) == (True, 29)
    assert entries["mine", False]["figures"]["lowest accuracy over domains"]["low"] is not None
