"""The timeline as JSON: exact figures, each with its unit, in the same bytes."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from gliokit.core.findings import DetectionLimit, Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.resection import Volumes, extent_of_resection
from gliokit.measurement.timeline import Resection
from gliokit.reporting.timeline_json import timeline_json
from gliokit.reporting.timeline_schema import SCHEMA_VERSION, timeline_schema

SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "timeline.schema.json"


def read(timeline):
    return json.loads(timeline_json(timeline))


def test_figures_come_out_as_they_went_in(timeline):
    visit = read(timeline)["visits"][1]
    assert visit["day"] == {"value": 56, "unit": "d"}
    assert visit["enhancing"]["product"] == {"value": 500.0, "unit": "mm2"}
    assert visit["volumes"]["ET"] == {"value": 5.0, "unit": "mL", "interval": [2.5, 10.0]}
    assert visit["dexamethasone"] == {"value": 4.0, "unit": "mg/d"}
    lesion = visit["enhancing"]["lesions"][0]
    assert lesion["longest"]["length"] == {"value": 25.0, "unit": "mm"}
    assert lesion["longest"]["end"] == {"value": [25.0, 0.0, 5.0], "unit": "mm"}
    assert (lesion["name"], lesion["target"], lesion["measurable"]) == ("L1", True, True)


def test_categories_come_out_with_reason_and_change(timeline):
    last = read(timeline)["verdicts"][0]["assessments"][-1]
    assert last["category"] == "PD"
    assert last["clauses"] == ["RANO 2.0 7"]
    assert last["sizes"][0]["change_from_nadir"] == {"value": 1.0, "unit": "1"}
    assert last["sizes"][0]["baseline"] == {"value": 800.0, "unit": "mm2"}
    assert last["progression"] == {"value": 168, "unit": "d"}
    assert read(timeline)["verdicts"][1]["reason_not_used"].startswith("T2/FLAIR cannot")


def test_a_change_stands_with_its_interval_and_how_sure_it_is(timeline):
    changes = read(timeline)["visits"][1]["changes"]
    nadir = next(it for it in changes if (it["region"], it["since"]) == ("ET", "nadir"))
    assert nadir["day"] == {"value": 0, "unit": "d"}
    assert nadir["relative"]["value"] == -0.375
    low, high = nadir["relative"]["interval"]
    assert low < -0.375 < high
    assert nadir["absolute"]["unit"] == "mL"
    assert [it["share"] for it in nadir["certainties"]] == [0.25, 0.4]
    whole = next(it for it in changes if it["region"] == "WT")
    assert whole["relative"]["interval"] is None
    assert "has no interval" in whole["reason_no_interval"]


def test_what_surgery_removed_stands_with_its_classes(timeline):
    extent = extent_of_resection(Volumes(20.0), Volumes(0.8))
    operated = replace(timeline, resection=Resection(0, -2, 1, extent))
    own = json.loads(timeline_json(operated))["resection"]
    assert own["removed_enhancing"] == {"value": 0.96, "unit": "1"}
    assert own["classes"] == ["2B"]
    jsonschema.validate(json.loads(timeline_json(operated)), timeline_schema())


def test_an_open_end_of_an_interval_is_null(timeline):
    own = timeline.visits[1].changes[-1]
    wide = replace(own, relative=Quantity(0.5, "1", (-0.2, math.inf)))
    visit = replace(timeline.visits[1], changes=(wide,))
    record = read(replace(timeline, visits=(visit,)))
    assert record["visits"][0]["changes"][0]["relative"]["interval"] == [-0.2, None]
    jsonschema.validate(record, timeline_schema())


def test_the_detection_limit_of_a_visit_is_told(timeline):
    volume = Quantity(0.2, "mL")
    limit = DetectionLimit(Region.ENHANCING_TUMOR, volume, volume, volume, None, "By rule.")
    visit = replace(timeline.visits[0], detection_limit=limit)
    record = read(replace(timeline, visits=(visit,)))
    assert record["visits"][0]["detection_limit"]["volume"]["value"] == 0.2
    assert record["visits"][0]["detection_limit"]["text"] == "By rule."
    jsonschema.validate(record, timeline_schema())


def test_the_schema_in_the_documentation_is_the_one_in_the_code():
    expected = json.dumps(timeline_schema(), indent=2, ensure_ascii=False) + "\n"
    assert SCHEMA_FILE.read_text() == expected, "run docs/make.py"


def test_what_is_unknown_is_null(timeline):
    visit = read(timeline)["visits"][2]
    assert [visit[key] for key in ("whole", "dexamethasone", "kps", "clinical_change")] == [
        None
    ] * 4
    assert read(replace(timeline, therapy=""))["therapy"] is None


def test_lengths_are_in_voxels_where_millimeters_are_false(timeline):
    text = timeline_json(replace(timeline, voxel_units=True))
    visit = json.loads(text)["visits"][0]
    assert visit["enhancing"]["product"] == {"value": 800.0, "unit": "voxel2"}
    assert visit["volumes"]["ET"] == {
        "value": 8000.0,
        "unit": "voxel",
        "interval": [4000.0, 16000.0],
    }
    assert not re.search(r"\b(mm|mL)", text)


@pytest.mark.parametrize("voxel_units", [False, True])
def test_a_timeline_fits_the_schema(timeline, voxel_units):
    jsonschema.Draft202012Validator.check_schema(timeline_schema())
    jsonschema.validate(read(replace(timeline, voxel_units=voxel_units)), timeline_schema())


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "0.9"},
        {"unknown": 1},
        {"visits": [{"study_id": "S"}]},
        {"patient_id": None},
    ],
)
def test_the_schema_refuses_what_a_timeline_never_is(timeline, change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(timeline) | change, timeline_schema())


def test_the_schema_refuses_a_number_without_its_unit(timeline):
    record = read(timeline)
    record["visits"][0]["day"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, timeline_schema())


def test_the_text_names_its_version_and_that_it_is_for_research(timeline):
    record = read(timeline)
    assert (record["schema"], record["schema_version"]) == ("gliokit timeline", SCHEMA_VERSION)
    assert record["disclaimer"] == "For research use only; not a medical device."
    assert record["simulated"] is False


def test_quantities_stand_on_one_line(timeline):
    text = timeline_json(timeline)
    assert '"day": {"value": 56, "unit": "d"},' in text
    assert '{"value": 5.0, "unit": "mL", "interval": [2.5, 10.0]}' in text


def test_brackets_in_a_note_stay_as_they_are(timeline):
    note = 'see [1,\n   2] and {"value": 3}'
    visit = replace(timeline.visits[0], notes=(note,))
    assert read(replace(timeline, visits=(visit,)))["visits"][0]["notes"] == [note]


def test_a_number_that_is_none_is_refused(timeline):
    volumes = {Region.WHOLE_TUMOR: Quantity(float("nan"), "mL")}
    visit = replace(timeline.visits[0], volumes=volumes)
    with pytest.raises(ValueError, match="nan"):
        timeline_json(replace(timeline, visits=(visit,)))


def test_the_same_timeline_gives_the_same_bytes(timeline):
    assert timeline_json(timeline) == timeline_json(timeline)
    assert timeline_json(timeline).endswith("}\n")
