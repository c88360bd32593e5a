"""The words of the things in every language, and what a wearer may call them."""

import pytest

from assistant import phrases
from assistant.phrases import MAX_WORDS
from assistant.skills.things import vocabulary
from assistant.skills.things.labels import COCO
from assistant.skills.things.looking import Group
from assistant.skills.things.what import sentence
from tests.support.locale_lint import PLACES, tokens

LOCALES = phrases.known_locales()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_thing_has_a_word_of_its_own_and_one_form(locale: str) -> None:
    language = vocabulary.load(locale)
    known = [" ".join(sorted(tokens(word))) for word in language.tables["things"].values()]
    assert len(set(known)) == len(COCO)
    kinds = [label for labels in language.tables["kinds"].values() for label in labels.split() if label != "-"]
    assert sorted(kinds) == sorted(COCO)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_has_more_than_eight_words(locale: str) -> None:
    language, core = vocabulary.load(locale), phrases.load(locale)
    said = [vocabulary.none_seen(language, label) for label in COCO]
    for label in COCO:
        said += [sentence(core, language, Group(label, where, ((0, 0, 1, 1),) * 2)) for where in PLACES]  # type: ignore[arg-type]
        said.append(language.text("sentences", "unknown_near", thing=language.tables["things"][label]))
    texts = language.tables["sentences"]
    said += [text for name, text in texts.items() if name not in ("at_least", "maybe", "unknown_near")]
    for text in said:
        for part in text.replace("?", ".").split(". "):
            assert len(part.split()) <= MAX_WORDS, part
        assert text[0] == text[0].upper()
        assert text.endswith((core.stop, "?", "؟"))


@pytest.mark.parametrize("locale", LOCALES)
def test_a_thing_is_found_by_its_word_and_by_cocos(locale: str) -> None:
    language = vocabulary.load(locale)
    for label in COCO:
        assert vocabulary.label_of(language, language.tables["things"][label].upper()) == label
        assert vocabulary.label_of(language, "xx" + label) is None
    assert vocabulary.label_of(language, "Cell  Phone") == "cell_phone"


def test_accents_may_be_left_out_and_slips_are_guessed() -> None:
    french = vocabulary.load("fr")
    assert vocabulary.label_of(french, "velo") == "bicycle"
    assert vocabulary.nearest(french, "fouchette") == "fork"
    assert vocabulary.nearest(french, "qqqq") is None
