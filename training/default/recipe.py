"""Settings of one training run; an unknown setting is refused."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Recipe:
    """One stage of the default model.

    Attributes
    ----------
    spacing_mm : int
        2 for the look at the whole brain, 1 for the detail.
    widths : tuple of int
        Channels of the U-Net per resolution.
    crop : tuple of int
        Voxels of a training crop.
    crop_spread : int
        Each side of a crop is larger or smaller by up to so many times 8 voxels; needs
        batches of one.
    start : str
        Run whose weights this one starts from, a folder beside its own; none when empty.
        That run's network may have more resolutions: the lower ones are left out.
    dropout : float
        Probability that a random proper subset of the sequences is left out.
    on_tumor : float
        Probability that a crop is centered near the tumor.
    """

    spacing_mm: int
    widths: tuple[int, ...]
    crop: tuple[int, int, int]
    batch: int
    steps: int
    learning_rate: float = 2e-3
    warmup: int = 50
    average_decay: float = 0.99
    dropout: float = 0.4
    on_tumor: float = 0.85
    crop_spread: int = 0
    start: str = ""
    seed: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file."""
        settings = tomllib.loads(path.read_text())
        known = [setting.name for setting in fields(cls)]
        if unknown := sorted(set(settings) - set(known)):
            raise ValueError(f"{path}: unknown settings {unknown}; known are {known}")
        as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        return cls(**as_tuples)
