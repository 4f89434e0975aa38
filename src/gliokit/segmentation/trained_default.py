"""The default model, trained anew: coarse and fine U-Net on the labelled studies of a cohort.

What is trained here is a bundle that `gliokit analyze --model` runs. No simulated patient is
added, other than in the shipped bundles; a start from one of them is a setting.

Source: gliokit's own; `segmentation/default.py` tells how the two networks work together.
"""

import shutil
import tempfile
import weakref
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from gliokit.bundles.bundle import Bundle, Card
from gliokit.bundles.session import Device
from gliokit.core.cohort import Cohort
from gliokit.core.errors import BundleError, CohortError
from gliokit.core.study import Study
from gliokit.core.system import LABELS, Prediction, SystemCard, Task, TrainingRun, check_fields
from gliokit.evaluation.overlap import dice
from gliokit.learning.cases import Case, Cases
from gliokit.preprocessing.brain import check_brain
from gliokit.preprocessing.view import INPUTS, brain_of, view_of
from gliokit.segmentation.calibration import (
    CALIBRATION,
    Calibration,
    RegionCalibration,
    read_calibration,
)
from gliokit.segmentation.default import (
    FLUID_SENSITIVE,
    OUTPUTS,
    DefaultSegmenter,
    check_sequences,
    open_session,
)
from gliokit.segmentation.default_settings import (
    COARSE,
    FULL,
    LEVELS,
    TINY,
    DefaultSettings,
    check_settings,
    start_weights,
)
from gliokit.segmentation.examples import (
    Changes,
    Example,
    Rng,
    coarse_example,
    fine_example,
    prepared,
)

if TYPE_CHECKING:
    from torch import nn

    from gliokit.networks.unet import UNet

FILES = (*(f"{name}{end}" for name in LEVELS for end in (".xml", ".bin")), CALIBRATION)
UNCALIBRATED = Calibration({region: RegionCalibration(1.0, 0.0) for region in OUTPUTS})
JUDGED = 4  # studies of the validation cohort that a score is the mean of, at most

CARD = SystemCard(
    name="default",
    title="gliokit's coarse and fine U-Net",
    task=Task.SEGMENTATION,
    question="Where are whole tumor, tumor core, enhancing tumor and resection cavity?",
    sequences=INPUTS,
    fields=(LABELS,),
    source="our own; its networks are after Ronneberger et al., MICCAI 2015, "
    "doi:10.1007/978-3-319-24574-4_28",
    cohort="what it is trained on; the cards of the shipped bundles tell theirs",
    figures=(),
    assumed=(
        "Widths of the networks, size of the crops, shares of left-out sequences, and how far an "
        "example is scaled, brightened and given noise.",
        "Half of the time limit for each network.",
    ),
    departures=(
        "The shipped bundles learnt from simulated patients, scanned anew for each example, and "
        "from real cases changed at full size; here every example is of the cohort, and is "
        "changed after it is cut.",
    ),
    caveats=(
        "Each study needs flair or t2; without t1c, enhancement cannot be seen.",
        "Not calibrated: no intervals, and nothing is left out for being unsure.",
        "The bundle `default` has seen 12 cases of TCGA-GBM and TCGA-LGG: what starts from it must "
        "not be judged on them. `default-sim` has seen no real image.",
    ),
    any_subset=True,
    outputs=OUTPUTS,
)


