"""A diagnosis for a terminal: verdicts worst first, each with evidence, principle, remedies and proof."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from ravine.render.numbers import clean, is_number

__all__ = ["diagnosis_text"]

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
ASCII = str.maketrans({"±": "~", "…": "~", "–": "-", "→": ">"})


def diagnosis_text(
    document: Mapping[str, Any], width: int = 80, colour: bool = False, unicode: bool = True
) -> str:
    """Return a diagnose document as text, no line wider than `width` (at least 40) columns."""
    width = max(40, width)
    lines = [*(_paint(line, DIM, colour) for line in _wrapped(_head(document), width)), ""]
    lines += _wrapped(_verdict(document), width)
    for number, finding in enumerate(document["findings"], 1):
        lines += ["", *_finding(number, finding, width, colour)]
    if document["checks"]:
        lines += ["", *_wrapped(_fine(document), width)]
    lines += ["", *_advice(document, width, colour)]
    for note in document["notes"]:
        lines += _wrapped(note, width)
    lines += _wrapped(_cost(document["cost"]), width)
    text = "\n".join(lines)
    return text if unicode else text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def _head(document: Mapping[str, Any]) -> str:
    plan, said = document["plan"], [f"{clean(document['data']['name'])}:"]
    if not document["history"]:
        said.append("a trained model,")
    if plan["optimizer"] is not None:
        rate = f" at {plan['learning_rate']:.3g}" if is_number(plan["learning_rate"]) else ""
        said.append(f"{clean(plan['optimizer'])}{rate},")
    said.append(str(plan["network"]))
    if plan["steps"] is not None:
        rows = "" if plan["batch_size"] is None else f" of {plan['batch_size']} rows"
        said[-1] += f", {plan['steps']:,} steps{rows}"
    return " ".join(said)


def _verdict(document: Mapping[str, Any]) -> str:
    wrong = [each for each in document["findings"] if each["severity"]]
    if not wrong:
        return "The network is healthy: no verdict that needs a remedy was given."
    return f"{len(wrong)} finding{'s' * (len(wrong) > 1)}, worst first."


def _finding(number: int, finding: Mapping[str, Any], width: int, colour: bool) -> list[str]:
    lines = [
        _paint(line, BOLD, colour) for line in _wrapped(f"{number}. {finding['sentence']}", width, "   ")
    ]
    for each in finding["evidence"]:
        lines += _wrapped(f"   {_evidence(each)}", width, "     ")
    principle = finding["principle"]
    lines += _wrapped(f"   Principle {principle['claim']}: {principle['says']}.", width, "     ")
    for trial in finding["remedies"]:
        lines += _wrapped(f"   {_trial(trial)}", width, "     ")
    if finding["withdrawn"]:
        lines += _wrapped("   Advice withdrawn: no trial of a remedy confirms it.", width, "     ")
    elif finding["untried"]:
        lines += _wrapped("   No remedy was tried.", width, "     ")
    return lines


def _evidence(each: Mapping[str, Any]) -> str:
    text = f"{clean(each['what'])}: {_number(each['value'])}"
    if is_number(each["error"]):
        text += f" ± {_number(each['error'])}"
    if is_number(each["threshold"]):
        text += f" (threshold {_number(each['threshold'])})"
    return text + (f", {clean(each['where'])}" if each["where"] else "")


def _trial(trial: Mapping[str, Any]) -> str:
    loss = trial["loss"]
    mark = "Remedy" if trial["confirmed"] else "Withdrawn"
    return f"{mark}: {trial['says']} ({_changes(trial['changes'])}): validation loss {_effect(loss)}"


def _effect(pair: Mapping[str, Any]) -> str:
    """`.41 → .22 (-.19, interval -.20 to -.18), 20 of 20 seeds better`."""
    text = f"{_number(pair['before'])} → {_number(pair['after'])}"
    if is_number(pair["difference"]) and pair["interval"]:
        low, high = pair["interval"]
        text += f" (by {_number(pair['difference'])}, 95 % {_number(low)} to {_number(high)})"
    text += f", {pair['better']} of {pair['seeds']} seeds better"
    text += f", {pair['equal']} equal" if pair.get("equal") else ""
    lost = pair["diverged_before"], pair["diverged_after"]
    return text + (f"; diverged {lost[0]} → {lost[1]}" if any(lost) else "")


def _changes(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', '-')} {_value(value)}" for key, value in changes.items())


def _value(value: Any) -> str:
    return "standard" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _fine(document: Mapping[str, Any]) -> str:
    said = " ".join(each["sentence"] for each in document["checks"])
    return f"Also looked at, and in order: {said}"


def _advice(document: Mapping[str, Any], width: int, colour: bool) -> list[str]:
    advice = document["recommendation"]
    if advice is None:
        return []
    if advice["kept"]:
        text = "Recommended: keep this configuration; nothing tried is confirmed to be better."
        if advice.get("tried"):
            text = (
                f"Recommended: keep this configuration; the best remedy, {advice['tried']}, was not better "
                "on fresh seeds."
            )
        return [*_wrapped(text, width), ""]
    lines = [
        _paint(line, BOLD, colour) for line in _wrapped(f"Recommended: {_changes(advice['changes'])}.", width)
    ]
    name = clean(document["metric"]["name"])
    lines += _wrapped(f"On fresh seeds, validation loss {_effect(advice['validation'])}.", width)
    lines += _wrapped(f"On the test rows, read once, {name} {_effect(advice['test'])}.", width)
    if document["config"]:
        lines += [f"Configuration  {document['config']}"]
    return [*lines, ""]


def _cost(cost: Mapping[str, Any]) -> str:
    spent = ", ".join(f"{name} {value:.2g} s" for name, value in cost["measurements"].items())
    if not is_number(cost["overhead"]):
        return f"Cost: {spent}, compiling {cost['compile']:.2g} s."
    return (
        f"Cost: training {cost['train']:.2g} s, {spent}, together {cost['overhead']:.2f} times training; "
        f"compiling {cost['compile']:.2g} s."
    )


def _number(value: Any) -> str:
    return f"{value:.3g}" if is_number(value) else "none"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    first = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        clean(text.strip()), width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False
    )


def _paint(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{PLAIN}" if colour and text else text
