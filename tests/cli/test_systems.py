"""`gliokit systems` and `gliokit describe`: what there is, and what a reader must know of it."""

import json
import subprocess
import sys

import pytest


def test_every_system_stands_with_its_source_and_state(threshold):
    said = threshold("systems").stdout
    for text in (
        "threshold2000 one threshold",
        "segmentation, from t1c",
        "nobody, doi:10.0000/none",
        "no weights shipped: train it on a cohort of yours",
        "For research use only; not a medical device",
    ):
        assert text in said


def test_systems_are_told_as_json(threshold):
    [system] = json.loads(threshold("systems", "--json").stdout)
    assert (system["name"], system["inputs"], system["fields"]) == (
        "threshold2000",
        ["t1c"],
        ["labels"],
    )


def test_ours_says_which_weights_are_shipped(gliokit):
    states = {own["name"]: own["state"] for own in json.loads(gliokit("systems", "--json").stdout)}
    assert states["default"] == "weights shipped: default, default-sim"


def test_a_published_figure_stands_with_cohort_level_and_caveat(threshold):
    said = threshold("describe", "threshold2000").stdout
    assert "0.81    mean Dice, whole tumor; 5 patients; by patient" in said
    assert "easy" in said
    assert "never to be compared with your figures" in said


def test_what_is_assumed_and_every_setting_are_shown(threshold):
    said = threshold("describe", "threshold2000").stdout
    assert "Assumed\n  - the number of steps" in said
    assert "Done otherwise than in the paper\n  - no neighborhood" in said
    assert "  schedule.regularization.dropout = 0.0" in said


def test_a_card_is_told_as_json(threshold):
    card = json.loads(threshold("describe", "threshold2000", "--json").stdout)
    assert card["figures"][0]["value"] == 0.81
    assert card["settings"]["steps"] == 5


def test_an_unknown_system_is_refused(threshold):
    ending = threshold("describe", "chen2081")
    assert ending.code == 2
    assert "no system is called 'chen2081'; there are threshold2000" in ending.stderr


@pytest.mark.parametrize("words", [["systems"], ["describe", "havaei2017"]])
def test_no_torch_is_needed(words):
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"sys.argv = ['gliokit', *{words!r}]\n"
        "from gliokit.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "havaei2017" in done.stdout
