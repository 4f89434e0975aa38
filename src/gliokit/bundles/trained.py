"""Trained systems as bundles: weights, settings, card and manifest in a folder.

`settings.json` names the system and the settings that its networks were built with; the card says
on how many patients it was trained. A bundle is written whole or not at all.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gliokit.bundles.bundle import Bundle, Card, read_bundle, seal_bundle
from gliokit.core.errors import BundleError, OutputError
from gliokit.core.settings import as_mapping, changed
from gliokit.core.system import System, TrainingRun

SETTINGS = "settings.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a system was trained on, for its card.

    Attributes
    ----------
    patients, studies : int
        How many.
    cohort_sha256 : str
        Of the rows that it learnt from.
    seed : int
        Of the training.
    simulated : bool
        Whether the patients are simulated.
    """

    patients: int
    studies: int
    cohort_sha256: str
    seed: int
    simulated: bool


def save_trained(system: System, folder: Path, trained: Trained, *, force: bool = False) -> Bundle:
    """Write a fitted system as a bundle.

    Raises
    ------
    OutputError
        If something stands in `folder`, and either `force` is not given or it is no bundle.
    """
    check_replaceable(folder, force=force)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        system.write_weights(part)
        content = {"system": system.card.name, "settings": as_mapping(system.settings)}
        (part / SETTINGS).write_text(json.dumps(content, indent=2) + "\n")
        seal_bundle(part, _card(system, trained), made_with={"gliokit": version("gliokit")})
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_bundle(folder)


def load_trained(
    folder: Path, systems: Mapping[str, type[System]], *, run: TrainingRun = TrainingRun()
) -> System:
    """Read a system that `save_trained` wrote.

    Parameters
    ----------
    systems : mapping of str to type
        Every system by name.
    run : TrainingRun
        Its device is where the system answers.

    Raises
    ------
    BundleError
        If a file is altered, or the bundle is of no system that is known.
    """
    bundle = read_bundle(folder)
    try:
        content = json.loads((bundle.folder / SETTINGS).read_bytes())
        name, settings = content["system"], content["settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"{folder} is no trained system: {SETTINGS} cannot be read ({error}); give a folder "
            "that `gliokit train` wrote"
        ) from error
    if name not in systems:
        raise BundleError(
            f"{folder} holds the system {name!r}; this gliokit knows {', '.join(systems)}"
        )
    kind = systems[name]
    return kind(changed(kind.Settings(), settings), run=run).read_weights(bundle.folder)


def check_replaceable(folder: Path, *, force: bool) -> None:
    """Refuse to write where something stands that may not be replaced.

    Raises
    ------
    OutputError
        If `force` is not given, or no bundle stands there.
    """
    if not folder.exists():
        return
    if not force:
        raise OutputError(f"{folder} is there already; choose another folder, or --force")
    try:
        read_bundle(folder)
    except BundleError as error:
        raise OutputError(
            f"{folder} holds something else than a bundle ({error}); choose another folder"
        ) from error


def _card(system: System, trained: Trained) -> Card:
    card = system.card
    simulated = "simulated " if trained.simulated else ""
    return Card(
        name=card.name,
        version=version("gliokit"),
        purpose=f"{card.title}: {card.question}",
        inputs=tuple(card.sequences),
        outputs=card.outputs or (card.task.value,),
        training=(
            f"{trained.studies} {simulated}studies of {trained.patients} patients, seed "
            f"{trained.seed}; rows with sha256 {trained.cohort_sha256}",
        ),
        evaluation=("none on other patients than these: run `gliokit evaluate`",),
        intended_use="Research on cohorts like the one it was trained on.",
        limits=("For research use only; not a medical device.", *card.caveats),
        assumed=card.assumed,
        licence="the user's own",
    )
