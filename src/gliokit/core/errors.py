"""Everything that can go wrong in a way the caller can mend.

GliokitError
├── GeometryError           affine, shape or grid does not fit
├── ImageError              an image cannot be read, or holds nothing usable
├── LabelError              a label map holds unknown or ambiguous values
├── LayoutError             a folder is not a study that can be read
├── MissingSequenceError    the study lacks an image the method needs
├── CohortError             the cohort table says something impossible
├── FoldError               a patient stands on two sides, or a split was altered
├── SettingsError           a setting is unknown, or of another kind
├── SimulationError         no such patient can be made
├── NotAssessableError      the input is sound, but no honest answer is possible
├── FindingsError           a findings file cannot be read
├── OutputError             the result may not, or cannot, be written there
├── BundleError             a model bundle is damaged or does not fit
├── CheckpointError         a training checkpoint does not match its run
└── DeviceError             a device or cluster that was asked for cannot be used

Each message says what, found, needed and remedy.
"""


class GliokitError(Exception):
    """Base of all errors raised on purpose."""


class GeometryError(GliokitError, ValueError):
    """Affine, shape or grid does not fit."""


class ImageError(GliokitError, ValueError):
    """An image cannot be read, or holds nothing usable."""


class LabelError(GliokitError, ValueError):
    """A label map holds unknown or ambiguous values."""


class LayoutError(GliokitError, LookupError):
    """A folder is not a study that can be read."""


class MissingSequenceError(GliokitError, LookupError):
    """The study lacks an image the method needs."""

    def __init__(self, needed: str, present: list[str], study_id: str) -> None:
        super().__init__(
            f"study {study_id} has no {needed} image, only {', '.join(present) or 'none'}; "
            f"add it, or choose a method trained without {needed}"
        )


class CohortError(GliokitError, ValueError):
    """The cohort table says something impossible."""


class FoldError(GliokitError, ValueError):
    """A patient stands on two sides of a split, or a written split was altered."""


class SettingsError(GliokitError, ValueError):
    """A setting is unknown, or of another kind."""


class SimulationError(GliokitError, ValueError):
    """No such patient can be made."""


class NotAssessableError(GliokitError, ValueError):
    """The input is sound, but no honest answer is possible."""


class FindingsError(GliokitError, ValueError):
    """A findings file cannot be read."""


class OutputError(GliokitError, OSError):
    """The result may not, or cannot, be written there."""


class BundleError(GliokitError, ValueError):
    """A model bundle is damaged or does not fit."""


class CheckpointError(GliokitError, ValueError):
    """A training checkpoint does not match its run."""


class DeviceError(GliokitError, RuntimeError):
    """A device or cluster that was asked for cannot be used."""
