"""Facts that the plans of several studies show: data, network, optimizer, amount of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine.render.numbers import count, is_number, learning_rate

__all__ = [
    "NOTHING",
    "around_facts",
    "around_rows",
    "data_fact",
    "network_fact",
    "optimizer_text",
    "steps_text",
    "trainings_text",
]

NOTHING = "nothing: "
PENALTIES = {
    "l1": "L1 {:g}",
    "l2": "L2 {:g} (in the gradient)",
    "decay": "decay {:g} (apart from it)",
}
ADDITIONS = {"average": "average", "clip": "clip", "smoothing": "label smoothing"}

Fact = tuple[str, str]


def data_fact(document: Mapping[str, Any]) -> Fact:
    """Return name, rows, inputs, task and target of the data of a plan."""
    data = document["data"]
    sizes = f"{count(data['rows'], 'row')}, {count(data['features'], 'input')}"
    return "Data", f"{data['name']}: {sizes}, {data['task']} '{data['target']}'"


def network_fact(plan: Mapping[str, Any]) -> Fact:
    """Return the network of a plan and its number of parameters."""
    return "Network", f"{plan['network']}, {count(plan['parameters'], 'parameter')}"


def optimizer_text(plan: Mapping[str, Any]) -> str:
    """Return optimizer, learning rate and schedule of a plan, as far as they are known."""
    at = f" at {learning_rate(plan['learning_rate'])}" if is_number(plan["learning_rate"]) else ""
    schedule = f", {plan['schedule']}" if plan["schedule"] else ""
    return f"{plan['optimizer'] or 'not known'}{at}{schedule}"


def steps_text(plan: Mapping[str, Any]) -> str:
    """Return `300 steps of 32 rows`."""
    return f"{count(plan['steps'], 'step')} of {count(plan['batch_size'], 'row')}"


def trainings_text(plan: Mapping[str, Any]) -> str:
    """Return the number of networks and of all their steps."""
    return f"{count(plan['runs'], 'network')}, {plan['network_steps']:,} network steps"


def around_facts(options: Mapping[str, Any]) -> list[Fact]:
    """Return `around_rows` with names that begin a line of a plan."""
    return [(name.capitalize(), text) for name, text in around_rows(options)]


def around_rows(options: Mapping[str, Any]) -> list[Fact]:
    """Return facts on the options around an optimizer: penalties, schedules, augmentation, and more."""
    shown = {name: f"{value:g}" if is_number(value) else str(value) for name, value in options.items()}
    penalties = [text.format(options[name]) for name, text in PENALTIES.items() if name in options]
    additions = [f"{text} {shown[name]}" for name, text in ADDITIONS.items() if name in options]
    if "early_stop" in options:
        change = f", at least {options['min_change']:g} better" if "min_change" in options else ""
        additions.append(f"early stop after {options['early_stop']} evaluations{change}")
    rows = []
    if penalties:
        rows.append(("penalties", f"{', '.join(penalties)}; of weights only, no biases, no norms"))
    if options.get("moving"):
        rows.append(("moving", ", ".join(options["moving"])))
    if "augment" in options:
        rows.append(("augmentation", shown["augment"]))
    if additions:
        rows.append(("with", ", ".join(additions)))
    return rows
