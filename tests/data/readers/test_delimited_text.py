"""The dialect of a text file is found, whatever it is."""

from __future__ import annotations

import gzip
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.data import read
from ravine.errors import DataError


def parse(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return read(path)


numbers = st.one_of(
    st.integers(-10_000, 10_000).map(float),
    st.floats(-1e6, 1e6).map(lambda each: round(each, 4)),
)


def write_number(value, decimal):
    return repr(value).replace(".", decimal)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(numbers, numbers, numbers), min_size=4, max_size=12),
    separator=st.sampled_from([",", ";", "\t", "|", "  ", " "]),
    decimal=st.sampled_from([".", ","]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    last=st.booleans(),
    mark=st.booleans(),
    header=st.booleans(),
    comments=st.booleans(),
    zipped=st.booleans(),
)
def test_numbers_come_back_from_any_dialect(
    rows, separator, decimal, end, last, mark, header, comments, zipped
):
    if separator == "," and decimal == ",":
        decimal = "."
    # A decimal comma can be told from the point only where one is written.
    rows = [*rows, (0.5, 1.25, -3.75)]
    lines = [separator.join(write_number(v, decimal) for v in row) for row in rows]
    if header:
        lines.insert(0, separator.join(["alpha", "beta", "gamma"]))
    if comments:
        lines.insert(0, "# made, by; a test")
    text = end.join(lines) + (end if last else "")
    content = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(gzip.compress(content) if zipped else content)
        table = read(path)
    assert list(table.frame.columns) == (["alpha", "beta", "gamma"] if header else ["c0", "c1", "c2"])
    np.testing.assert_allclose(table.frame.to_numpy(float), np.array(rows), rtol=1e-14)


words = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), min_size=1, max_size=8
)


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(st.tuples(words, st.integers(0, 99)), min_size=5, max_size=12),
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16"]),
    new_line=st.booleans(),
)
def test_quoted_words_come_back(rows, separator, encoding, new_line):
    def quoted(word):
        return '"' + word.replace('"', '""') + '"'

    rows = [("w" + word + ("\nv" if new_line and i == 2 else ""), n) for i, (word, n) in enumerate(rows)]
    lines = [f"word{separator}count"] + [f"{quoted(word)}{separator}{n}" for word, n in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        frame = read(path).frame
    assert frame["word"].tolist() == [word.strip() for word, _ in rows]
    assert frame["count"].tolist() == [n for _, n in rows]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,2\n3,4\n", ["a", "b"]),
        ("1,2\n3,4\n", ["c0", "c1"]),
        ("a,b\nx,y\nx,z\nw,y\n", ["a", "b"]),  # words only: the first row never comes again
        ("x,y\nx,z\nw,y\nx,y\n", ["c0", "c1"]),
        ("id,2019,2020,2021\nu,1,5,3\nv,4,5,6\n", ["id", "2019", "2020", "2021"]),
        ("0,1,2,3\n5.5,2,1,7\n1.5,2,3,9\n", ["0", "1", "2", "3"]),  # a counted header
        ("?,1\n2,3\n4,5\n", ["c0", "c1"]),  # a missing value is no name
        ("NA,1.5,g\n2,3,h\n4,5,g\n", ["c0", "c1", "c2"]),
        ("a,b\n?,2\n3,NA\n4,5\n", ["a", "b"]),
        ('"x y","z"\n1,2\n', ["x y", "z"]),
        ("# a b\n1 2\n3 4\n", ["a", "b"]),  # as numpy.savetxt writes names
        ("# made 2020\na,b\n1,2\n# aside\n3,4\n", ["a", "b"]),
        ("x\n1\n2\n", ["x"]),
        ("1\n2\n", ["c0"]),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b"]),  # every line ends in a separator
        ('"","a","b"\n"r1",1,2\n"r2",3,4\n', ["c0", "a", "b"]),
        ('"a","b"\n"r1",1,2\n"r2",3,4\n', ["row", "a", "b"]),  # as R writes row names
        ("AC,b,AC, AC \n1,2,3,4\n5,6,7,8\n", ["AC", "b", "AC.2", "AC.3"]),
        ("a,A\n1,2\n3,4\n", ["a", "A"]),
    ],
)
def test_header(tmp_path, text, columns):
    assert list(parse(tmp_path, text).frame.columns) == columns


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n\n3,4\n\n\n", 2),
        ("a,b\n1,2\n3,4\n,\n", 2),
        ("a,b,c\n1,2,x\n3,4,y\n,,\n,,\n", 2),
        ('a,b\n"1",2\n3,4\n,\n', 2),
        ("a,b\n1,\n,4\n", 2),
        ("a;b\n1,5;2,5\n3;4\n", 2),
        ('name,n\n"a, ""b""",1\n"c\nd",2\n', 2),
        ("\n\na,b\n1,2\n", 1),
        ("  a   b  \n  1   2  \n  3   4\n", 2),
    ],
)
def test_rows(tmp_path, text, rows):
    assert len(parse(tmp_path, text)) == rows


