"""`gliokit` with a segmenter and a system that need no model: a program for tests to interrupt."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import fakes

import gliokit.analysis.systems
import gliokit.cli.analyze
from gliokit.cli.main import main

if __name__ == "__main__":
    # a shell starts background jobs with Ctrl-C ignored, and children inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gliokit.cli.analyze.load_segmenter = fakes.load
    gliokit.analysis.systems.SYSTEMS = {"threshold2000": fakes.ThresholdSystem}
    main()
