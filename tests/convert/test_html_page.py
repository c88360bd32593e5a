"""Pages that need nothing else, and their tables."""

from convert.html_page import data_url, document, table


def test_what_a_table_is_given_is_text() -> None:
    made = table("<caption>", ("name", "<head>"), [("<row>", "<cell>")])
    for word in ("caption", "head", "row", "cell"):
        assert f"&lt;{word}&gt;" in made


def test_a_column_of_sentences_is_no_column_of_numbers() -> None:
    made = table("all", ("name", "count", "note"), [("a", "3", "some words")], long=(2,))
    assert '<td class="number">3</td><td class="long">some words</td>' in made


def test_a_page_forbids_to_load_anything() -> None:
    made = document("a < b", "<p>one</p>")
    assert "default-src 'none'" in made
    assert "<title>a &lt; b</title>" in made
    assert "<p>one</p>" in made


def test_a_file_lies_inside_the_page() -> None:
    assert data_url(b"abc", "image/png") == "data:image/png;base64,YWJj"
