"""Options of the commands that train and evaluate systems."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gliokit.cli.option import Device, OnDevice, Scheduler

__all__ = ["Device", "OnDevice", "Scheduler"]

CohortTable: TypeAlias = Annotated[
    Path, typer.Option("--cohort", metavar="CSV", help="Table with a row per study.")
]
SettingsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE.toml", help="Settings to change, as a table."),
]
Changes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting to change; repeat it."),
]
Tiny: TypeAlias = Annotated[
    bool, typer.Option("--tiny", help="Start from the smallest sizes, to try that it runs.")
]
Seed: TypeAlias = Annotated[int, typer.Option(min=0, help="Of every draw.")]
Minutes: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.01, help="Of each training at most; by default every step is taken."),
]
Validation: TypeAlias = Annotated[
    float,
    typer.Option(
        min=0, max=0.5, help="Share of the patients set aside to choose the best weights by."
    ),
]
DrawingWorkers: TypeAlias = Annotated[
    int, typer.Option("--workers", min=0, help="Threads that draw examples ahead of the training.")
]
Simulated: TypeAlias = Annotated[
    bool,
    typer.Option("--simulated", help="Patients are simulated; those of `phantom` are known so."),
]
