"""Planted identifiers: each is where the list says, and dates follow the visits."""

from datetime import timedelta

import numpy as np
import pydicom
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.dicom.identifiers import (
    FAMILIES,
    GIVEN,
    Kind,
    burn_in,
    burned_in_lines,
    burned_in_slices,
    draw_identity,
    series_identifiers,
    study_identifiers,
)
from gliokit.phantom.scan.scanner import Vendor


@pytest.fixture
def identity():
    return draw_identity(np.random.default_rng(5), age=61.4, sex="F")


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((96, 80)).astype(np.float32)


@pytest.mark.parametrize("vendor", Vendor)
def test_each_identifier_stands_in_its_element(identity, vendor):
    elements, listed = study_identifiers(identity, day=90, vendor=vendor)
    written = {element.path: element for element in elements}
    set_by_writer = {"(0008,0020)", "(0008,0021)", "(0008,0022)", "(0008,0023)", "(0008,002A)"}
    for one in listed:
        if one.path in set_by_writer:
            assert one.kind is Kind.DATE
        else:
            assert one.value in str(written[one.path].value)
            assert one.creator == written[one.path].creator


@pytest.mark.parametrize("vendor", Vendor)
def test_every_kind_is_planted_and_every_text_is_listed(identity, vendor):
    elements, listed = study_identifiers(identity, day=0, vendor=vendor)
    assert {one.kind for one in listed} == set(Kind)
    unlisted = {element.path for element in elements} - {one.path for one in listed}
    assert unlisted == {
        "(0010,0040)",  # sex
        "(0010,1010)",  # age
        "(0010,1002)[0](0010,0022)",
        "(0008,0096)[0](0040,1101)[0](0008,0100)",
        "(0008,0096)[0](0040,1101)[0](0008,0102)",
    }


def test_private_blocks_are_those_of_the_vendor(identity):
    groups = {
        vendor: {
            one.path[1:5]
            for one in study_identifiers(identity, day=0, vendor=vendor)[1]
            if one.creator
        }
        for vendor in Vendor
    }
    assert groups == {
        Vendor.SIEMENS: {"0029", "0019"},
        Vendor.GE: {"0043"},
        Vendor.PHILIPS: {"2005"},
    }


def test_standard_elements_have_the_representation_of_the_dictionary(identity):
    elements, _ = study_identifiers(identity, day=0, vendor=Vendor.GE)
    more, _ = series_identifiers(identity, "AX T1", series=2)
    for element in (*elements, *more):
        if not element.creator:
            assert element.vr == pydicom.datadict.dictionary_VR(element.tag)


def test_dates_and_accession_numbers_follow_the_days_of_the_visits(identity):
    assert identity.date_of(120) - identity.date_of(0) == timedelta(days=120)
    assert identity.accession_of(120) != identity.accession_of(0)
    _, listed = study_identifiers(identity, day=120, vendor=Vendor.GE)
    dates = {one.value for one in listed if one.kind is Kind.DATE}
    written = f"{identity.first_date:%d.%m.%Y}"
    assert dates == {f"{identity.date_of(120):%Y%m%d}", written}


def test_birth_date_gives_the_age_at_the_first_scan(identity):
    days = (identity.first_date - identity.birth_date).days
    assert days / 365.25 == pytest.approx(61.4, abs=0.01)
    elements, _ = study_identifiers(identity, day=400, vendor=Vendor.GE)
    assert "062Y" in {element.value for element in elements}


def test_names_are_invented_and_fit_the_sex():
    for seed in range(20):
        identity = draw_identity(np.random.default_rng(seed), age=50, sex="FM"[seed % 2])
        assert identity.family in FAMILIES
        assert identity.given in GIVEN[identity.sex]


def test_same_seed_gives_the_same_person(identity):
    assert draw_identity(np.random.default_rng(5), age=61.4, sex="F") == identity
    assert draw_identity(np.random.default_rng(6), age=61.4, sex="F") != identity


def test_description_of_a_series_can_name_the_patient(identity):
    elements, listed = series_identifiers(identity, "t1_se_tra", series=3)
    assert elements[0].value == f"t1_se_tra {identity.family}"
    assert [one.series for one in listed] == [3, 3]
    assert [one.value for one in listed] == [identity.family, identity.given]


def test_name_survives_a_description_that_is_too_long(identity):
    elements, _ = series_identifiers(identity, "x" * 64, series=3)
    assert elements[0].value.endswith(identity.family)
    assert len(elements[0].value) == 64


def test_burned_in_text_changes_pixels_only_in_its_boxes(picture, identity):
    lines = tuple(text for _, text in burned_in_lines(identity))
    written, boxes = burn_in(picture, lines, level=5.0)
    outside = np.ones(picture.shape, dtype=bool)
    for left, top, right, bottom in boxes:
        assert np.count_nonzero(written[left:right, top:bottom] == 5) > 30
        outside[left:right, top:bottom] = False
    np.testing.assert_array_equal(written[outside], picture[outside])
    assert len(boxes) == len(lines) == 3
    assert picture.max() < 1


def test_burned_in_letters_stand_upright_as_rows_and_columns():
    written, _ = burn_in(np.zeros((40, 20), dtype=np.float32), ("L",), level=1.0)
    columns, rows = written.sum(axis=1), written.sum(axis=0)
    assert columns.argmax() == np.flatnonzero(columns)[0]  # the stem is on the left
    assert rows.argmax() == np.flatnonzero(rows)[-1]  # the foot is below


def test_text_wider_than_the_picture_is_refused(identity):
    small = np.zeros((32, 32), dtype=np.float32)
    with pytest.raises(SimulationError, match="of a picture of 32×32 pixels; needed a larger one"):
        burn_in(small, ("A LONG LINE",), level=1.0)


def test_few_slices_carry_text_once():
    assert burned_in_slices(20) == (5, 10, 15)
    assert burned_in_slices(2) == (0, 1)
