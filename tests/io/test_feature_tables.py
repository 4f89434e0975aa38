"""Tables of features: what is read, what becomes unknown and is said, and what is refused."""

import gzip
import logging
import sys

import numpy as np
import pytest

from gliokit.core.errors import CohortError
from gliokit.io.feature_tables import BAKAS_2017, UPENN_CAPTK, Columns, read_feature_table

TEXT = """study_id,patient_id,age,subtype,ET_mean,WT_volume
A-1,A,50,wt,1.5,10
A-2,A,,mut,,12
B-1,B,61,,inf,n/a
"""
COLUMNS = Columns(patient="patient_id", facts=("subtype",))


@pytest.fixture
def write(tmp_path):
    def write_text(text, name="table.csv"):
        path = tmp_path / name
        content = text.encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write_text


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
def test_features_are_read_beside_facts(write, name):
    table = read_feature_table(write(TEXT, name), COLUMNS)
    assert table.studies == ("A-1", "A-2", "B-1")
    assert table.patients == ("A", "A", "B")
    assert table.names == ("ET_mean", "WT_volume")
    assert table.facts == {"age": ("50", "", "61"), "subtype": ("wt", "mut", "")}
    expected = [[1.5, 10], [np.nan, 12], [np.nan, np.nan]]
    assert np.array_equal(table.values, expected, equal_nan=True)


def test_cells_without_a_finite_number_are_counted_and_logged(write, caplog):
    with caplog.at_level(logging.WARNING):
        table = read_feature_table(write(TEXT), COLUMNS)
    said = [(cells.column, cells.count, cells.found, cells.reason) for cells in table.unread]
    assert said == [("ET_mean", 1, "inf", "infinite"), ("WT_volume", 1, "n/a", "text")]
    assert "column ET_mean: 1 cells are unknown now" in caplog.text


def test_parquet_says_the_same(write, tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    columns = {"study_id": ["A", "B"], "age": [50, None], "ET_mean": [0.1, None]}
    parquet.write_table(arrow.table(columns), path)
    table = read_feature_table(path)
    assert table.facts["age"] == ("50", "")
    assert np.array_equal(table.values, [[0.1], [np.nan]], equal_nan=True)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(CohortError, match=r"pip install gliokit\[parquet\]"):
        read_feature_table(tmp_path / "table.parquet")


def test_the_patient_is_read_from_the_study(write):
    text = "ID,x\nUPENN-GBM-00001_11,1\nUPENN-GBM-00002_11,2\n"
    columns = Columns(study="ID", patient_in_study=r"UPENN-GBM-\d+")
    table = read_feature_table(write(text), columns)
    assert table.patients == ("UPENN-GBM-00001", "UPENN-GBM-00002")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study_id,x\nA,1\nA,2\n", "A stands in two rows"),
        ("study_id,x\nA,1\n,2\n", "row 3, column study_id: empty"),
        ("study_id,patient_id,x\nA,,1\n", "row 2, column patient_id: empty"),
        ("study_id,x,x\nA,1,2\n", "column x stands twice"),
        ("study_id,x,subtype\nA,1,wt\n", "column subtype: holds no number, but 'wt'; name it"),
        ("name,x\nA,1\n", "no column study_id"),
        ("study_id,x\nA,1,2\n", "row 2: found 3 cells; needed 2"),
        ("study_id,x\n", "has no rows"),
        ("study_id,age\nA,50\n", "no features, only facts"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(write, text, message):
    with pytest.raises(CohortError, match=message):
        read_feature_table(write(text))


def test_an_id_unlike_a_patient_is_refused(write):
    with pytest.raises(CohortError, match="X-1 does not begin like a patient"):
        read_feature_table(write("study_id,x\nX-1,1\n"), Columns(patient_in_study="P-"))


@pytest.mark.parametrize("name", ["missing.csv", "missing.csv.gz", "missing.parquet"])
def test_a_missing_file_is_said(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    with pytest.raises(CohortError, match="cannot be read"):
        read_feature_table(tmp_path / name)


@pytest.mark.parametrize("name", ["table.csv.gz", "table.parquet"])
def test_a_damaged_file_is_said(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    path = tmp_path / name
    path.write_bytes(b"not what it says")
    with pytest.raises(CohortError, match=name):
        read_feature_table(path)


def test_the_table_of_bakas_is_read(shared_data):
    table = read_feature_table(shared_data / "tables" / "tcga_bakas_labelled.csv", BAKAS_2017)
    assert table.values.shape == (167, 724)
    assert [(cells.column, cells.count) for cells in table.unread] == [("DIST_Vent_ED", 1)]
    without_enhancement = table.features(["VOLUME_ET"]).values[:, 0] == 0
    texture = table.features(["INTENSITY_Mean_ET_T1Gd"]).values[:, 0]
    assert np.array_equal(np.isnan(texture), without_enhancement)
    assert not {"PFI", "idh", "who2021"} & set(table.names)


def test_the_table_of_upenn_is_read(shared_data):
    table = read_feature_table(shared_data / "tables" / "upenn_captk_labelled.csv.gz", UPENN_CAPTK)
    assert table.values.shape == (232, 4752)
    assert len(set(table.patients)) == 232
    assert np.nansum(table.numbers("os_event")) == 231