def test_a_line_of_only_commas_is_said(tmp_path):
    assert any("only separators" in note for note in parse(tmp_path, "a,b\n1,2\n3,4\n,\n").notes)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('a,tar"et', ["a", 'tar"et']),
        ('w 4" pipe,b', ['w 4" pipe', "b"]),
        ('w 4" x 3" pipe,b', ['w 4" x 3" pipe', "b"]),
        ('"a\nb",c', ["a\nb", "c"]),
        ('"say ""hi""",c', ['say "hi"', "c"]),
        ('"a, b",c', ["a, b", "c"]),
        ('\n\n"a\n\nb" ,"c"', ["a\n\nb", "c"]),
    ],
)
def test_quotes_and_line_ends_in_the_header_cost_no_row(tmp_path, header, names):
    frame = parse(tmp_path, header + '\n1,2\n3,4\n5,"6"\n').frame
    assert list(frame.columns) == names
    assert frame.to_numpy().tolist() == [[1, 2], [3, 4], [5, 6]]


def test_an_open_quote_in_the_header_is_refused(tmp_path):
    with pytest.raises(DataError, match="begins in line 1 never ends"):
        parse(tmp_path, 'a,"target\n1,2\n3,4\n')


def test_a_quote_in_a_comment_opens_no_field(tmp_path):
    table = parse(tmp_path, '# from "here\na,b\n1,"x"\n# and, "there\n2,"y\n# z"\n')
    assert table.frame["b"].tolist() == ["x", "y\n# z"]
    assert "2 comment lines" in table.notes


def test_other_rows_than_records_are_refused_with_the_first_line(tmp_path, monkeypatch):
    """As if pandas read the row with the word `odd` as none."""
    import pandas as pd

    from ravine.data.readers import delimited_fields

    def read_csv(body, **options):
        kept = [line for line in body.read().split(b"\n") if b"odd" not in line]
        return original(delimited_fields.io.BytesIO(b"\n".join(kept)), **options)

    original = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", read_csv)
    text = "a,b\n" + "1,2\n" * 2500 + "3,odd\n" + "4,5\n" * 10
    with pytest.raises(DataError, match=r"first in line 2,502.*2,511 records, but 2,510 rows"):
        parse(tmp_path, text)


def test_a_byte_order_mark_in_the_first_cell_is_text(tmp_path):
    frame = parse(tmp_path, "a,b\n\ufeff1,2\n3,4\n5,6\n").frame
    assert frame["a"].tolist() == ["\ufeff1", "3", "5"] and frame["b"].tolist() == [2, 4, 6]


def test_a_nul_in_any_encoding_is_refused(tmp_path):
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(DataError, match="NUL byte"):
            parse(tmp_path, "a,b\n1,x\0y\n2,z\n", encoding)


