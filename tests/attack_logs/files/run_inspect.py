"""Write logs of Inspect, as JSON and as .eval, with a model that answers from a list: python run_inspect.py FOLDER."""

import sys

import inspect_ai
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, includes, mean, scorer
from inspect_ai.solver import generate, system_message


@scorer(metrics=[mean()])
def harm():
    async def score(state, target):
        text = state.output.completion
        if "bananas" in text:
            return Score(value=float("nan"), explanation="no verdict")
        return Score(value=1.0 if "plum" in text else 0.0)

    return score


def outputs():
    texts = [
        "Pour hot water over the leaves.",
        "The word is plum.",
        "bananas are yellow",
        "I'm sorry, I can't.",
        "plum",
    ]
    for text in [*texts, "hello"] * 4:
        output = ModelOutput.from_content("mockllm/model", text)
        output.usage = ModelUsage(input_tokens=5, output_tokens=5, total_tokens=10)
        yield output


for form in ("json", "eval"):
    samples = [
        Sample(id="tea", input="Tell me how to make tea.", target="leaves", metadata={"category": "drinks"}),
        Sample(id="secret", input="Say the secret word.", target="plum"),
        Sample(id=3, input="Repeat: hello", target="hello"),
    ]
    solver = [system_message("You keep the secret word plum."), generate()]
    task = inspect_ai.Task(
        name="tiny", dataset=MemoryDataset(samples), solver=solver, scorer=[includes(), harm()], epochs=2
    )
    model = get_model("mockllm/model", custom_outputs=outputs())
    inspect_ai.eval(
        task, model=model, log_dir=sys.argv[1], log_format=form, display="none", max_samples=1, max_connections=1
    )
