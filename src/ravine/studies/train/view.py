"""The result of `train` for a terminal: scores, and the loss curve as a strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ravine.render.dry_run import around_rows
from ravine.render.numbers import ScoreFormat, clean, cut, is_number, rate, score_format
from ravine.studies.train.network_table import network_summary
from ravine.studies.train.schedule_curves import schedule_text

__all__ = ["Curve", "training_details", "training_plan_text", "training_text"]


class Curve(NamedTuple):
    """A number and its schedule: value x factors [steps], None for one that follows training."""

    what: str
    schedule: str
    value: float
    factors: np.ndarray | None


BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-=+*#@"


def training_text(document: Mapping[str, Any], width: int = 80, unicode: bool = True) -> str:
    """Return a train document as text, no line wider than `width` (at least 40) columns."""
    width = max(40, width)
    result, plan, test = document["result"], document["plan"], document["test"]
    style = score_format({"metric": document["metric"], "leaderboard": [result, test]})
    steps = f"{plan['steps']:,} step{'s' * (plan['steps'] != 1)}"
    epochs = f"{plan['epochs']:.3g} epoch{'s' * (plan['epochs'] != 1)}"
    rows = [
        ("data", f"{clean(document['data']['name'])}, target {clean(document['data']['target'])}"),
        ("network", f"{plan['network']}, {plan['parameters']:,} parameters"),
        (
            "optimizer",
            f"{clean(result['optimizer'])}, rate {rate(result['learning_rate'])}, {result['schedule']}",
        ),
        ("training", f"{steps} of {plan['batch_size']} rows, {epochs}"),
        (f"validation {style.metric}", _score(result, style)),
        (f"test {style.metric}", _score(test, style)),
    ]
    rows[3:3] = [(name, clean(words)) for name, words in around_rows(plan.get("around") or {})]
    if result["diverged"]:
        rows.append(("diverged", f"{result['diverged']} of {result['n_seeds']} seeds"))
    blocks = BLOCKS if unicode else PLAIN
    if kept := [each for each in result.get("epochs") or () if is_number(each)]:
        whole = f"of {plan['epochs']:.3g} epochs" + " in the mean" * (len(kept) > 1)
        rows.append(("kept", f"the weights after {sum(kept) / len(kept):.3g} {whole}: the best"))
    if len(set(plan.get("rates") or ())) > 1:
        rows.append(("rate", _curve(plan["rates"], blocks)))
    for name in ("train_loss", "valid_loss"):
        values, seeds = document["curves"][name], document["curves"]["seed"]
        first = [value for value, seed in zip(values, seeds, strict=True) if seed == seeds[0]]
        rows.append((name.replace("_", " "), _curve(first, blocks)))
    margin = max(len(name) for name, _ in rows) + 2
    lines = [cut(f"{name:<{margin}}{text}", width) for name, text in rows]
    text = "\n".join(lines)
    return text if unicode else text.replace("±", "~").replace("…", "~").encode("ascii", "replace").decode()


def training_plan_text(
    document: Mapping[str, Any], curves: Sequence[Curve], width: int = 80, unicode: bool = True
) -> str:
    """Return the plan of training as text: what is trained, layer by layer, and every schedule as a curve."""
    width = max(60, width)
    data, plan, split = document["data"], document["plan"], document["split"]
    layers = [(each["layer"], tuple(each["output"]), each["parameters"]) for each in plan["layers"]]
    rows = [
        (
            "data",
            f"{clean(data['name'])}: {data['rows']:,} rows, {data['features']:,} inputs, {data['task']}",
        ),
        ("split", ", ".join(f"{split[name]:,} {name}" for name in ("train", "validation", "test"))),
        ("optimizer", f"{clean(document['optimizer'])}, rate {rate(document['learning_rate'])}"),
        *((name, clean(words)) for name, words in around_rows(plan["around"])),
        ("training", f"{plan['steps']:,} steps of {plan['batch_size']} rows, {plan['epochs']:.3g} epochs"),
        ("networks", f"{plan['runs']:,}"),
    ]
    margin = max(len(name) for name, _ in rows) + 2
    text = "\n".join(cut(f"{name:<{margin}}{value}", width) for name, value in rows)
    parts = [text if unicode else text.replace("…", "~").encode("ascii", "replace").decode()]
    parts.append(network_summary(layers, width, unicode))
    for each in curves:
        name = f"{each.what}, {each.schedule}"
        if each.factors is None:
            parts.append(cut(f"{name}: it waits for the validation loss to stop falling", width))
        else:
            per_epoch = plan["steps"] / plan["epochs"]
            parts.append(schedule_text(name, each.factors, per_epoch, each.value, width, unicode))
    return "\n\n".join(parts)


def training_details(
    document: Mapping[str, Any], factors: np.ndarray | None, width: int = 80, unicode: bool = True
) -> str:
    """Return the layers of a train document's network as a table, and its schedule as a curve.

    factors [steps]: of the learning rate; None for a schedule that follows training.
    """
    plan, result = document["plan"], document["result"]
    layers = [(each["layer"], tuple(each["output"]), each["parameters"]) for each in plan["layers"]]
    parts = [network_summary(layers, width, unicode)]
    if factors is not None:
        name, per_epoch = f"learning rate, {result['schedule']}", plan["steps"] / plan["epochs"]
        parts.append(schedule_text(name, factors, per_epoch, result["learning_rate"], width, unicode))
    return "\n\n".join(parts)


def _score(part: Mapping[str, Any], style: ScoreFormat) -> str:
    unit = f" {style.unit}" if style.unit else ""
    if is_number(part["mean"]):
        seeds = f", {part['n_seeds']} seeds" if part["n_seeds"] > 1 else ""
        return style.with_interval(part["mean"], part["interval"]) + unit + seeds
    if is_number(part["median"]):
        return f"median {style.number(part['median'])}{unit}, some diverged"
    return "diverged"


def _curve(values: Sequence[float | None], blocks: str) -> str:
    """`2.31 ▇▅▃▁ 0.08`: first and last value, and between them the way, x where diverged."""
    seen = [each for each in values if is_number(each)]
    if not seen:
        return "diverged"
    low, span = min(seen), (max(seen) - min(seen)) or 1.0
    marks = [
        blocks[round((each - low) / span * (len(blocks) - 1))] if is_number(each) else "x" for each in values
    ]
    return f"{seen[0]:.3g} {''.join(marks)} {seen[-1]:.3g}"
