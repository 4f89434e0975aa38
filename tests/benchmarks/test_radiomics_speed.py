"""The names and the arithmetic of the comparison with pyradiomics and mirp."""

import math

import numpy as np
import pytest

from gliokit.radiomics.extract import definitions


@pytest.fixture
def names(load):
    return load("radiomics_names")


@pytest.fixture
def speed(load):
    return load("radiomics_speed")


def test_every_name_of_pyradiomics_leads_to_a_feature_of_ours(names):
    ours = {each.name for each in definitions()}
    tags = [
        names.tag_of_pyradiomics(f"{family}_{feature}")
        for family, (_, _, middle) in names.PYRADIOMICS.items()
        for feature in middle
    ]
    assert len(tags) == 102  # of 107: five have no counterpart in IBSI
    assert {tag.removesuffix("_3D_avg").removesuffix("_3D") for tag in tags} <= ours


def test_a_feature_of_pyradiomics_outside_ibsi_has_no_tag(names):
    assert names.tag_of_pyradiomics("glcm_MCC") is None


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("morph_volume", "morph_volume"),
        ("ih_p10_fbn_n32", "ih_p10"),
        ("cm_contrast_d1_3d_avg_fbn_n32", "cm_contrast_3D_avg"),
        ("rlm_sre_3d_v_mrg_fbn_n32", "rlm_sre_3D_comb"),
        ("szm_sze_3d_fbn_n32", "szm_sze_3D"),
        ("ngl_lde_d1_a0.0_3d_fbn_n32", "ngl_lde_3D"),
    ],
)
def test_endings_of_mirp_become_ours(names, name, tag):
    assert names.tag_of_mirp(name) == tag


def test_kurtosis_of_pyradiomics_loses_its_three(speed):
    assert speed.tagged("pyradiomics", {"firstorder_Kurtosis": 3.5}) == {"stat_kurt": 0.5}


def test_agreement_keeps_known_departures_apart(speed):
    found = speed.agreement(
        {"a": 1.0, "b": 2.0, "c": 4.0}, {"a": 1.0, "b": 2.5, "c": 5.0, "d": 0.0}, {"c": "known"}
    )
    assert found["compared"] == 2
    assert found["largest"] == {"b": pytest.approx(0.2)}
    assert found["departures"] == {"c": {"relative": pytest.approx(0.2), "reason": "known"}}
    assert found["theirs_only"] == ["d"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [(0, 0, 0), (-1, 1, 2), (3, 4, 0.25), (math.nan, math.nan, 0), (math.nan, 1, math.inf)],
)
def test_relative_difference(speed, one, other, expected):
    assert speed.relative(one, other) == expected


def test_a_ratio_above_one_is_a_slower_peer(speed):
    ours = {part: {"x": 2.0} for part in ("whole", "warm", "memory")}
    theirs = {part: {"x": 5.0} for part in ("whole", "warm", "memory")}
    assert set(speed.ratios(ours, theirs).values()) == {2.5}


def test_the_region_has_the_voxels_it_is_asked_for(speed):
    distance = np.random.default_rng(0).random((9, 8, 7))
    region = speed.nearest(distance, 100)
    assert region.sum() == 100
    assert distance[region].max() < distance[~region].min()
