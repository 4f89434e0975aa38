"""`gliokit describe`: the card of a system, with what its authors report."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from gliokit.analysis.systems import states, system_named
from gliokit.core.settings import as_mapping
from gliokit.core.system import PublishedFigure, SystemCard


def describe(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="As `gliokit systems` lists it.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a system answers, from what, how well by its authors, and what is assumed.

    For example:

    gliokit describe havaei2017
    """
    kind = system_named(system)
    card, state = kind.card, states([kind.card.name])[kind.card.name]
    settings = as_mapping(kind.Settings())
    if as_json:
        typer.echo(json.dumps({**asdict(card), "state": state, "settings": settings}, indent=1))
        return
    for line in _lines(card, state):
        typer.echo(line)
    typer.echo("\nSettings, as published unless assumed; --set NAME=VALUE changes one")
    for name, value in _flat(settings):
        typer.echo(f"  {name} = {value}")
    typer.echo("\nFor research use only; not a medical device.")


def _lines(card: SystemCard, state: str) -> Iterator[str]:
    yield f"{card.name}: {card.title}"
    yield card.question
    yield ""
    yield f"Source    {card.source}"
    yield f"Inputs    {'any of ' if card.any_subset else ''}{' '.join(card.sequences)}"
    yield f"Learns    {' '.join(card.fields)}"
    yield f"Studied   {card.cohort}"
    yield f"State     {state}"
    if card.figures:
        yield "\nPublished; on other patients than yours, never to be compared with your figures"
        for figure in card.figures:
            yield from _figure(figure)
    yield from _listed("Assumed", card.assumed)
    yield from _listed("Done otherwise than in the paper", card.departures)
    yield from _listed("Beware", card.caveats)


def _figure(figure: PublishedFigure) -> Iterator[str]:
    yield f"  {figure.value:<8g}{figure.quantity}; {figure.cohort}; by {figure.level}"
    if figure.caveat:
        yield f"{'':10s}{figure.caveat}"


def _listed(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"\n{title}"
        yield from (f"  - {text}" for text in texts)


def _flat(settings: Mapping[str, object], within: str = "") -> Iterator[tuple[str, str]]:
    """Give settings by the names that --set takes."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name}.")
        else:
            yield f"{within}{name}", json.dumps(value)
