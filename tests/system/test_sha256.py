"""The digest is SHA-256, whichever module of Python computes it."""

import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from assistant.system.sha256 import sha256


@given(st.binary(max_size=300))
def test_it_is_that_of_the_standard_library(content: bytes) -> None:
    assert sha256(content).hexdigest() == hashlib.sha256(content).hexdigest()


def test_a_python_without_those_modules_takes_openssl() -> None:
    program = (
        "import sys; sys.modules.update(_sha2=None, _sha256=None); from assistant.system.sha256 import sha256; "
        "print(sha256(b'abc').hexdigest()[:8])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "ba7816bf\n"