class Default:
    """The default model as a system that learns from a cohort.

    Parameters
    ----------
    settings : DefaultSettings
        How it is made and taught.
    run : TrainingRun
        Where and how long.

    Attributes
    ----------
    segmenter_ : DefaultSegmenter
        Runs what was learnt.
    folder_ : Path
        Where it lies as long as this object lives.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[DefaultSettings]] = DefaultSettings
    TINY: ClassVar[DefaultSettings] = TINY

    def __init__(
        self, settings: DefaultSettings = FULL, *, run: TrainingRun = TrainingRun()
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Train both networks; other patients, where given, are scored on the way.

        Raises
        ------
        CohortError
            If a study has no labels, or neither flair nor t2.
        SettingsError
            If the settings cannot be those of these networks.
        """
        from gliokit.learning.export import write_ir  # torch is optional

        check_settings(self.settings)
        check_fields(cohort, CARD)
        check_fluid_sensitive(cohort)
        folder = self._own_folder()
        others = validation or cohort.only(())
        with Cases(cohort, prepared) as cases, Cases(others, prepared) as judged:
            for name in LEVELS:
                network = self._taught(name, cases, judged)
                write_ir(network.cpu(), folder / f"{name}.xml")
        (folder / CALIBRATION).write_text(UNCALIBRATED.to_json())
        return self._using(folder)

    def predict(self, study: Study) -> Prediction:
        """Outline the tumor of one study; nothing is refused for doubt.

        Raises
        ------
        NotAssessableError
            If the images show no skull-stripped brain, or have neither flair nor t2.
        """
        check_sequences(study)
        brain = brain_of(study)
        check_brain(brain, study.reference.affine, study_id=study.study_id)
        view = view_of(study, brain)
        outlined = self.segmenter_.outline(self.segmenter_.look(view), view, study.phase)
        return Prediction(study.study_id, labels=outlined.labels)

    def write_weights(self, folder: Path) -> None:
        """Write both networks and their calibration."""
        for name in FILES:
            shutil.copyfile(self.folder_ / name, folder / name)

    def read_weights(self, folder: Path) -> Self:
        """Take up both networks and their calibration.

        Raises
        ------
        BundleError
            If one of them is missing.
        """
        own = self._own_folder()
        for name in FILES:
            if not (folder / name).is_file():
                raise BundleError(f"{folder} has no {name}; give what `gliokit train` wrote")
            shutil.copyfile(folder / name, own / name)
        return self._using(own)

    def _own_folder(self) -> Path:
        """Make a folder that lives as long as this object: networks are read when they run."""
        folder = tempfile.mkdtemp(prefix="gliokit-default-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _using(self, folder: Path) -> Self:
        self.folder_ = folder
        bundle = Bundle(folder, _card_of_networks(), sha256="")  # not sealed: it is our own
        device: Device = "cuda" if self.run.device.startswith("cuda") else "cpu"
        session = open_session(bundle, threads=None, device=device)
        calibration = read_calibration(folder / CALIBRATION)
        self.segmenter_ = DefaultSegmenter(bundle, session, calibration)
        return self

    def _taught(self, name: str, cases: Cases, judged: Cases) -> "UNet":
        """Make a network and teach it."""
        import torch  # optional, and so is what follows

        from gliokit.learning.lesson import Lesson, teach
        from gliokit.learning.losses import region_loss
        from gliokit.learning.torch_session import read_unet
        from gliokit.learning.weights import take_over
        from gliokit.networks.unet import UNet

        own, stage = self.settings, self.settings.stage(name)
        torch.manual_seed(self.run.seed)
        network = UNet(len(INPUTS), len(OUTPUTS), widths=stage.widths)
        if own.start:
            take_over(network, read_unet(*start_weights(own.start, name)).state_dict())
        seen = list(judged)[:JUDGED]
        fixed = [
            self._example(name, c, np.random.default_rng(n), Changes()) for n, c in enumerate(seen)
        ]
        lesson = Lesson(
            part=name,
            draw=lambda rng: self._example(name, cases.draw(rng), rng, own.changes(name)),
            loss=region_loss,
            schedule=stage.schedule,
            data=f"{cases.sha256} {judged.sha256}",
            settings=repr(own),
            validate=partial(mean_dice, fixed) if fixed else None,
        )
        share = own.coarse_share if name == COARSE else 1 - own.coarse_share
        teach(network, lesson, self.run.share(share))
        return network

    def _example(self, name: str, case: Case, rng: Rng, changes: Changes) -> Example:
        show = coarse_example if name == COARSE else fine_example
        return show(case.arrays, rng, changes, crops=self.settings.stage(name).crops)


def mean_dice(examples: list[Example], network: "nn.Module") -> float:
    """Score a network: mean Dice of whole tumor, core and enhancing tumor over examples."""
    import torch

    from gliokit.learning.device import answering, placed

    device = next(network.parameters()).device
    scores = []
    for x, y in examples:
        with answering(str(device), mixed=True):
            logits = network(placed(torch.from_numpy(x)[None].to(device)))[0]
        prediction = (logits > 0).cpu().numpy()
        scores += [dice(a > 0.5, b) for a, b in zip(y[:3], prediction[:3], strict=True)]
    return float(np.mean(scores))


def check_fluid_sensitive(cohort: Cohort) -> None:
    """Refuse a cohort with studies that the model could not be asked about.

    Raises
    ------
    CohortError
        Naming the row that has neither flair nor t2.
    """
    for row in cohort.rows:
        if not FLUID_SENSITIVE & row.cells.keys():
            raise CohortError(
                f"system {CARD.name} needs the column flair or t2; row {row.number} has neither: "
                "fill one, or leave this row out"
            )


def _card_of_networks() -> Card:
    """Give the part of a bundle's card that says what goes in and what comes out."""
    nothing: tuple[str, ...] = ()
    return Card(
        name=CARD.name,
        version=version("gliokit"),
        purpose=CARD.question,
        inputs=INPUTS,
        outputs=OUTPUTS,
        training=nothing,
        evaluation=nothing,
        intended_use="",
        limits=nothing,
        assumed=nothing,
        licence="",
    )
