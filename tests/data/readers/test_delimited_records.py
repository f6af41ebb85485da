"""Records and fields of text are those of Python's csv module, whatever the quotes are."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.data.readers import delimited_records
from ravine.data.readers.delimited_records import BLANKS, find_records, split_records

pieces = st.sampled_from(['"', '""', "#", " ", "\t", "\n", "a", "b c", "é", "1.5", "SEPARATOR"])


def of_csv(text, separator, **options):
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, **options)
    return [[cell.strip() for cell in row] for row in reader]


def closed(text, separator):
    """Return whether csv finds the end of every quoted field."""
    try:
        of_csv(text, separator, strict=True)
    except csv.Error as error:
        return "unexpected end" not in str(error)
    return True


@settings(max_examples=400, deadline=None)
@given(
    parts=st.lists(pieces, min_size=1, max_size=40),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    block=st.sampled_from([1, 3, 7, 1 << 24]),
)
def test_records_are_those_of_the_csv_module(parts, separator, block):
    text = "".join(part.replace("SEPARATOR", separator) for part in parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited_records, "BLOCK", block)  # records that cross the end of a block
        records = find_records(text.encode(), separator)
        rows = split_records(text.encode(), separator)
    if records.unclosed is not None:
        assert text.encode()[records.unclosed : records.unclosed + 1] == b'"'
        return
    assert closed(text, separator)
    expected = [row for row in of_csv(text, separator) if any(row)]
    assert [row for row in rows if any(row)] == expected
    widths = records.widths[records.values].tolist()
    assert [w for w, row in zip(widths, rows, strict=True) if any(row)] == [len(row) for row in expected]


@pytest.mark.parametrize(
    ("text", "widths"),
    [
        ("a  b\tc\n 1 2   3 \n\n", [3, 3]),
        ('"u v" w\nx y', [2, 2]),
        ('"u\nv" w\nx y\n', [2, 2]),
        ('w" v\nx y\n', [2, 2]),
    ],
)
def test_fields_between_blanks(text, widths):
    assert find_records(text.encode(), BLANKS).widths.tolist() == widths
    assert [len(row) for row in split_records(text.encode(), BLANKS)] == widths


def test_comment_lines_are_records_of_their_own_and_their_quotes_mean_nothing():
    text = b'# see, "here\na,b\n1,"x\n# y"\n#z,"\n3,4\n'
    records = find_records(text, ",", comments=True)
    assert records.comment.tolist() == [True, False, False, True, False]
    assert records.widths[~records.comment].tolist() == [2, 2, 2]
    assert [text[s:e] for s, e in zip(records.starts, records.ends, strict=True)][2] == b'1,"x\n# y"'


def test_lines_of_separators_are_hollow_and_blank_lines_are_no_records():
    records = find_records(b'a,b\n,\n  \n"",""\n\n" ", \n1,2\n""\n', ",")
    assert records.hollow.tolist() == [False, True, True, True, False, False]
    assert records.values.tolist() == [True, False, False, False, True, True]


@pytest.mark.parametrize("length", [200_000, 3_000_000])
def test_a_field_may_have_any_length(length):
    text = b'a,b\n1,"' + b"x" * length + b'"\n' + b"y" * length + b",2\n"
    assert find_records(text, ",").widths.tolist() == [2, 2, 2]
    assert len(split_records(text, ",")[1][1]) == length


def test_the_place_of_an_open_quote_is_known():
    text = b'a,b\n1,"x"\n2,"y\n'
    assert find_records(text, ",").unclosed == text.rindex(b'"')
    assert split_records(text, ",") == [["a", "b"], ["1", "x"]]
