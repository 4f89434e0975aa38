"""How the default model is made and taught: settings that need no torch."""

from dataclasses import dataclass, field
from pathlib import Path

from gliokit.bundles.bundle import read_bundle, shipped_bundles
from gliokit.core.errors import SettingsError
from gliokit.learning.settings import Decay, Regularization, Schedule, refuse_controls
from gliokit.segmentation.examples import CROP_STEP, Changes, Crops

COARSE, FINE = "coarse", "fine"  # as a bundle names its networks
LEVELS = {COARSE: 5, FINE: 4}  # most resolutions: the canvas and the crops are whole strides


@dataclass(frozen=True, slots=True)
class Stage:
    """How one of the networks is made and taught.

    Attributes
    ----------
    widths : tuple of int
        Channels per resolution, multiples of 4: five at most of the coarse, four of the fine one.
    schedule : Schedule
        Examples differ in size: a batch holds one, a step may accumulate several.
    left_out : float
        Probability that only a random proper subset of the sequences stays in an example.
    crops : Crops
        What it sees; sides of whole strides of the network.
    """

    widths: tuple[int, ...]
    schedule: Schedule
    left_out: float
    crops: Crops

    @property
    def stride(self) -> int:
        """Voxels along the side of one at the coarsest resolution."""
        return int(2 ** (len(self.widths) - 1))


def _schedule(steps: int) -> Schedule:
    return Schedule(
        steps=steps,
        learning_rate=2e-3,
        warmup=20,
        decay=Decay.COSINE,
        average=0.99,
        validate_every=50,
        regularization=Regularization(augmentation=0.8),
    )


WHOLE = Crops(side=(112, 128, 112))  # no brain is larger, at 2 mm
COARSE_STAGE = Stage((16, 32, 64, 96, 96), _schedule(1450), left_out=0.5, crops=WHOLE)
FINE_STAGE = Stage((16, 32, 64, 96), _schedule(800), left_out=0.35, crops=Crops((96, 96, 96)))


@dataclass(frozen=True, slots=True)
class DefaultSettings:
    """How both networks are made and taught.

    Attributes
    ----------
    start : str
        Name of the shipped bundle whose weights both start from; from nothing when empty.
    coarse, fine : Stage
        The network that sees the whole brain at 2 mm, and the one that sees crops at 1 mm.
    scale : float
        Standard deviation of the logarithm of the scale of an example along each axis.
    coarse_share : float
        Of the time limit.
    """

    start: str = ""
    coarse: Stage = field(default_factory=lambda: COARSE_STAGE)
    fine: Stage = field(default_factory=lambda: FINE_STAGE)
    scale: float = 0.08
    coarse_share: float = 0.5

    def stage(self, name: str) -> Stage:
        """Give the stage of a network by its name."""
        return self.coarse if name == COARSE else self.fine

    def changes(self, name: str) -> Changes:
        """Say how examples of a network are changed."""
        stage = self.stage(name)
        augmentation = stage.schedule.regularization.augmentation
        return Changes(stage.left_out, self.scale, augmentation)


FULL = DefaultSettings()
_TINY_STAGE = Stage((4, 8), _schedule(2), left_out=0.4, crops=Crops((32, 32, 32)))
TINY = DefaultSettings(coarse=_TINY_STAGE, fine=_TINY_STAGE)


def check_settings(settings: DefaultSettings) -> None:
    """Refuse settings that these networks cannot have.

    Raises
    ------
    SettingsError
        Naming the setting, what was found and what is needed.
    """
    for name, most in LEVELS.items():
        if settings.start:
            start_weights(settings.start, name)
        stage = settings.stage(name)
        if len(stage.widths) > most or any(width % 4 for width in stage.widths):
            raise SettingsError(
                f"{name}.widths: found {stage.widths}; needed at most {most} multiples of 4"
            )
        _check_crops(name, stage)
        if stage.schedule.batch != 1:
            raise SettingsError(
                f"{name}.schedule.batch: found {stage.schedule.batch}; needed 1, since examples "
                "differ in size: use accumulate"
            )
        refuse_controls(stage.schedule.regularization, "batch_norm", system="default")
        if stage.schedule.regularization.dropout:
            raise SettingsError(
                f"{name}.schedule.regularization.dropout: the U-Net has no place for it; set it to "
                "0, and leave sequences out instead"
            )


def _check_crops(name: str, stage: Stage) -> None:
    sides, spread = stage.crops.side, stage.crops.spread
    step = max(stage.stride, CROP_STEP)
    smallest = min(sides) - CROP_STEP * spread
    if smallest < step or any(side % step for side in sides) or (spread and step > CROP_STEP):
        raise SettingsError(
            f"{name}.crops: found sides of {sides} and a spread of {spread}; needed multiples of "
            f"{step}, none smaller, and a spread only where {CROP_STEP} is one"
        )


def start_weights(bundle: str, network: str) -> tuple[Path, Path]:
    """Find structure and weights of a network in a shipped bundle.

    Raises
    ------
    SettingsError
        If no such bundle holds them; those that do are listed.
    """
    shipped = {name: read_bundle(folder) for name, folder in shipped_bundles().items()}
    found = {name: own.network(network) for name, own in shipped.items()}
    found = {name: paths for name, paths in found.items() if all(map(Path.exists, paths))}
    if bundle not in found:
        raise SettingsError(
            f"start: found {bundle!r}; needed one of {', '.join(sorted(found))}, or nothing"
        )
    return found[bundle]
