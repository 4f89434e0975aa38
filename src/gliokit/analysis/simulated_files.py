"""One simulated patient as files: images, labels, maps, truth, and what else is asked for."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from gliokit.analysis.output import csv_text
from gliokit.core.image import Image
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.datasets import DATASET_LAYOUTS, Extra, Item
from gliokit.io.nifti import write_frames, write_image, write_label_map
from gliokit.io.pictures import write_png
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, simulate_visits
from gliokit.phantom.dicom.identifiers import draw_identity
from gliokit.phantom.dicom.render import HeadScan
from gliokit.phantom.dicom.series import draw_plan
from gliokit.phantom.dicom.study import write_study
from gliokit.phantom.maps.biopsy import draw_biopsies
from gliokit.phantom.maps.histology import draw_tile
from gliokit.phantom.one_thread import one_thread
from gliokit.phantom.truth import as_json, truth_json

NOTE = "simulated by gliokit"
TINY_COARSENESS = 3.0  # of the DICOM series of tiny studies
BIOPSY_COLUMNS = ("biopsy", "target", "x_mm", "y_mm", "z_mm", "cells_per_mm2", "tile")


@dataclass(frozen=True, slots=True)
class Files:
    """What is written of each study, beside images, labels and truth.

    Attributes
    ----------
    layout : str
        A name of `gliokit.io.datasets.DATASET_LAYOUTS`.
    tissues : bool
        The map of all tissues.
    biopsies : int
        Specimens of the first visit, with stained tiles.
    dicom, enhanced : bool
        Whole-head series as scanners write them; multi-frame.
    burn_text : bool
        Identifiers in pixels, too.
    """

    layout: str = "brats"
    tissues: bool = False
    biopsies: int = 0
    dicom: bool = False
    enhanced: bool = False
    burn_text: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the studies of a cohort under a folder."""

    folder: Path
    settings: CohortSettings
    files: Files

    def write_patient(self, number: int) -> Iterator[str]:
        """Simulate a patient, write each visit, and give its study id when it is written."""
        for simulated in simulate_visits(self.settings, number):
            self._write_visit(simulated)
            yield simulated.study.study_id

    def path(self, simulated: SimulatedVisit, item: Item) -> Path:
        """Give the place of a file, and make its folder."""
        patient = simulated.person.patient.patient_id
        place = DATASET_LAYOUTS[self.files.layout](patient, simulated.study.study_id, item)
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @one_thread
    def _write_visit(self, simulated: SimulatedVisit) -> None:
        body = simulated.look.body
        for sequence in MRSequence:
            write_image(self.path(simulated, sequence), simulated.study[sequence], note=NOTE)
        write_label_map(self.path(simulated, Extra.LABELS), simulated.labels)
        if self.files.tissues:
            tissues = Image(body.tissues.astype(np.float32), body.affine)
            write_image(self.path(simulated, Extra.TISSUES), tissues, note=NOTE)
        for kind in simulated.maps:
            self._write_map(simulated, kind)
        beside: dict[str, object] = {}
        if self.files.biopsies and simulated.visit.number == 0:
            beside["biopsies_asked"] = self.files.biopsies  # a small tumor has room for fewer
            beside["biopsies"] = self._write_biopsies(simulated)
        if self.files.dicom:
            beside |= self._write_dicom(simulated)
        text = truth_json(simulated, self.settings, beside=beside)
        self.path(simulated, Extra.TRUTH).write_text(text, encoding="utf-8")

    def _made_by(self) -> str:
        """Name the settings by a hash: other settings make other files of the same patient."""
        facts = {**asdict(self.settings), "patients": 0, "anatomies": len(self.settings.anatomies)}
        return hashlib.sha256(as_json([facts, self.files]).encode()).hexdigest()[:16]

    def _write_map(self, simulated: SimulatedVisit, kind: Map) -> None:
        volume = simulated.maps[kind]
        path = self.path(simulated, kind)
        if volume.array.ndim == 4:
            write_frames(path, volume.array, volume.affine, step_s=volume.step_s, note=NOTE)
        else:
            write_image(path, Image(volume.array, volume.affine), note=NOTE)
        for name, array in volume.truth.items():
            folder = self.path(simulated, Extra.TRUTH_MAP)
            folder.mkdir(exist_ok=True)
            write_image(folder / f"{name}.nii.gz", Image(array, volume.affine), note=NOTE)

    def _write_biopsies(self, simulated: SimulatedVisit) -> list[dict[str, object]]:
        """Write table and tiles; give the truth about each specimen."""
        rng = np.random.default_rng([simulated.person.patient.seed, 5])
        biopsies = draw_biopsies(
            simulated.look.body.tissues,
            simulated.look.density,
            affine=simulated.look.body.affine,
            biology=simulated.person.biology,
            count=self.files.biopsies,
            rng=rng,
        )
        folder = self.path(simulated, Extra.BIOPSIES)
        folder.mkdir()
        rows: list[tuple[str | int, ...]] = []
        truths: list[dict[str, object]] = []
        for number, biopsy in enumerate(biopsies, start=1):
            tile = draw_tile(biopsy.density, rng)
            name = f"tile-{number}.png"
            write_png(folder / name, tile.image)
            place = [f"{mm:.2f}" for mm in biopsy.planned_mm]
            rows.append((number, biopsy.target, *place, f"{tile.cells_per_mm2:.0f}", name))
            nuclei = {"nuclei_px": tile.centers_px.round(2).tolist(), "um_per_px": tile.um_per_px}
            truths.append({**asdict(biopsy), **nuclei})
        table = csv_text(BIOPSY_COLUMNS, rows)
        (folder / "biopsies.csv").write_text(table, encoding="utf-8")
        return truths

    def _write_dicom(self, simulated: SimulatedVisit) -> dict[str, object]:
        """Write the series; give their plan and the planted identifiers."""
        patient, scanner = simulated.person.patient, simulated.person.scanner
        identity = draw_identity(
            np.random.default_rng([patient.seed, 6]), age=patient.age, sex=patient.sex
        )
        render = HeadScan(simulated)
        plan = draw_plan(
            np.random.default_rng([patient.seed, 7, simulated.visit.number]),
            vendor=scanner.vendor,
            extent_mm=render.extent_mm,
            field_t=scanner.field_t,
            coarseness=TINY_COARSENESS if self.settings.tiny else 1.0,
            enhanced=self.files.enhanced,
        )
        planted = write_study(
            self.path(simulated, Extra.DICOM),
            replace(plan, made_by=self._made_by()),
            render=render,
            identity=identity,
            day=simulated.visit.day,
            burn_text=self.files.burn_text,
        )
        return {"dicom": plan, "planted_identifiers": planted}
