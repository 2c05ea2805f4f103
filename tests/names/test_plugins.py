"""Discovery: a broken plugin breaks nothing else, and no name is taken silently."""

from __future__ import annotations

import pytest

from ..messages import saying

MODEL = """
from harness.hooks import hookimpl

@hookimpl
def register_models(register):
    register({name!r}, "harness_plugins.baselines.heuristics:{kind}", offers=("score",), description="mine")
"""


def test_a_plugin_that_raises_on_import_is_reported_and_others_work(add_plugin, harness):
    folder = add_plugin("broken", "import sys\nraise RuntimeError('no licence key')\n")
    ran = harness("plugins", "--json")
    assert ran.code == 1
    (broken,) = [plugin for plugin in ran.document["plugins"] if plugin["state"] == "failed"]
    assert (broken["name"], broken["distribution"], broken["registers"]) == ("broken", "harness-broken", {})
    assert broken["problem"] == saying("RuntimeError: no licence key", f"{folder}/plugin_broken.py:2")
    ran = harness("eval", "-m", "length", "-t", "quickstart/preferences", "--json")
    assert ran.code == 0
    assert ran.err == saying("'broken'", "harness-broken", "1.0", "RuntimeError: no licence key")
    assert ran.document["results"]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def broken(:\n", "SyntaxError: "),
        ("import a_package_that_nobody_has\n", "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        (
            "from harness.hooks import hookimpl\n@hookimpl\ndef register_models(register):\n    1 / 0\n",
            "ZeroDivisionError: division by zero",
        ),
        (
            "from harness.hooks import hookimpl\n@hookimpl\ndef register_modles(register):\n    pass\n",
            "PluginValidationError: ",
        ),
        (
            "from harness.hooks import hookimpl\n@hookimpl\ndef register_models(registrar):\n    pass\n",
            "PluginValidationError: ",
        ),
    ],
)
def test_whatever_a_plugin_does_wrong_is_isolated(add_plugin, harness, source, problem):
    add_plugin("broken", source)
    ran = harness("plugins", "--json")
    assert ran.code == 1
    assert [p["problem"][: len(problem)] for p in ran.document["plugins"] if p["state"] == "failed"] == [problem]
    assert harness("list", "models").code == 0


def test_names_that_a_failing_plugin_registered_before_it_failed_are_forgotten(add_plugin, harness):
    add_plugin("half", MODEL.format(name="half-model", kind="Length") + "    raise ValueError('half way')\n")
    names = [row["name"] for row in harness("list", "models", "--json").document]
    assert "half-model" not in names
    ran = harness("eval", "-m", "half-model", "-t", "quickstart/preferences")
    assert ran.code == 2
    assert ran.err == saying("plugins", "harness plugins")


def test_strict_makes_a_failed_plugin_fatal(add_plugin, harness):
    add_plugin("broken", "raise RuntimeError('no licence key')\n")
    ran = harness("list", "models", "--strict")
    assert ran.code == 2
    assert ran.err == saying("'broken'", "harness-broken", "RuntimeError: no licence key")


def test_a_variable_restricts_which_plugins_are_loaded(add_plugin, harness, monkeypatch):
    add_plugin("broken", "raise RuntimeError('no licence key')\n")
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds, baselines")
    ran = harness("plugins", "--json")
    assert ran.code == 0
    states = {plugin["name"]: plugin["state"] for plugin in ran.document["plugins"]}
    assert {name for name, state in states.items() if state == "loaded"} == {"core", "kinds", "baselines"}
    assert states["broken"] == "disabled"
    monkeypatch.setenv("HARNESS_PLUGINS", "kinds,baseline")
    ran = harness("plugins")
    assert ran.code == 2
    assert ran.err == saying("HARNESS_PLUGINS", "'baseline'", "'baselines'")


