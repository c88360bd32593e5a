"""Recipes: any content is a recipe that can be trained by, or is refused in one line that names file and key."""

import contextlib
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from convert.expression import recipe as expression
from convert.face_detector import recipe as detector
from convert.training.recipe_file import MAX_EPOCHS, MAX_SEED, RecipeError, network_kind
from tests.fuzz import damage
from tests.fuzz.engine import Attack, must_be_one_line

FOLDER = Path(__file__).parents[2] / "models/recipes"
VALID = tuple(
    tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    for name in (
        "emotion-cnn-mirrored",
        "emotion-small",
        "emotion-mobilenetv2-full",
        "emotion-teacher",
        "face-detector",
    )
)
TOKENS = (b"\n", b"[network]\n", b"[schedule]\n", b" = ", b"-1", b"nan", b"inf", b"1e400", b"[", b"]", b'"', b"true",
          b"9" * 5000, b"epochs", b"seed", b"widths = []\n", b"\xff", b"\0", b"sizes = [[0, 48]]\n")  # fmt: skip


def contents() -> st.SearchStrategy[bytes]:
    """The bytes of a recipe: a shipped one with other values or with damaged bytes, depth, and noise."""
    valid = tuple(_toml(each) for each in VALID)
    return st.one_of(
        damage.trees(VALID).map(_toml),
        damage.trees(VALID).map(_toml),
        st.builds(lambda text, steps: damage.damaged(text, steps, TOKENS), st.sampled_from(valid), damage.changes()),
        st.builds(lambda kind, depth: b"seed = " + damage.nested(kind, depth), st.integers(0, 2), st.integers(1, 3000)),
        st.binary(max_size=40),
    )


def _toml(table: dict[str, Any]) -> bytes:
    """A table as TOML; what TOML cannot hold is left as a word that no parser takes."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for name, section in table.items():
        if isinstance(section, dict):
            lines += [f"[{_key(name)}]", *(f"{_key(key)} = {_value(value)}" for key, value in section.items())]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(_character(each) for each in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + "}"
    return str(value)


def _character(char: str) -> str:
    return char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}"


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"

        def check(content: bytes) -> None:
            path.write_bytes(content)
            family: Any = detector if network_kind(path) == detector.KIND else expression
            try:
                recipe = family.read(path)
            except RecipeError as err:
                must_be_one_line(err)
                is_named = str(err).startswith(f"{path}: ")
                assert is_named
                return
            assert 0 <= recipe.seed <= MAX_SEED
            assert 1 <= recipe.schedule.epochs <= MAX_EPOCHS
            assert (path.parent / "runs" / recipe.name).parent.name == "runs"
            assert all(type(side) is int for _, *sides in recipe.schedule.sizes for side in sides)

        yield Attack(contents(), check)
