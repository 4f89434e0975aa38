"""What the studies of a site share."""

import numpy as np
import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.scan.scanner import draw_scanner, draw_session


def test_studies_of_one_scanner_share_slices_and_settings():
    scanner = draw_scanner(np.random.default_rng(0))
    sessions = [draw_session(np.random.default_rng(s), scanner) for s in range(5)]
    for sequence in MRSequence:
        template = scanner.acquisitions[sequence]
        for session in sessions:
            assert session.acquisitions[sequence].thickness_mm == template.thickness_mm
            assert session.scan.protocols[sequence].te_ms == pytest.approx(
                scanner.protocols[sequence].te_ms, rel=0.05
            )


def test_patients_of_one_scanner_differ():
    scanner = draw_scanner(np.random.default_rng(0))
    one, two = (draw_session(np.random.default_rng(s), scanner) for s in range(2))
    assert not np.array_equal(one.scan.tissues, two.scan.tissues)
    assert not np.array_equal(
        one.acquisitions[MRSequence.T2].shift_mm, two.acquisitions[MRSequence.T2].shift_mm
    )


def test_scanners_differ_in_field_strength_and_slices():
    scanners = [draw_scanner(np.random.default_rng(s)) for s in range(40)]
    assert {scanner.field_t for scanner in scanners} == {1.5, 3.0}
    assert len({s.acquisitions[MRSequence.T2].thickness_mm for s in scanners}) > 10
