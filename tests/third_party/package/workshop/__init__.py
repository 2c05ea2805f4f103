"""A workshop of word-smiths: hooks alone, so that the start of harness imports nothing heavy."""

import os

from harness import hookimpl


@hookimpl
def register_capabilities(register):
    register("fitness", "workshop.requests:FITNESS", description="how well each option fits a prompt")
    register("trace", "workshop.requests:TRACE", description="spectrum and envelope of a signal")


@hookimpl
def register_models(register):
    register("babbler", "workshop.models:Babbler", offers=("generate",), description="words drawn by their tastes")
    register("tuned-babbler", "workshop.models:Tuned", offers=("generate",), description="the best of what it draws")
    register("overlap", "workshop.models:Overlap", offers=("fitness",), description="share of letters in common")
    register("critic", "workshop.models:Critic", offers=("fitness",), description="how often a model says the same")
    register("panel", "workshop.models:Panel", offers=("fitness",), description="mean of several judges")
    register("analyser", "workshop.models:Analyser", offers=("trace",), description="Fourier transform")
    register("usher", "workshop.models:Usher", offers=("route",), description="by the length of the prompt")


@hookimpl
def register_adapters(register):
    register("fits", "workshop.adapters:Fits", gives="fitness", needs="score", cost=1.0, description="a reward model")
    register("before", "workshop.adapters:Before", gives="generate", needs="generate", description="cuts replies off")


@hookimpl
def register_tasks(register):
    register("workshop-options", "workshop.kinds:Options", description="which option fits best")
    register("workshop-siege", "workshop.kinds:Siege", description="rounds of attacker, candidate and judge")
    register("workshop-drift", "workshop.kinds:Drift", description="a stream of signals")
    register("workshop-reply", "workshop.kinds:Reply", description="replies that a judge scores")
    register("workshop-routing", "workshop.kinds:Routing", description="who is best asked what")


@hookimpl
def register_task_sources(register):
    register("shelf", "workshop.outside:Shelf", description="tasks of sizes that are made as they are named")


@hookimpl
def register_metrics(register):
    register("best_fits", "workshop.metrics:BestFits")
    register("fitness_of_best", "workshop.metrics:fitness_of_best")
    register("share_broken", "workshop.metrics:share_broken")
    register("mean_drift", "workshop.metrics:mean_drift")
    register("mean_worth", "workshop.metrics:mean_worth")
    register("regret", "workshop.metrics:regret")


@hookimpl
def register_trainers(register):
    register("tasting", "workshop.training:Tasting", model="tuned-babbler", description="learns what a judge likes")


@hookimpl
def register_benchmarks(register):
    register(
        "lone-winner",
        "workshop.metrics:lone_winner",
        field=True,
        unit="fraction",
        description="shares won alone",
    )
    register("spread", "workshop.metrics:spread", description="the highest less the lowest")


@hookimpl
def register_importers(register):
    register("workshop-notes", "workshop.outside:notes", description="scores from lines of text")


@hookimpl
def register_publishers(register):
    register("workshop-cards", "workshop.outside:Cards", opens="cards.txt", description="a line a model")


@hookimpl
def register_analyses(register):
    register("workshop-count", "workshop.outside:Counted", description="how many models have an outcome")


@hookimpl
def register_commands(register):
    register("workshop-words", "workshop.outside:words", description="prints the words of the workshop")


def note(words):
    """Write a line of a diary, where somebody keeps one."""
    if diary := os.environ.get("WORKSHOP_DIARY"):
        with open(diary, "a", encoding="utf-8") as file:
            file.write(f"{words}\n")


@hookimpl
def run_started(run):
    note(f"run {run['id']}")


@hookimpl
def batch_stored(model, capability, count):
    note(f"batch {model} {capability} {count}")


@hookimpl
def cell_finished(cell):
    note(f"cell {cell['label']} {cell['task']}")


@hookimpl
def run_finished(status):
    note(status)
