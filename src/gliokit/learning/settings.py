"""How a network is trained: schedule and regularization, as settings that need no torch."""

from dataclasses import dataclass, field
from enum import StrEnum
from math import cos, pi

from gliokit.core.errors import SettingsError


class Optimizer(StrEnum):
    """How weights follow their gradient."""

    ADAM = "adam"
    SGD = "sgd"


class Decay(StrEnum):
    """How the learning rate goes on after the warm-up."""

    CONSTANT = "constant"
    COSINE = "cosine"
    STEPWISE = "stepwise"  # multiplied by `decay_factor` after every `decay_every` of the run


@dataclass(frozen=True, slots=True)
class Regularization:
    """What keeps a network from learning its patients by heart (C3).

    Every network takes the same record; a control that it has no place for is refused by it.

    Attributes
    ----------
    dropout : float
        Probability that an activation is dropped in training.
    l1, l2 : float
        Penalty on the sum of the magnitudes and of half the squares of the weights; biases and
        normalization are free of it.
    batch_norm : bool
        Whether layers are followed by batch normalization.
    augmentation : float
        Probability that an example is changed: mirrored, brightened, given noise.
    patience : int
        Validations without a better one before training ends; 0 takes every step. Means nothing
        where no patients are set aside.
    """

    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    batch_norm: bool = False
    augmentation: float = 0.0
    patience: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """One training of one network.

    Attributes
    ----------
    steps : int
        Changes of the weights.
    batch : int
        Examples per forward pass.
    accumulate : int
        Forward passes whose gradients are added up to one step.
    learning_rate : float
        After the warm-up.
    warmup : int
        Steps over which the rate rises linearly.
    decay, decay_every, decay_factor
        How the rate falls; `decay_every` is a share of the run.
    momentum, momentum_end : float
        Of SGD; it runs linearly from the first to the second.
    clip : float
        Largest norm of the gradient.
    average : float
        Of the weights before, in their running average, which is what is kept; 0 keeps the last.
    validate_every : int
        Steps between two validations; also between two checkpoints.
    mixed : bool
        Whether to compute in bfloat16 where the device does so natively.
    """

    steps: int
    batch: int = 1
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup: int = 0
    optimizer: Optimizer = Optimizer.ADAM
    decay: Decay = Decay.CONSTANT
    decay_every: float = 0.2
    decay_factor: float = 0.1
    momentum: float = 0.9
    momentum_end: float = 0.9
    clip: float = 12.0
    average: float = 0.0
    validate_every: int = 100
    mixed: bool = True
    regularization: Regularization = field(default_factory=Regularization)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "validate_every"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name}: found {getattr(self, name)}; needed 1 or more")
        if not (0 < self.decay_every <= 1 and 0 <= self.average < 1 and self.learning_rate >= 0):
            raise SettingsError(
                f"decay_every, average, learning_rate: found {self.decay_every:g}, "
                f"{self.average:g}, {self.learning_rate:g}; needed a share above 0, a share below "
                "1, and a rate of 0 or more"
            )

    def rate(self, done: float, step: int) -> float:
        """Give the learning rate at a share of the run (0-1) that is done, before a step."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        fall = {
            Decay.CONSTANT: 1.0,
            Decay.COSINE: max(0.5 * (1 + cos(pi * min(done, 1.0))), 0.01),
            Decay.STEPWISE: self.decay_factor ** int(done / self.decay_every + 1e-9),
        }
        return self.learning_rate * warm * fall[self.decay]

    def momentum_at(self, done: float) -> float:
        """Give the momentum at a share of the run (0-1) that is done."""
        return self.momentum + (self.momentum_end - self.momentum) * min(done, 1.0)


def refuse_controls(regularization: Regularization, *names: str, system: str) -> None:
    """Refuse controls that the networks of a system have no place for.

    Raises
    ------
    SettingsError
        Naming the control.
    """
    for name in names:
        if getattr(regularization, name):
            raise SettingsError(
                f"system {system}: its networks have no place for {name}; leave it off"
            )
