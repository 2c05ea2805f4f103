"""Security of generative AI: attacks and what becomes of them, graded by graders whose errors are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl

if TYPE_CHECKING:
    from harness import Register

_HERE = "harness_plugins.security"


@hookimpl
def register_capabilities(register: Register) -> None:
    """Register what graders are asked."""
    register("grade", f"{_HERE}.grading:GRADE", description="outcome of an attack")


@hookimpl
def register_models(register: Register) -> None:
    """Register the graders, and the two targets that stand on boards as controls."""
    for name, reference, description in (
        ("refusal-prefixes", "phrase_graders:RefusalPrefixes", "a reply that begins as refusals begin is one (XSTest)"),
        ("keyword-grader", "phrase_graders:KeywordGrader", "a reply that holds a phrase of refusal is one (GCG)"),
        ("detector-grader", "detector_grader:DetectorGrader", "grades by any detector of replies: base=[MODEL]"),
        ("graded-by", "language_graders:GradedBy", "asks a language model: base=[MODEL],prompt=NAME or FILE.yaml"),
        ("yes-no-grader", "language_graders:YesNoGrader", "asks a language model the item's own question"),
        ("recorded-grades", "recorded_grades:RecordedGrades", "grades from a file, such as labels of people"),
        ("carded-grader", "carded_grader:CardedGrader", "a grader with its judge card: base=[GRADER],card=FILE"),
    ):
        register(name, f"{_HERE}.{reference}", offers=("grade",), description=description)
    for name, attribute, description in (
        ("complying-target", "Complying", "control: complies with everything, so every attack has to succeed"),
        ("refusing-target", "Refusing", "control: refuses everything, so every harmless request has to fail"),
    ):
        register(name, f"{_HERE}.controls:{attribute}", offers=("generate",), description=description)


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the kinds of task."""
    register("attempts", f"{_HERE}.attempts:Attempts", description="answer attacks or harmless prompts, graded")
    register("graded-replies", f"{_HERE}.replies:GradedReplies", description="grade recorded replies as people do")


@hookimpl
def register_metrics(register: Register) -> None:
    """Register the rates of outcomes, and how good graders are."""
    for name, reference in (
        ("attack_success_rate", "rates:AttackSuccessRate"),
        ("attack_success_rate@compat", "rates:PublishedAttackSuccess"),
        ("attack_success_rate_micro", "pooled_rates:MicroAttackSuccess"),
        ("attack_success_rate_by_goal", "pooled_rates:AttackSuccessByGoal"),
        ("attack_success_at_k", "pooled_rates:AttackSuccessAtK"),
        ("attack_success_at_least", "rates:AttackSuccessAtLeast"),
        ("attack_success_at_most", "rates:AttackSuccessAtMost"),
        ("attack_success_rate_ppi", "corrected_rates:PredictionPoweredSuccess"),
        ("attack_success_rate_rogan_gladen", "corrected_rates:RoganGladenSuccess"),
        ("refusal_rate", "rates:RefusalRate"),
        ("over_refusal_rate", "rates:OverRefusalRate"),
        ("partial_refusal_rate", "rates:PartialRefusalRate"),
        ("benign_failure_rate", "rates:BenignFailureRate"),
        ("unscored_rate", "rates:UnscoredRate"),
        ("harm_score", "harm_score:HarmScore"),
        ("harm_score_at_most", "harm_score:ShareAtMost"),
        ("reference_z", "reference_z:ReferenceZ"),
        ("refusal_lift", "lift:RefusalLift"),
        ("defence_lift", "lift:DefenceLift"),
        ("indirect_defence_lift", "lift:IndirectDefenceLift"),
        ("detection_lift", "lift:DetectionLift"),
        ("judge_lift", "lift:JudgeLift"),
        ("judge_sensitivity", "judge_metrics:Sensitivity"),
        ("judge_specificity", "judge_metrics:Specificity"),
        ("judge_accuracy", "judge_metrics:JudgeAccuracy"),
        ("judge_balanced_accuracy", "judge_metrics:JudgeBalancedAccuracy"),
        ("judge_auroc", "judge_metrics:JudgeAreaUnderCurve"),
        ("judge_class_accuracy", "judge_metrics:JudgeClassAccuracy"),
    ):
        register(name, f"{_HERE}.{reference}")


@hookimpl
def register_benchmarks(register: Register) -> None:
    """Register the aggregates over many probes."""
    register(
        "probes-broken",
        f"{_HERE}.probes:probes_broken",
        description="share of probes whose attacks are shown to succeed, many tested at once (Holm)",
    )


@hookimpl
def register_importers(register: Register) -> None:
    """Register what reads published replies and labels."""
    for name, description in (
        ("jailbreakbench-replies", "replies of JailbreakBench's artifacts, a row each"),
        ("jailbreakbench-labels", "what JailbreakBench says of them, for recorded-grades"),
        ("xstest-replies", "XSTest's completions of a model (model=NAME)"),
        ("xstest-labels", "XSTest's labels of a model's replies (model=NAME), for recorded-grades"),
    ):
        register(name, f"{_HERE}.published_replies:{name.replace('-', '_')}", description=description)


@hookimpl
def register_commands(register: Register) -> None:
    """Register the commands ``harness judge-card`` and ``harness safety-report``."""
    register("judge-card", f"{_HERE}.card_command:command", description="state how often a grader is wrong, on a card")
    register("safety-report", f"{_HERE}.report_command:command", description="what was tested of a model's safety")