def test_registry_yaml_disables_and_enables_plugins(add_plugin, harness, project):
    add_plugin("mine", MODEL.format(name="my-length", kind="Length"))
    (project / "registry.yaml").write_text("plugins: {disabled: [mine]}\n")
    assert "my-length" not in harness("list", "models").out
    (project / "more.yaml").write_text("plugins: {enabled: [mine]}\n")
    assert "my-length" in harness("list", "models", "--registry", "more.yaml").out


def test_two_plugins_that_claim_one_name_are_both_named_and_the_qualified_name_resolves(add_plugin, harness):
    add_plugin("one", MODEL.format(name="mine", kind="Length"), distribution="first-models")
    add_plugin("two", MODEL.format(name="mine", kind="Random"), distribution="second-models")
    ran = harness("eval", "-m", "mine", "-t", "quickstart/preferences")
    assert (ran.code, ran.err) == (
        2,
        saying("'mine'", "first-models", "1.0", "second-models", "'first-models/mine'", "'second-models/mine'"),
    )
    ran = harness("eval", "-m", "first-models/mine", "-m", "length", "-t", "quickstart/preferences", "--json")
    assert ran.code == 0
    values = {r["model"]: r["value"] for r in ran.document["results"] if r["domain"] == "overall"}
    assert values["first-models/mine"] == values["length"]
    assert len(harness("plugins", "--json").document["clashes"]) == 1
    assert harness("list", "models").code == 0
    assert harness("doctor").code == 1


def test_a_name_of_the_core_is_not_taken_over_silently(add_plugin, harness):
    add_plugin("thief", MODEL.format(name="length", kind="Random"))
    ran = harness("eval", "-m", "length", "-t", "quickstart/preferences")
    assert ran.code == 2
    assert ran.err == saying("'harness-eval/length'", "'harness-thief/length'")


def test_two_distributions_with_one_plugin_name_are_told_apart(add_plugin, harness):
    add_plugin("same", MODEL.format(name="a-model", kind="Length"), distribution="dist-a", module="module_a")
    add_plugin("same", MODEL.format(name="b-model", kind="Length"), distribution="dist-b", module="module_b")
    ran = harness("plugins", "--json")
    found = [p for p in ran.document["plugins"] if p["name"] == "same"]
    assert {p["distribution"] for p in found} == {"dist-a", "dist-b"}
    assert [(p["state"], p["registers"]) for p in found] == [
        ("loaded", {"model": ["a-model"]}),
        ("loaded", {"model": ["b-model"]}),
    ]


def test_a_life_cycle_hook_that_raises_warns_and_the_run_goes_on(add_plugin, harness):
    source = "from harness.hooks import hookimpl\n"
    for hook, argument in (("run_started", "run"), ("batch_stored", "count"), ("cell_finished", "cell")):
        source += f"@hookimpl\ndef {hook}({argument}):\n    raise OSError('tracking server away')\n"
    add_plugin("tracker", source)
    ran = harness("eval", "-m", "length", "-t", "quickstart/preferences", "--json")
    assert ran.code == 0
    for hook in ("run_started", "batch_stored", "cell_finished"):
        assert ran.err == saying("'tracker'", "harness-tracker", f"{hook}", "OSError: tracking server away")


def test_life_cycle_hooks_are_told_of_a_run(add_plugin, harness, project):
    add_plugin(
        "tracker",
        "from harness.hooks import hookimpl\n"
        "def note(text):\n    with open('log', 'a') as log:\n        log.write(text + '\\n')\n"
        "@hookimpl\ndef run_started(run):\n    note('started ' + ' '.join(run['tasks']))\n"
        "@hookimpl\ndef batch_stored(model, count):\n    note(f'{model} {count}')\n"
        "@hookimpl\ndef cell_finished(cell):\n    note(cell['label'] + ' ' + cell['task'])\n"
        "@hookimpl\ndef run_finished(run, status):\n    note(status)\n",
    )
    assert harness("eval", "-m", "length", "-t", "quickstart/preferences", "--limit", 5).code == 0
    assert (project / "log").read_text().splitlines() == [
        "started quickstart/preferences",
        "length 5",
        "length quickstart/preferences",
        "done",
    ]


