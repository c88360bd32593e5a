"""Doses in all languages of the assistant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.reading.dose import has_dose

DOSES = {
    "en": (
        "Ibuprofen 400 mg film-coated tablets", "Take one tablet with water.", "1 tablet twice daily", "Apply daily.",
        "at most three a day", "two 5 ml spoonfuls", "No more than eight tablets in 24 hours.", "every six hours",
        "100 IU/ml",
    ),
    "de": (
        "Einmal täglich eine Tablette", "10 Tropfen", "Alle 8 Stunden", "Ramipril 2,5 mg", "dreimal am Tag", "1-0-1",
    ),
    "es": ("un comprimido cada 8 horas", "2 gotas", "una vez al día", "tres veces al día"),
    "fr": ("2 comprimés par jour", "une gélule", "toutes les six heures", "0,5 ml"),
    "it": ("una compressa al giorno", "20 gocce", "ogni 8 ore", "due volte al giorno"),
    "pt": ("uma vez ao dia", "Não exceda 3 comprimidos", "a cada 8 horas", "duas colheres"),
    "hi": ("दिन में दो बार", "एक गोली", "\u096b\u0966\u0966 मि.ग्रा.", "हर 8 घंटे"),
    "ar": ("قرص واحد يوميا", "\u0665\u0660\u0660 ملغ", "حبتين يوميا", "كل 8 ساعات"),
}  # fmt: skip
NONE = (
    "PLATFORM 4", "Mind the gap", "Room 214", "Keep away from children.", "call 0421 553 8890", "14 March, at 10:45.",
    "Open every day", "The list of medicines that you take.", "Use before 11 / 2027", "Bus 12", "12-04-2027", "Maßstab",
    "Bitte Türen schließen", "Cuidado con el escalón", "Attention à la marche", "",
)  # fmt: skip


@pytest.mark.parametrize("text", [text for texts in DOSES.values() for text in texts])
def test_a_dose_is_known(text: str) -> None:
    assert has_dose(text)
    assert has_dose(text.upper())


@pytest.mark.parametrize("text", NONE)
def test_other_text_is_no_dose(text: str) -> None:
    assert not has_dose(text)


@given(st.integers(0, 9999), st.sampled_from(("mg", "ml", "g", "µg", "mcg", "tablets", "Tropfen", "gouttes", "I.U.")))
def test_any_number_with_a_unit_is_a_dose(number: int, unit: str) -> None:
    assert has_dose(f"Up to {number} {unit} of it")
    assert has_dose(f"Up to {number}{unit} of it")


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert has_dose(text) in (True, False)


def test_a_long_text_is_searched_in_no_time() -> None:
    assert not has_dose("take " * 50 + "a " * 50)
