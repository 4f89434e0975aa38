"""`gliokit systems`: what there is, its source and its state."""

import json
from typing import Annotated

import typer

from gliokit.analysis.systems import SYSTEMS, states
from gliokit.core.system import SystemCard


def systems(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every system: its task, its inputs, its source, and whether it comes trained.

    For example:

    gliokit systems
    """
    state = states(SYSTEMS)
    cards = [kind.card for kind in SYSTEMS.values()]
    if as_json:
        typer.echo(json.dumps([_record(card, state[card.name]) for card in cards], indent=1))
        return
    for card in cards:
        typer.echo(f"{card.name:14s}{card.title}")
        typer.echo(f"{'':14s}{card.task}, from {_inputs(card)}")
        typer.echo(f"{'':14s}{card.source}")
        typer.echo(f"{'':14s}{state[card.name]}")
    typer.echo(
        "\nFor research use only; not a medical device. More of one: gliokit describe SYSTEM"
    )


def _inputs(card: SystemCard) -> str:
    named = " ".join(card.sequences)
    return f"any of {named}" if card.any_subset else named


def _record(card: SystemCard, state: str) -> dict[str, object]:
    return {
        "name": card.name,
        "title": card.title,
        "task": card.task,
        "inputs": list(card.sequences),
        "any_subset": card.any_subset,
        "fields": list(card.fields),
        "source": card.source,
        "state": state,
    }
