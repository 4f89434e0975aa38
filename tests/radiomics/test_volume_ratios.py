"""Volumes and ratios against the published table, absent parts, bad input."""

import csv

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.radiomics.volume_ratios import DEFINITIONS, describe_volume_ratios


def labels_of(et, net, ed, brain):
    """Give labels with so many voxels each, and a brain."""
    counts = {3: et, 1: net, 2: ed, 0: brain - et - net - ed}
    labels = np.concatenate([np.full(n, label) for label, n in counts.items()])
    return labels.reshape(-1, 1, 1), np.ones((brain, 1, 1), dtype=bool)


def test_volumes_and_ratios_are_those_of_the_counts():
    described = describe_volume_ratios(*labels_of(10, 5, 35, 1000), np.diag([1.0, 2.0, 1.5, 1.0]))
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert described["volume_et"] == pytest.approx(30)
    assert described["volume_tc"] == pytest.approx(45)
    assert described["volume_wt"] == pytest.approx(150)
    assert described["volume_brain"] == pytest.approx(3000)
    assert described["volume_et_over_net"] == pytest.approx(2)
    assert described["volume_ed_over_tc"] == pytest.approx(35 / 15)
    assert described["volume_wt_over_brain"] == pytest.approx(0.05)


def test_ratios_are_those_of_the_published_table(shared_data):
    with (shared_data / "tables" / "tcga_bakas_labelled.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    published = {
        name.lower(): float(value) for name, value in row.items() if name.startswith("VOLUME_")
    }
    counts = [round(published[f"volume_{part}"]) for part in ("et", "net", "ed", "brain")]
    described = describe_volume_ratios(*labels_of(*counts), np.eye(4))
    assert list(described) == list(published)
    np.testing.assert_allclose(list(described.values()), list(published.values()), rtol=2e-4)


def test_cavity_is_no_part_of_the_tumor():
    labels, brain = labels_of(10, 5, 35, 1000)
    described = describe_volume_ratios(labels, brain, np.eye(4))
    labels[-100:] = 4
    assert describe_volume_ratios(labels, brain, np.eye(4)) == described


def test_ratio_to_an_absent_part_has_no_value():
    described = describe_volume_ratios(*labels_of(0, 5, 0, 100), np.eye(4))
    assert np.isnan([described["volume_net_over_ed"], described["volume_et_over_ed"]]).all()
    assert described["volume_et"] == described["volume_et_over_net"] == 0


def test_no_tumor_has_shares_of_the_brain_only():
    described = describe_volume_ratios(*labels_of(0, 0, 0, 100), np.eye(4))
    assert described["volume_wt_over_brain"] == 0
    assert np.isnan(described["volume_tc_over_wt"])


def test_mask_on_another_grid_is_refused():
    labels, brain = labels_of(1, 1, 1, 10)
    with pytest.raises(GeometryError, match="resample"):
        describe_volume_ratios(labels, brain[1:], np.eye(4))
    with pytest.raises(GeometryError, match="no volume"):
        describe_volume_ratios(labels, brain, np.zeros((4, 4)))