def test_a_plugin_adds_a_sub_command(toys, harness):
    assert "toy-hello" in harness("--help").out
    assert harness("toy-hello", "you").out == "hello you\n"
    ran = harness("toy-helo", "you")
    assert ran.code == 2
    assert "did you mean 'toy-hello'" in ran.err


CLAIM = """
from harness.hooks import hookimpl

{extra}

@hookimpl
def {hook}(register):
    {line}
    register("after", "harness_plugins.baselines.heuristics:Length"{more}, description="registered after it")
"""


@pytest.mark.parametrize(
    ("kind", "line", "key", "expected"),
    [
        ("adapter", "register('mine', 'm:Mine')", "gives=", "a text"),
        ("adapter", "register('mine', 'm:Mine', gives='compare')", "needs=", "a text"),
        ("adapter", "register('mine', 'm:Mine', gives=1, needs='score')", "gives=", "a text"),
        ("adapter", "register('mine', 'm:Mine', gives='compare', needs='scores')", "needs=", "'score'"),
        (
            "adapter",
            "register('mine', 'm:M', gives='compare', needs='score', cost='2')",
            "cost=",
            "a number of at least 0",
        ),
        (
            "adapter",
            "register('mine', 'm:M', gives='compare', needs='score', cost=float('nan'))",
            "cost=",
            "a number of at least 0",
        ),
        ("model", "register('mine', 'm:Mine', offers='score')", "offers=", "a list of texts"),
        ("model", "register('mine', 'm:Mine', offers=('skore',))", "offers=", "'score'"),
        ("model", "register('mine', 'm:Mine', ofers=('score',))", "ofers=", "offers"),
        ("model", "register('mine', 'no reference')", "'module:attribute'", "'no reference'"),
        ("model", "register('mine', 'm:')", "'module:attribute'", "'m:'"),
        ("model", "register('my model', 'm:Mine')", "a name", "'my model'"),
        ("model", "register(None, 'm:Mine')", "a name", "None"),
        ("model", "register('mine', 'm:Mine', description=3)", "description=", "a text"),
        ("trainer", "register('mine', 'm:Mine')", "model=", "a text"),
        ("trainer", "register('mine', 'm:Mine', model='lengthy')", "model=", "'length'"),
        ("metric", "register('mine', 'm:Mine', bounds=(0, 1))", "bounds=", "description"),
        ("importer", "register('mine', 'm:f', writes='both')", "writes=", "'recorded', 'published' or 'data'"),
        ("publisher", "register('mine', 'm:P', opens=3)", "opens=", "a text"),
        ("analysis", "register('mine', 'm:A', opens='index.html')", "opens=", "description"),
    ],
)
def test_a_registration_that_cannot_be_used_is_refused_alone(add_plugin, harness, kind, line, key, expected):
    from harness.names.registry import KINDS

    more = {"adapter": ", gives='score', needs='detect', cost=99", "trainer": ", model='length'"}.get(kind, "")
    add_plugin("careless", CLAIM.format(hook=KINDS[kind], line=line, more=more, extra=""))
    ran = harness("plugins", "--json")
    assert ran.code == 1
    plugins = {plugin["name"]: plugin for plugin in ran.document["plugins"]}
    careless = plugins.pop("careless")
    assert careless["state"] == "incomplete"
    assert careless["registers"] == {kind: ["after"]}
    for word in (KINDS[kind], kind, "'careless'", key, expected):
        assert word in careless["problem"], careless["problem"]
    assert {plugin["state"] for plugin in plugins.values()} == {"loaded"}
    ran = harness("eval", "-m", "length", "-t", "quickstart/best-of-16", "--limit", 5, "--json")
    assert ran.code == 0
    assert ran.err == saying("'careless'", "harness-careless", "1.0", f"{careless['problem']}")
    assert harness("doctor").code == 1
    checked = harness("check", "careless", "--json")
    broken = [f["text"] for f in checked.document if f["check"] == "registers what can be used"]
    assert (checked.code, broken) == (1, [careless["problem"]])
    assert harness("list", "models", "--strict").code == 2


