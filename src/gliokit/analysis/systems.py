"""Every published system by name, and how far this installation can answer with it."""

from collections.abc import Iterable
from types import MappingProxyType

from gliokit.bundles.bundle import read_bundle, shipped_bundles
from gliokit.core.errors import SettingsError
from gliokit.core.system import System
from gliokit.prognosis.catalogue import SYSTEMS as PROGNOSIS
from gliokit.segmentation.catalogue import SYSTEMS as SEGMENTATION

SYSTEMS: MappingProxyType[str, type[System]] = MappingProxyType({**SEGMENTATION, **PROGNOSIS})

UNTRAINED = "no weights shipped: train it on a cohort of yours"


def system_named(name: str) -> type[System]:
    """Find a system.

    Raises
    ------
    SettingsError
        If there is none of this name; the others are listed.
    """
    if name not in SYSTEMS:
        raise SettingsError(f"no system is called {name!r}; there are {', '.join(SYSTEMS)}")
    return SYSTEMS[name]


def states(systems: Iterable[str]) -> dict[str, str]:
    """Say of each system whether trained weights come with gliokit."""
    cards = {name: read_bundle(folder).card for name, folder in shipped_bundles().items()}
    found = {}
    for system in systems:
        bundles = [
            name
            for name, card in cards.items()
            if card.name == system or card.name.startswith(f"{system}-")
        ]
        found[system] = f"weights shipped: {', '.join(bundles)}" if bundles else UNTRAINED
    return found
