"""Marks in text that transformers wrote, and text written here as transformers writes it."""

from __future__ import annotations

import numpy as np
import pytest
from harness_plugins.watermark.evidence import evidence_of, expected_share, expected_z, flags_of
from harness_plugins.watermark.mark import Mark
from harness_plugins.watermark.writing import MarkSteering

from harness import CellError, Sampling

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

VOCABULARY, SCORED, SEQUENCES = 2000, 199, 16


@pytest.fixture(scope="module")
def model():
    """A GPT-2 of two layers with random weights, whose distributions are almost flat."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_layer=2, n_embd=64, n_head=2, n_positions=256, bos_token_id=50256, eos_token_id=None
    )
    return transformers.GPT2LMHeadModel(config).eval()


def written(model, settings):
    torch.manual_seed(1)
    prompts = torch.randint(0, VOCABULARY, (SEQUENCES, 5), generator=torch.Generator().manual_seed(2))
    out = model.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        do_sample=True,
        top_k=0,
        max_new_tokens=SCORED + 1,
        min_new_tokens=SCORED + 1,
        pad_token_id=0,
        watermarking_config=settings,
    )
    return out[:, prompts.shape[1] :]


@pytest.fixture(scope="module")
def texts(model):
    settings = transformers.WatermarkingConfig()
    return settings, written(model, settings), written(model, None)


def evidence(tokens, mark, **options):
    return [evidence_of(flags_of(row, mark, **options), mark, windows=False) for row in tokens.tolist()]


def test_a_mark_that_transformers_wrote_is_found_at_the_strength_that_theory_says(texts):
    _, marked, plain = texts
    mark = Mark(vocabulary=VOCABULARY)
    found = evidence(marked, mark, repeats=True)
    assert {one.scored for one in found} == {SCORED}
    share, z = np.mean([one.share for one in found]), np.mean([one.z for one in found])
    # A flat distribution gives 0.711 and 15.0; this one is nearly flat.
    assert expected_share(0.25, 2.0) == pytest.approx(0.711, abs=5e-4)
    assert expected_z(expected_share(0.25, 2.0), SCORED, 0.25) == pytest.approx(15.0, abs=0.05)
    assert share == pytest.approx(0.72, abs=0.02)
    assert z == pytest.approx(15.3, abs=0.7)
    assert max(one.p for one in found) < 1e-20
    unmarked = np.array([one.z for one in evidence(plain, mark)])
    assert abs(unmarked.mean()) < 1
    assert min(one.p for one in evidence(plain, mark)) > 1e-4


def test_z_is_that_of_the_detector_of_transformers_on_the_same_text(model, texts):
    settings, marked, plain = texts
    for tokens in (marked, plain):
        for repeats in (True, False):
            detector = transformers.WatermarkDetector(model.config, "cpu", settings, ignore_repeated_ngrams=not repeats)
            theirs = detector(tokens, return_dict=True).z_score
            own = [one.z for one in evidence(tokens, Mark(vocabulary=VOCABULARY), repeats=repeats)]
            assert own == theirs.tolist()


def test_z_of_texts_that_repeat_themselves_spreads_by_more_than_one_unless_repeats_are_left_out():
    random = np.random.default_rng(3)
    mark = Mark(vocabulary=VOCABULARY)
    phrases = random.integers(0, VOCABULARY, (80, 40))
    texts = torch.tensor(np.tile(phrases, 5))
    spread = {repeats: np.std([one.z for one in evidence(texts, mark, repeats=repeats)]) for repeats in (True, False)}
    assert spread[True] > 1.7
    assert spread[False] == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("scheme", "context"), [("lefthash", 1), ("selfhash", 1), ("selfhash", 3)])
def test_logits_are_changed_as_transformers_changes_them(scheme, context):
    settings = transformers.WatermarkingConfig(seeding_scheme=scheme, context_width=context, bias=1.5)
    theirs = settings.construct_processor(VOCABULARY, "cpu")
    generator = torch.Generator().manual_seed(4)
    ids = torch.randint(0, VOCABULARY, (3, 6), generator=generator)
    logits = torch.randn((3, VOCABULARY), generator=generator)
    own = logits.clone().numpy()
    rule = MarkSteering(Mark(scheme, delta=1.5, context=context, vocabulary=VOCABULARY))
    rule.steer(ids.tolist(), own)
    assert np.array_equal(own, theirs(ids, logits.clone()).numpy())
    assert not np.array_equal(own, logits.numpy())


def test_models_of_transformers_write_a_mark_as_transformers_does(model):
    from harness_plugins.hf.generation import GenerationPrompt, Generator

    class Tokenizer:
        bos_token_id = eos_token_id = None
        model_max_length = 256

        def get_added_vocab(self):
            return {}

        def decode(self, tokens, **_):
            return " ".join(map(str, tokens))

    prompts = [(5, 17, 80), (1999, 3)]
    generator = Generator(model, Tokenizer(), device="cpu", token_budget=1000, eos=(), context=256)
    rule = MarkSteering(Mark(vocabulary=VOCABULARY))
    steered = [GenerationPrompt(p, 1, Sampling(max_tokens=20), rule) for p in prompts]
    plain = [GenerationPrompt(p, 1, Sampling(max_tokens=20)) for p in prompts]
    answers = dict(generator.stream([*steered, *plain]))
    for number, prompt in enumerate(prompts):
        for index, settings in ((number, transformers.WatermarkingConfig()), (number + len(prompts), None)):
            out = model.generate(
                torch.tensor([prompt]), do_sample=False, max_new_tokens=20, pad_token_id=0, watermarking_config=settings
            )
            expected = [str(token) for token in out[0, len(prompt) :].tolist()]
            assert answers[index][0].text.split() == expected
    assert answers[0] != answers[len(prompts)]
    wrong = GenerationPrompt(prompts[0], 1, Sampling(max_tokens=2), MarkSteering(Mark(vocabulary=VOCABULARY + 1)))
    with pytest.raises(CellError):
        list(generator.stream([wrong]))
