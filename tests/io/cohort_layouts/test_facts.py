"""Words and numbers of other tables to ours; what is not ours stays empty."""

import pytest

from gliokit.core.errors import LayoutError
from gliokit.io.cohort_layouts.facts import idh, joined, number, read_facts, read_table
from gliokit.io.cohort_layouts.found import Facts, Unread


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("WT", "wildtype"),
        ("Wildtype", "wildtype"),
        ("Mutated", "mutant"),
        ("R132H mut", "mutant"),
        ("IDH1 p.Arg132His", "mutant"),
        ("NOS/NEC", None),
        ("not mutated", None),
        ("mutation not tested", None),
        ("IDH1", None),
    ],
)
def test_idh_words(text, value):
    assert idh(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("63.27", "63.27"), ("1e2", "100"), ("130", None), ("89+", None), ("nan", None)],
)
def test_number_must_be_one_that_our_column_holds(text, value):
    assert number("age")(text) == value


@pytest.mark.parametrize("text", ["", "NA", "n/a", "Unknown", "Not  Available"])
def test_what_a_source_calls_unknown_is_neither_read_nor_counted(text):
    assert read_facts({"Age": text}, {"age": ("Age", number("age"))}) == Facts()


def test_first_that_fills_a_column_counts():
    one = Facts({"age": "1"}, (Unread("idh", "?"),))
    two = Facts({"age": "2", "sex": "F"}, (Unread("idh", "?"),))
    assert joined(one, two) == Facts({"age": "1", "sex": "F"}, (Unread("idh", "?"),))


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_table_is_read_whatever_parts_its_cells(tmp_path, sign):
    path = tmp_path / "table.csv"
    path.write_text(f"a{sign}b\n1{sign}2\n", encoding="utf-8-sig")
    assert read_table(path) == [{"a": "1", "b": "2"}]


def test_table_that_is_none_is_refused(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LayoutError, match=r"table\.csv: cannot be read .* needed a table in UTF-8"):
        read_table(tmp_path / "table.csv")
