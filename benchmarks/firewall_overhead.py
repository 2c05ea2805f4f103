"""What a firewall adds to a model that takes no time: milliseconds a request, with and without its detectors.

Run: python benchmarks/firewall_overhead.py [--requests 2000]
Baseline: the same model without a firewall, and its three detectors by themselves, in the same process, asked the same
way: through a store, each answer of each of them is filed in a transaction of its own.
Limit: 1 ms a request without the detectors, with a store and without one, one by one and in batches.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness_plugins.firewall.controls import NeverBlock, RandomBlock
from harness_plugins.firewall.firewall import Firewall

from harness import Completion, Conversation, Generation, Model, Part
from harness.names.registry import Registry
from harness.names.resolving import resolve_model
from harness.running import Runner
from harness.store import Store

WALL = "firewall:base=instant,input=[[never-block],[random-block:share=0]],output=[[random-block:share=0,seed=1]]"
DETECTORS = ("never-block", "random-block:share=0", "random-block:share=0,seed=1")
SETTINGS = {"plain": "", "with transforms": ",transforms=[nfkc,confusables,zero-width,decode]"}
PLUGIN = """
from harness import hookimpl

@hookimpl
def register_models(register):
    register("instant", "firewall_overhead:Instant", offers=("generate",), description="answers at once")
"""


class Instant(Model):
    """Answers at once."""

    batch_size = 256

    def generate(self, requests: Sequence[Generation]) -> list[Any]:
        """Return the same reply to everything."""
        return [(Completion("Pour boiling water over the leaves, and wait."),) * r.n for r in requests]


def requests(n: int, turn: int) -> list[Generation]:
    """Return prompts of some 60 words that no earlier turn asked."""
    words = " ".join(["how is tea made in a house without a kettle"] * 6)
    return [Generation(Conversation.user(f"{words}, question {turn}-{i}?")) for i in range(n)]


def bare_part(model: Model) -> Part:
    """Wrap a model so that it is asked directly, without a store."""
    offers = tuple(model.offers(["detect", "generate", "guard"]))
    return Part(lambda capability, asked: getattr(model, capability)(list(asked)), offers=offers)


def without_store(settings: str) -> Model:
    """Return the firewall with parts that are asked directly."""
    names = [name for name in ("nfkc", "confusables", "zero-width", "decode") if name in settings]
    wall = Firewall(base="instant", input=["a", "b"], output=["c"], transforms=names)
    wall.offers(["detect", "generate", "guard"])
    wall.parts = {
        "base": bare_part(Instant()),
        "input": [bare_part(NeverBlock()), bare_part(RandomBlock(0.0))],
        "output": [bare_part(RandomBlock(0.0, 1))],
    }
    wall.load()
    return wall


def milliseconds(ask: Callable[[list[Generation]], object], n: int, batch: int, turn: int) -> tuple[float, float]:
    """Return the milliseconds a request of n requests in batches: on the clock, and of the processor."""
    asked = requests(n, turn)
    begun, used = time.perf_counter(), time.process_time()
    for start in range(0, n, batch):
        ask(asked[start : start + batch])
    return 1000 * (time.perf_counter() - begun) / n, 1000 * (time.process_time() - used) / n


def compared(ways: Sequence[Callable[..., object]], n: int, batch: int) -> list[tuple[float, float]]:
    """Return the least of five runs of each way in turn, which a busy machine disturbs least."""
    times = [[milliseconds(way, n, batch, len(ways) * i + j) for j, way in enumerate(ways)] for i in range(5)]
    return [(min(row[j][0] for row in times), min(row[j][1] for row in times)) for j in range(len(ways))]


def through(client: Any, handle: Any) -> Callable[[list[Generation]], object]:
    """Return how a model is asked to answer through the store."""
    return lambda asked: client.ask(handle, "generate", asked)


def detectors(ask: Callable[[int, list[Conversation]], object]) -> Callable[[list[Generation]], object]:
    """Return how the detectors are asked by themselves: two about the prompt, one about the exchange."""

    def every(asked: list[Generation]) -> None:
        prompts = [request.prompt for request in asked]
        for i, read in enumerate((prompts, prompts, [prompt.reply("Pour.") for prompt in prompts])):
            ask(i, read)

    return every


def main() -> None:
    """Print a row a way of asking."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    n = parser.parse_args().requests
    head = ("bare ms", "detectors", "firewall", "added", "without detectors", "of processor")
    print(f"{'':26}{'batch':>7}" + "".join(f"{title:>{len(title) + 3}}" for title in head))
    with tempfile.TemporaryDirectory() as folder:
        registry = _registry(Path(folder))
        for setting, text in SETTINGS.items():
            wall = without_store(text)
            alone = [NeverBlock(), RandomBlock(0.0), RandomBlock(0.0, 1)]
            plain = [Instant().generate, detectors(lambda i, read: alone[i].detect(read)), wall.generate]  # noqa: B023
            for batch in (1, 256):
                _say(f"no store, {setting}", batch, compared(plain, n, batch))
            with Store(Path(folder) / f"{setting}.sqlite") as store:
                client = Runner(registry, store).client()
                names = ["instant", WALL + text, *DETECTORS]
                bare, guarded, *each = [resolve_model(registry, t, models_folder=Path(folder)) for t in names]
                ask = detectors(lambda i, read: client.ask(each[i], "detect", read))  # noqa: B023
                filed = [through(client, bare), ask, through(client, guarded)]
                for batch in (1, 256):
                    found = compared(filed, n if batch > 1 else max(n // 10, 50), batch)
                    _say(f"store, {setting}", batch, found)


def _registry(folder: Path) -> Registry:
    """Return a registry that knows the model: a plugin of one module, announced as an installed one is."""
    import sys

    info = folder / "instant-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: instant\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[harness.plugins]\ninstant = instant_plugin\n")
    (folder / "instant_plugin.py").write_text(PLUGIN)
    sys.path[:0] = [str(folder), str(Path(__file__).parent)]
    return Registry()


def _say(name: str, batch: int, found: Sequence[tuple[float, float]]) -> None:
    bare, each, guarded = found
    wall = f"{bare[0]:>10.4f}{each[0]:>12.4f}{guarded[0]:>11.4f}{guarded[0] - bare[0]:>8.4f}"
    without = [guarded[i] - bare[i] - each[i] for i in (0, 1)]
    print(f"{name:26}{batch:>7}{wall}{without[0]:>20.4f}{without[1]:>16.4f}", flush=True)


if __name__ == "__main__":
    main()
