"""What `diagnose`, `landscape`, `memorise` and `descent` would do, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from ravine.render.numbers import clean, is_number, rate
from ravine.studies.train.view import around_rows

__all__ = ["facts_text", "plan_text"]

NOTHING = "nothing: "


def plan_text(document: Mapping[str, Any], width: int = 80, unicode: bool = True) -> str:
    """Return the plan document of one of the four as text."""
    kind = document.get("study")
    if kind == "memorise":
        facts = _memorise(document)
    elif kind == "descent":
        facts = _descent(document)
    elif "planes" in document["plan"]:
        facts = _landscape(document)
    else:
        facts = _diagnose(document)
    text = facts_text({"Data": _data(document), **facts}, width)
    return text if unicode else text.encode("ascii", "replace").decode()


def facts_text(facts: Mapping[str, Any], width: int, margin: int = 14) -> str:
    """Return facts by name, what is too long for a line going on below itself."""
    return "\n".join(
        textwrap.fill(
            str(value), width, initial_indent=f"{name:<{margin}}", subsequent_indent=" " * margin,
            break_on_hyphens=False, break_long_words=False,
        )
        for name, value in facts.items()
    )  # fmt: skip


def _data(document: Mapping[str, Any]) -> str:
    data = document["data"]
    named = f"{clean(data['name'])}: {data['rows']:,} rows, {_count(data['features'], 'input')}"
    return f"{named}, {data['task']} '{clean(data['target'])}'"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _network(plan: Mapping[str, Any]) -> dict[str, str]:
    return {"Network": f"{plan['network']}, {plan['parameters']:,} parameters"}


def _around(plan: Mapping[str, Any]) -> dict[str, str]:
    return {name.capitalize(): text for name, text in around_rows(plan["around"])}


def _rule(plan: Mapping[str, Any]) -> str:
    at = f" at {rate(plan['learning_rate'])}" if is_number(plan["learning_rate"]) else ""
    how = f", {plan['schedule']}" if plan["schedule"] else ""
    return f"{clean(str(plan['optimizer'] or 'not known'))}{at}{how}"


def _steps(plan: Mapping[str, Any]) -> str:
    return f"{_count(plan['steps'], 'step')} of {_count(plan['batch_size'], 'row')}"


def _trained(plan: Mapping[str, Any]) -> str:
    return f"{_count(plan['runs'], 'network')}, {plan['network_steps']:,} network steps"


def _diagnose(document: Mapping[str, Any]) -> dict[str, str]:
    plan, split, runs = document["plan"], document["split"], document["plan"]["runs"]
    facts = {
        "Split": ", ".join(f"{split[name]:,} {name}" for name in ("train", "validation", "test")),
        "Metric": document["metric"]["name"],
    }
    if document["model"] is not None:
        facts |= {"Model": clean(document["model"]), **_network(plan), "Trained with": _rule(plan)}
        return facts | {
            "Training": f"{NOTHING}the model is looked at as it is, and no remedy is tried",
            "Measured": "loss, gradients, units and the ends of the spectrum, once",
        }
    if document["run"] is not None:
        facts["Run"] = f"{clean(document['run'])}: its configuration, trained anew"
    facts |= {
        **_network(plan),
        "Optimizer": _rule(plan),
        **_around(plan),
        "Training": f"1 network, {_steps(plan)}",
        "Measured": f"loss, gradients and units at {_count(plan['points'], 'point')} of it, "
        f"the ends of the spectrum at {plan['spectra']}",
    }
    if not runs["original"]:
        return facts | {"Proof": "no remedy is tried"}
    return facts | {
        "Proof": f"the same on {runs['original']} seeds, and on them every remedy of what is found",
        "Fresh seeds": f"where a remedy is better, {runs['confirm']} networks more, and the test rows, once",
    }


def _landscape(document: Mapping[str, Any]) -> dict[str, str]:
    plan, training = document["plan"], document["plan"]["training"]
    facts = {} if document["model"] is None else {"Model": clean(document["model"])}
    facts |= _network(plan)
    if training is None:
        facts["Training"] = f"{NOTHING}the model is looked at as it is"
    else:
        rules = (
            f"{clean(each['optimizer'])} at {rate(each['learning_rate'])}, {_count(each['runs'], 'start')}"
            for each in training["optimizers"]
        )
        facts |= {
            "Optimizers": "; ".join(rules),
            "Schedule": training["schedule"],
            **_around(training),
            "Training": f"{_trained(training)}, each {_steps(training)}",
        }
    facts |= {
        "Loss": f"mean of {_count(plan['rows'], 'row')}",
        "Slices": ", ".join(plan["slices"]),
        "Planes": f"{', '.join(plan['planes'])}; {plan['points'][0]} by {plan['points'][1]} points each",
    }
    if plan["barriers"]:
        facts["Barriers"] = f"on {_count(plan['barriers'], 'line')} between solutions"
    return facts


def _memorise(document: Mapping[str, Any]) -> dict[str, str]:
    plan, rows, arms = document["plan"], document["rows"], document["plan"]["arms"]
    shares = [f"{arm['share']:.0%}" for arm in arms if arm["limit"] is None]
    limits = list(dict.fromkeys(arm["limit"] for arm in arms if arm["limit"] is not None))
    at = dict.fromkeys(f"{arm['share']:.0%}" for arm in arms if arm["limit"] is not None)
    facts = {
        "Rows": f"{rows['train']:,} to train, {rows['held_out']:,} held out, {rows['test']:,} to test",
        "Effort": plan["effort"],
        **_network(plan),
        "Optimizer": _rule(plan),
        **_around(plan),
        "Labels": f"{', '.join(shares)} of them drawn anew",
    }
    if limits:
        facts["Limits"] = f"{', '.join(limits)}; each with {' and '.join(at)} drawn anew"
    return facts | {
        "Training": f"{_trained(plan)}: {len(arms)} times {_count(len(plan['seeds']), 'seed')}, "
        f"each {_steps(plan)}",
        "Measured": "right answers on trained and held-out rows, membership, information, bounds",
    }


def _descent(document: Mapping[str, Any]) -> dict[str, str]:
    plan, rows = document["plan"], document["rows"]
    return {
        "Rows": f"{rows['train']:,} to train, {rows['validation']:,} to validate, {rows['test']:,} to test",
        "Metric": document["metric"]["name"],
        "Effort": plan["effort"],
        "Network": plan["network"],
        "Optimizer": _rule(plan),
        **_around(plan),
        "Labels": f"{plan['noise']:.0%} of them drawn anew" if plan["noise"] else "as they are",
        "Widths": f"{', '.join(map(str, plan['widths']))} units: {', '.join(plan['arms'])}",
        "Examples": f"{', '.join(f'{each:,}' for each in plan['examples'])} rows, at the first width that "
        "fits all rows",
        "Training": f"{_trained(plan)}: {_count(len(plan['seeds']), 'seed')}, each {_steps(plan)}",
        "Measured": "loss and error on training, validation and test rows",
    }
