"""Settings of one training run; an unknown setting is refused."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from gliokit.segmentation.examples import Crops


@dataclass(frozen=True, slots=True)
class Recipe:
    """One stage of the default model.

    Attributes
    ----------
    network : str
        `coarse` sees whole brains at 2 mm, `fine` crops at 1 mm.
    widths : tuple of int
        Channels of the U-Net per resolution.
    steps, batch : int
        How many, of how many examples.
    start : str
        Where the weights come from: a bundle that this version of gliokit ships
        (`bundle:default`), or a run in a folder beside this one's. Channels that the start has
        too many of are left out. From nothing when empty.
    crop : tuple of int
        Voxels of a crop for `fine`.
    crop_spread : int
        Each side of a crop is larger or smaller by up to so many times 8 voxels.
    dropout : float
        Probability that a random proper subset of the sequences is kept.
    on_tumor : float
        Probability that a crop is centered near the tumor.
    reuse : int
        Examples in a row that one scan serves, each with other sequences left out.
    real : float
        Share of scans that are of real cases, where there are some.
    """

    network: str
    widths: tuple[int, ...]
    steps: int
    batch: int = 1
    start: str = ""
    learning_rate: float = 2e-3
    warmup: int = 50
    average_decay: float = 0.99
    crop: tuple[int, int, int] = (96, 96, 96)
    crop_spread: int = 0
    dropout: float = 0.4
    on_tumor: float = 0.85
    reuse: int = 2
    real: float = 0.0
    seed: int = 0

    @property
    def crops(self) -> Crops:
        """Crops that the fine network sees."""
        return Crops(self.crop, self.crop_spread, self.on_tumor)

    @property
    def spacing_mm(self) -> int:
        """Side of a voxel that the network sees."""
        return 2 if self.network == "coarse" else 1

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file."""
        settings = tomllib.loads(path.read_text())
        known = [setting.name for setting in fields(cls)]
        if unknown := sorted(set(settings) - set(known)):
            raise ValueError(f"{path}: unknown settings {unknown}; known are {known}")
        as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        return cls(**as_tuples)
