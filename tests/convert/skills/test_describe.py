"""The measurement of descriptions, on drawn-up observations."""

from assistant import phrases
from assistant.records import Box
from assistant.skills.things.detection import Thing
from convert.skills.describe import as_text, figures
from convert.skills.object_pictures import Truth
from tests.convert.skills.test_things import LEFT, RIGHT, observed

EN = phrases.load("en")
BODY = Box(280, 50, 80, 300)


def test_right_facts_and_wrong_ones() -> None:
    pictures = [
        observed([Thing("cup", 0.9, LEFT), Thing("person", 0.9, BODY)], Truth("cup", LEFT), Truth("person", BODY)),
        observed([Thing("bowl", 0.9, RIGHT)], Truth("cup", RIGHT)),
        observed([]),
    ]
    made = figures(pictures, EN, "yolox")
    assert (made["things"], made["things_right"]) == (2, 1)
    assert (made["people"], made["people_right"]) == (1, 1)
    assert made["share_right"] == 0.667
    assert (made["large_things"], made["large_things_told"]) == (3, 2)
    assert made["nothing_told"] == 1
    assert "2 of 3 facts right" in as_text({"report": made})


def test_more_people_than_there_are_is_wrong() -> None:
    two = [Thing("person", 0.9, BODY), Thing("person", 0.9, BODY._replace(x=20))]
    assert figures([observed(two, Truth("person", BODY))], EN, "yolox")["people_right"] == 0