def test_a_plugin_that_registers_one_name_twice_keeps_the_first(add_plugin, harness):
    line = "register('mine', 'harness_plugins.baselines.heuristics:Length', offers=('score',))"
    add_plugin("twice", CLAIM.format(hook="register_models", line=f"{line}; {line}", more="", extra=""))
    (plugin,) = [p for p in harness("plugins", "--json").document["plugins"] if p["name"] == "twice"]
    assert (plugin["state"], plugin["registers"]) == ("incomplete", {"model": ["after", "mine"]})
    assert "twice" in plugin["problem"]


EMBED = """
from harness import Capability, Conversation
STOLEN = Capability("embed", Conversation, "number", check=lambda request, response: None, description="another thing")
"""


def test_a_capability_of_the_core_cannot_be_taken_over(add_plugin, harness):
    before = harness(
        "eval", "-m", "tfidf", "-t", "quickstart/duplicates", "--json", "--store", "before.sqlite"
    ).document
    line = "register('embed', 'plugin_thief:STOLEN')"
    add_plugin("thief", CLAIM.format(hook="register_capabilities", line=line, more="", extra=EMBED))
    ran = harness("eval", "-m", "tfidf", "-t", "quickstart/duplicates", "--json")
    assert ran.code == 0
    assert ran.document["results"] == before["results"]
    assert ran.document["failures"] == []
    assert "'embed'" in ran.err
    assert "'thief'" in ran.err


def test_a_capability_that_two_plugins_claim_is_refused_where_it_is_asked_for(add_plugin, harness):
    source = """
from harness.hooks import hookimpl
from harness import Capability, Conversation, Model
ECHO = Capability("echo", Conversation, "number", check=lambda request, response: None, description="an echo")

class Echo(Model):
    def echo(self, requests):
        return [0.0 for _ in requests]

class EchoToDetect:
    pass

@hookimpl
def register_capabilities(register):
    register("echo", "{module}:ECHO", description="an echo")
"""
    model = """
@hookimpl
def register_models(register):
    register("echo-model", "plugin_one:Echo", offers=("echo",), description="an echo")
@hookimpl
def register_adapters(register):
    register("echo-to-detect", "plugin_one:Adapt", gives="detect", needs="echo", description="as it is")

from harness import Adapter
class Adapt(Adapter):
    gives, needs = "detect", "echo"
    def expand(self, request):
        return [request]
    def reduce(self, request, responses):
        return responses[0]
"""
    add_plugin("one", source.format(module="plugin_one") + model)
    wish = ("eval", "-m", "echo-model", "-t", "quickstart/detection", "--limit", 5)
    assert harness(*wish).code == 0
    add_plugin("two", source.format(module="plugin_two"))
    ran = harness(*wish, "--store", "other.sqlite")
    assert ran.code == 2
    assert ran.err == saying("'echo'", "harness-one", "1.0", "harness-two")
    assert harness("eval", "-m", "length", "-t", "quickstart/best-of-16", "--limit", 5).code == 0


def test_a_plugin_called_like_one_of_ours_takes_nothing_out(add_plugin, harness):
    add_plugin("openai", MODEL.format(name="mine", kind="Length"), distribution="someone-else", module="evilplug")
    add_plugin("baselines", "raise RuntimeError('no licence key')\n", distribution="third-party", module="third")
    ran = harness("plugins", "--json")
    states = {(p["distribution"], p["name"]): p["state"] for p in ran.document["plugins"]}
    assert states["harness-eval", "openai"] == states["someone-else", "openai"] == "loaded"
    assert (states["harness-eval", "baselines"], states["third-party", "baselines"]) == ("loaded", "failed")
    names = {row["name"] for row in harness("list", "models", "--json").document}
    assert {"openai", "mine", "length"} <= names
    assert {f["subject"] for f in harness("check", "someone-else/openai", "--json").document} >= {"openai"}


