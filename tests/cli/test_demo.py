"""`gliokit demo`: the shipped model on a simulated study."""

import re


def test_demo_outlines_the_simulated_tumor_and_says_how_well(gliokit, tmp_path):
    ending = gliokit("demo", tmp_path / "demo")
    assert ending.code == 0
    assert (tmp_path / "demo" / "report.html").is_file()
    dice = re.search(r"simulated truth, whole tumor: ([0-9.]+)", ending.stderr)
    assert float(dice[1]) > 0.7
