"""Settings files: any content gives settings that can be printed and read again, or a list of mistakes."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from assistant.config.settings import Settings
from assistant.config.settings_file import MAX_BYTES, load_settings, parse_settings, to_toml
from assistant.errors import ConfigError
from tests.fuzz import damage
from tests.fuzz.engine import Attack

MAX_LINE = 600
"""Most characters of one mistake."""
VALID = to_toml(Settings()).encode()
SECTIONS = (b"camera", b"detector", b"model", b"decisions", b"announcements", b"voice", b"controls")
TOKENS = (
    *(line for line in VALID.splitlines() if b" = " in line),
    *(b"\n[" + name + b"]\n" for name in SECTIONS),
    b"fps", b"width", b"expressions", b"buttons", b"source", b"a", b".a", b"=", b"=1", b" = ", b"\n", b"\r\n", b"\r",
    b"#", b'"', b"'", b'"""', b"'''", b"\\", b'\\u0041', b"\\U0010ffff", b"\\x", b"[", b"]", b"[[", b"]]", b"{",
    b"}", b",",
    b"{a.a.a=1}", b'"=".a', b'"#".a', b"1", b"-0.0", b"nan", b"-inf", b"1e400", b"0x" + b"f" * 5000, b"9" * 5000,
    b"1_0", b"1979-05-27T07:32:00Z", b"9999-12-31T23:59:60.9999999", b"07:32:00", b"true", b"happy", b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8", b"\0", b"\x1b[2J", b"\xf0\x9f\x98\x80", b"folder", b"= [17, 27]", b"= \"tflite\"",
)  # fmt: skip


def contents() -> st.SearchStrategy[bytes]:
    """The bytes of a file: damaged settings, tokens of TOML in any order, one of them very often, depth, and noise."""
    word = st.sampled_from(TOKENS)
    return st.one_of(
        st.builds(lambda steps: damage.damaged(VALID, steps, TOKENS), damage.changes()),
        st.lists(word, max_size=20).map(b"".join),
        st.builds(
            lambda head, each, much, tail: (head + each * (much // len(each)) + tail)[: MAX_BYTES + 1],
            st.lists(word, max_size=3).map(b"".join),
            st.lists(word, min_size=1, max_size=3).map(b"".join),
            st.sampled_from((100, 1000, 10_000, MAX_BYTES)),
            st.lists(word, max_size=3).map(b"".join),
        ),
        st.builds(
            lambda head, kind, depth: head + b"a=" + damage.nested(kind, depth),
            word, st.integers(0, 2), st.integers(1, 3000),
        ),
        st.binary(max_size=60),
    )  # fmt: skip


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"

        def check(content: bytes) -> None:
            path.write_bytes(content)
            try:
                made = load_settings(path)
            except ConfigError as err:
                for line in str(err).split("\n"):
                    assert line.startswith(f"{path}: "), line
                    assert line.isprintable(), line
                    assert len(line) < len(str(path)) + MAX_LINE, line
            else:
                assert parse_settings(to_toml(made)) == made

        yield Attack(contents(), check)