def test_a_module_that_is_loaded_already_is_not_loaded_as_another_plugin(add_plugin, harness, tmp_path, monkeypatch):
    info = tmp_path / "alias" / "alias-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: alias\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.plugins]\ncopied = harness_plugins.baselines\n")
    monkeypatch.syspath_prepend(str(info.parent))
    (copied,) = [p for p in harness("plugins", "--json").document["plugins"] if p["name"] == "copied"]
    assert copied["state"] == "failed"
    assert "harness-eval/baselines" in copied["problem"]
    assert harness("eval", "-m", "length", "-t", "quickstart/preferences", "--limit", 5).code == 0


def test_what_the_core_cannot_do_without_is_always_loaded(harness, monkeypatch, project):
    monkeypatch.setenv("HARNESS_PLUGINS", "baselines")
    listed = {row["name"] for row in harness("list", "capabilities", "--json").document}
    assert {"score", "embed", "detect", "compare"} <= listed
    of_field = {"bradley-terry", "duel-strength", "win-rate-over-field", "less-field-mean"}
    assert {row["name"] for row in harness("list", "aggregates", "--json").document} == {
        "maximum",
        "mean",
        "minimum",
        *of_field,
    }
    ran = harness("eval", "-m", "length", "-t", "quickstart/preferences")
    assert ran.code == 2
    assert "no task kind is named 'preference'" in ran.err
    assert ran.err == saying("HARNESS_PLUGINS", "registry.yaml")
    assert "kinds" in ran.err
    monkeypatch.setenv("HARNESS_PLUGINS", "baselines,kinds")
    assert harness("eval", "-m", "length", "-t", "quickstart/preferences", "--limit", 5).code == 0
    (project / "registry.yaml").write_text("plugins: {disabled: [core]}\n")
    assert harness("list", "models").code == 2


def test_a_plugin_that_loops_while_it_is_imported_is_named(add_plugin, harness, monkeypatch):
    monkeypatch.setattr("harness.names.plugins.SLOW_SECONDS", 0.2)
    add_plugin("loops", "import time\ntime.sleep(0.6)\n")
    ran = harness("list", "models")
    assert ran.code == 0
    assert ran.err == saying("'loops'", "'harness-loops'")
    assert "disabled: [loops]" in ran.err
    add_plugin(
        "asks",
        "import time\nfrom harness.hooks import hookimpl\n"
        "@hookimpl\ndef register_models(register):\n    time.sleep(0.6)\n",
    )
    assert harness("list", "models").err == saying("'asks'", "'harness-asks'")


@pytest.mark.parametrize(
    ("hook", "reference", "more", "wish"),
    [
        ("register_metrics", "harness.results.aggregate:mean", "", ("--metric", "mine")),
        (
            "register_adapters",
            "harness.results.aggregate:mean",
            ", gives='score', needs='detect'",
            ("--adapter", "mine"),
        ),
        ("register_models", "harness.results.aggregate:mean", ", offers=('score',)", ("-m", "mine")),
    ],
)
def test_what_a_name_leads_to_must_be_what_names_of_its_kind_stand_for(
    add_plugin, harness, hook, reference, more, wish
):
    line = f"register('mine', {reference!r}{more}, description='a function')"
    add_plugin("odd", f"from harness.hooks import hookimpl\n@hookimpl\ndef {hook}(register):\n    {line}\n")
    ran = harness("eval", "-m", "prompt-length", "-t", "quickstart/best-of-16", "--limit", 5, *wish)
    assert ran.code == 2
    assert ran.err == saying("'harness-odd/mine'", f"{reference}")
    assert harness("check", "odd").code == 1
