from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promos.rules.scope import Pasted, parse_nm_ids


@pytest.mark.parametrize(
    ("text", "nm_ids"),
    [
        pytest.param("12345678", [12345678], id="one"),
        pytest.param("12345678\n87654321", [12345678, 87654321], id="lines"),
        pytest.param(
            "12345678, 87654321;1111", [12345678, 87654321, 1111], id="commas"
        ),
        pytest.param(
            "12345678\t87654321\r\n5555", [12345678, 87654321, 5555], id="tabs"
        ),
        pytest.param("«12345678» (87654321)", [12345678, 87654321], id="quotes"),
        pytest.param("12345678\u00a087654321", [12345678, 87654321], id="no-break"),
        pytest.param("№12345678 #87654321", [12345678, 87654321], id="signs"),
        pytest.param("12345678.", [12345678], id="end of a sentence"),
        pytest.param("0012345678", [12345678], id="leading zeros"),
        pytest.param("\ufeff12345678", [12345678], id="a mark before the text"),
        pytest.param(
            "https://www.wildberries.ru/catalog/12345678/detail.aspx?size=1",
            [12345678],
            id="link",
        ),
        pytest.param("wb.ru/catalog/12345678", [12345678], id="short link"),
        pytest.param("https://ozon.ru/catalog/12345678", [], id="another shop"),
        pytest.param("https://fakewb.ru/catalog/12345678", [], id="not quite WB"),
        pytest.param("", [], id="nothing"),
        pytest.param("999", [], id="too short"),
        pytest.param("1234567890123", [], id="too long: a barcode"),
        pytest.param("1234.50", [], id="a price"),
        pytest.param("AB12345678", [], id="a seller's own article"),
        pytest.param("-12345678", [], id="negative"),
        pytest.param("12345678.0", [], id="a float from a spreadsheet is not guessed"),
        pytest.param("١٢٣٤٥٦٧٨", [], id="other digits"),
        pytest.param("12 345 678", [], id="blanks between thousands"),
    ],
)
def test_what_is_an_article(text, nm_ids):
    assert list(parse_nm_ids(text).nm_ids) == nm_ids


def test_duplicates_and_junk_are_told_apart():
    pasted = parse_nm_ids(
        "Артикул WB;Цена\n12345678;1290\n87654321;нет\n12345678;1290,50"
    )

    assert pasted == Pasted(
        (12345678, 1290, 87654321),
        (12345678, 1290),
        ((1, "Артикул WB Цена"), (3, "нет"), (4, "50")),
    )


def test_long_junk_is_cut():
    ((line, junk),) = parse_nm_ids("x" * 100_000).junk

    assert (line, len(junk)) == (1, 60)


def test_a_file_is_no_paste():
    assert parse_nm_ids("1" * 1_000_000).nm_ids == ()
    with pytest.raises(ValueError, match="1000000"):
        parse_nm_ids("1" * 1_000_001)


def test_ten_thousand_articles_with_junk_take_less_than_a_second():
    text = "\n".join(
        f"{10_000_000 + n}; товар №{n % 100} — wb.ru/x" for n in range(10_000)
    )

    begun = perf_counter()
    pasted = parse_nm_ids(text)

    assert perf_counter() - begun < 1
    assert len(pasted.nm_ids) == len(pasted.junk) == 10_000


@pytest.mark.parametrize("piece", ["/", "0", "wb.", "a.", "№", "(", "https://"])
def test_no_text_of_full_size_takes_more_than_a_second(piece):
    text = (piece * 1_000_000)[:1_000_000]

    begun = perf_counter()
    parse_nm_ids(text)

    assert perf_counter() - begun < 1


@given(
    st.lists(st.integers(1000, 10**12 - 1)), st.sampled_from([" ", "\n", ",\t", "; "])
)
def test_every_article_comes_back_once_in_order(nm_ids, between):
    pasted = parse_nm_ids(between.join(map(str, nm_ids)))

    assert list(pasted.nm_ids) == list(dict.fromkeys(nm_ids))
    assert set(pasted.duplicates) == {n for n in nm_ids if nm_ids.count(n) > 1}
    assert pasted.junk == ()


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    pasted = parse_nm_ids(text)

    assert all(1000 <= nm_id < 10**12 for nm_id in pasted.nm_ids)
