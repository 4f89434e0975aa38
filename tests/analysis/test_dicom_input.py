"""What is shown of the plan of a DICOM study."""

import numpy as np

from gliokit.analysis.dicom_input import DicomInput
from gliokit.core.findings import PlannedSeries
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.header_evidence import SeriesKind
from gliokit.preprocessing.identify import Choice

STUDY = Study("P-007", {MRSequence.T1C: Image(np.zeros((2, 2, 2), np.float32), np.eye(4))})
CHOSEN = {MRSequence.T1C: Choice(7, 0.98, "")}


def test_the_plan_tells_what_else_would_fit_and_what_is_not_used():
    kinds = {
        4: (SeriesKind.ADC, 0.97),
        5: (SeriesKind.DSC, 0.5),
        6: (SeriesKind.T1C, 0.95),
        7: (SeriesKind.T1C, 0.98),
        8: (SeriesKind.T1C, 0.6),
        9: (SeriesKind.LOCALIZER, 1.0),
    }
    assert DicomInput(STUDY, CHOSEN, (), (), kinds).plan == (
        "t1c: series 7 (98% sure; 6 would fit, too)",
        "adc: series 4, not used",
    )


def test_every_series_is_planned_with_the_reason():
    kinds = {
        9: (SeriesKind.LOCALIZER, 1.0),
        4: (SeriesKind.ADC, 0.97),
        5: (SeriesKind.T2, 0.5),
        6: (SeriesKind.T1C, 0.95),
        7: (SeriesKind.T1C, 0.98049),
    }
    chosen = {MRSequence.T1C: Choice(7, 0.98049, "Header and pixels.")}
    plan = DicomInput(STUDY, chosen, (), (), kinds, ("series 8: localizer",)).series
    assert plan.left_out == ("series 8: localizer",)
    assert plan.read == (
        PlannedSeries(4, "adc", 0.97, (), "Noted, not used."),
        PlannedSeries(5, "t2", 0.5, (), "Not sure enough of what it is: 0.7 is needed."),
        PlannedSeries(6, "t1c", 0.95, (), "Would fit, too; series 7 was taken."),
        PlannedSeries(7, "t1c", 0.98, (MRSequence.T1C,), "Header and pixels."),
        PlannedSeries(9, "localizer", 1.0, (), "Of no sequence that is used."),
    )


def test_a_series_that_nothing_else_fits_stands_alone():
    kinds = {7: (SeriesKind.T1C, 0.98)}
    assert DicomInput(STUDY, CHOSEN, (), (), kinds).plan == ("t1c: series 7 (98% sure)",)
