"""Findings as JSON: the same bytes, a valid schema, and back again."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from gliokit.core.course import Course
from gliokit.core.errors import FindingsError
from gliokit.core.findings import (
    DetectionLimit,
    Limit,
    Notice,
    PlannedSeries,
    QualityCheck,
    Quantity,
    SeriesPlan,
    Verdict,
)
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.reporting.findings_json import findings_json, read_findings
from gliokit.reporting.findings_schema import findings_schema

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "findings.schema.json"


def test_findings_come_back_as_they_were(case):
    warned = replace(
        case.findings,
        model=None,
        warnings=(Notice("w", "Größe [2, 3] doubtful,\n  see {x}."),),
        minimum_lesion_ml=Quantity(0.1, "mL", (0.05, 0.2)),
        quality=(
            QualityCheck(
                "slice-spacing",
                MRSequence.T2,
                Quantity(5.5, "mm"),
                Limit(None, 5.0, "mm", "a protocol"),
                Verdict.DOUBTFUL,
                "Thick.",
            ),
            QualityCheck(
                "ghosting",
                None,
                None,
                Limit(None, 0.04, "1", "assumed"),
                Verdict.NOT_ASSESSABLE,
                "No air.",
            ),
        ),
        detection_limit=DetectionLimit(
            Region.ENHANCING_TUMOR, None, Quantity(0.02, "mL"), None, None, "Not measured."
        ),
        course=Course(30, -2.5),
        series=SeriesPlan(
            (PlannedSeries(2, "t1c", 0.98, (MRSequence.T1C,), "Sure."),), ("series 1: localizer",)
        ),
    )
    jsonschema.validate(json.loads(findings_json(warned)), findings_schema())
    for findings in (case.findings, warned):
        assert read_findings(findings_json(findings)) == findings


def test_findings_of_the_version_before_are_read_and_fit_the_schema(case):
    record = json.loads(findings_json(case.findings)) | {"schema_version": "1.2"}
    del record["course"], record["series"]
    jsonschema.validate(record, findings_schema())
    read = read_findings(json.dumps(record))
    assert replace(read, schema_version=case.findings.schema_version) == case.findings


def test_labels_are_written_as_number_and_term(case):
    volumes = json.loads(findings_json(case.findings))["volumes_by_label"]
    assert volumes[2]["label"] == {"number": 3, "term": "enhancing tumor"}


def test_numbers_are_rounded_to_six_decimals(case):
    noisy = replace(case.findings, minimum_lesion_ml=Quantity(0.1 + 2e-9, "mL", (-1e-9, 1 / 3)))
    written = json.loads(findings_json(noisy))["minimum_lesion_ml"]
    assert written == {"value": 0.1, "unit": "mL", "interval": [0.0, 0.333333]}
    assert "-0.0" not in findings_json(noisy)


def test_lists_of_numbers_stand_on_one_line(case):
    assert '"shape": [48, 56, 24],' in findings_json(case.findings)


def test_number_that_is_none_is_refused(case):
    with pytest.raises(ValueError, match="nan"):
        findings_json(replace(case.findings, minimum_lesion_ml=Quantity(float("nan"), "mL")))


def test_findings_fit_the_schema(case):
    validator = jsonschema.Draft202012Validator(findings_schema())
    validator.check_schema(findings_schema())
    validator.validate(json.loads(findings_json(case.findings)))


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "0.9"},
        {"minimum_lesion_ml": {"value": 0.1, "unit": "cm", "interval": None}},
        {"missing": ["pd"]},
        {"course": {"surgery": "2014-03-09"}},
        {"series": {"read": [{"kind": "cbv"}], "left_out": []}},
        {"unknown": 1},
    ],
)
def test_schema_refuses_what_findings_never_are(case, change):
    record = json.loads(findings_json(case.findings)) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, findings_schema())


def test_schema_refuses_a_number_with_the_term_of_another_label(case):
    record = json.loads(findings_json(case.findings))
    record["volumes_by_label"][0]["label"]["term"] = "enhancing tumor"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, findings_schema())


def test_schema_in_the_documentation_is_the_one_in_the_code():
    expected = json.dumps(findings_schema(), indent=2, ensure_ascii=False) + "\n"
    assert SCHEMA_FILE.read_text() == expected, "write findings_schema() to docs again"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "findings are not JSON"),
        ("[]", "schema version None, needed 1.2"),
        ('{"schema_version": "0.1"}', "schema version 0.1, needed 1.2"),
        ('{"schema_version": "1.2"}', "do not fit the schema at study_id: Field required"),
    ],
)
def test_unreadable_findings_are_refused_with_the_reason(text, message):
    with pytest.raises(FindingsError, match=message):
        read_findings(text)


def test_writing_findings_does_not_wait_for_pydantic():
    code = "import sys, gliokit.reporting.findings_json; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