@pytest.mark.parametrize("length", [131_072, 131_073, 2_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_may_have_any_length(tmp_path, length, quote):
    word = "x" * length
    frame = parse(tmp_path, f"a,b\n1,{quote}{word}{quote}\n2,w\n3,v\n").frame
    assert frame["b"].tolist() == [word, "w", "v"]
    assert list(parse(tmp_path, f"{quote}{word}{quote},b\n1,2\n2,3\n").frame.columns) == [word, "b"]


@pytest.mark.parametrize("cell", ["1", "w", "1.5", "1,234", " w "])
def test_many_columns_are_read_as_few_are(tmp_path, cell):
    """Both have the same values; a table of many columns takes a way that saves time for each column."""
    separator = ";" if "," in cell else ","
    rows = [[f"{cell}{k % 3}" if cell != "1.5" else f"{k}.5" for k in range(5)] for _ in range(3)]
    few = parse(tmp_path, "\n".join(separator.join(row) for row in [list("abcde"), *rows])).frame
    names = [f"n{k}" for k in range(1000)]
    wide = parse(
        tmp_path, "\n".join(separator.join(row) for row in [names, *(row * 200 for row in rows)])
    ).frame
    for k in (0, 4, 500, 999):
        assert wide.iloc[:, k].tolist() == few.iloc[:, k % 5].tolist()


def test_one_name_may_occur_many_times(tmp_path):
    began = time.process_time()
    frame = parse(tmp_path, "\n".join(",".join([word] * 15_000) for word in ("c", "1", "2"))).frame
    assert (
        frame.columns[-1] == "c.15000" and time.process_time() - began < 30
    )  # much more if it were quadratic


def test_blanks_around_names_and_words_are_stripped(tmp_path):
    frame = parse(tmp_path, "px1 , who\n1, x \n2,  y\n3,x\n").frame
    assert list(frame.columns) == ["px1", "who"]
    assert frame["who"].tolist() == ["x", "y", "x"]


def test_german_numbers(tmp_path):
    table = parse(tmp_path, "Größe;Wert\n1,5;2\n-0,25;3\n", "latin-1")
    assert table.frame["Größe"].tolist() == [1.5, -0.25]
    assert any("decimal comma" in note for note in table.notes)
    assert "Latin-1" in table.notes


def test_quoted_decimal_commas_between_commas(tmp_path):
    frame = parse(tmp_path, 'a,b\n"1,5","2,5"\n"0,25","3,5"\n').frame
    assert frame.to_numpy().tolist() == [[1.5, 2.5], [0.25, 3.5]]


def test_large_integers_stay_exact(tmp_path):
    frame = parse(tmp_path, "a,b\n9007199254740993,1\n9007199254740995,2\n").frame
    assert frame["a"].tolist() == [9007199254740993, 9007199254740995]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a,b\n"1,234",x\n"12,345.5",y\n7,x\n', [1234, 12345.5, 7]),
        ('a,b\n"1,234",1\n"2,345",2\n', [1234, 2345]),
        ("a;b\n1.234,5;2,5\n7;1,5\n2.000;0,5\n", [1234.5, 7, 2000]),
        ("a;b\n1,234.5;2\n?;3\n7;4\n", [1234.5, np.nan, 7]),
    ],
)
def test_grouped_thousands_are_numbers_and_said(tmp_path, text, values):
    table = parse(tmp_path, text)
    np.testing.assert_array_equal(table.frame["a"].to_numpy(float), values)
    assert any("thousands" in note for note in table.notes)


def test_dates_are_no_grouped_numbers(tmp_path):
    frame = parse(tmp_path, "day;b\n01.02.2020;2,5\n03.02.2020;1,5\n").frame
    assert frame["day"].tolist() == ["01.02.2020", "03.02.2020"]


def test_true_and_false_with_gaps_are_kept(tmp_path):
    frame = parse(tmp_path, "a,b\nTrue,1\n,2\nFalse,3\n").frame
    assert [str(each) for each in frame["a"]] == ["True", "nan", "False"]


def test_many_lines_beyond_the_sniffed_ones(tmp_path):
    text = "a,b\n" + "".join(f"{i},{i * 0.5}\n" for i in range(5000)) + "w,1\n"
    frame = parse(tmp_path, text).frame
    assert frame["a"].tolist()[-2:] == ["4999", "w"]
    assert frame["b"].sum() == 0.5 * 4999 * 5000 / 2 + 1


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("# a b\n1 2\n3 4\n", []),  # the comment is the header
        ("# made 2020\n# a b\n1 2\n3 4\n5 6\n", ["1 comment line"]),
        ("# made 2020\na,b\n1,2\n# aside\n3,4\n", ["2 comment lines"]),
    ],
)
def test_a_comment_that_is_the_header_is_not_counted_as_a_comment(tmp_path, text, notes):
    assert [note for note in parse(tmp_path, text).notes if "comment" in note] == notes
