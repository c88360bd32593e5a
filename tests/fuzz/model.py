"""Model files: one that does not match its card is refused before it is parsed; one that does may crash the sandbox's
child process, but not the assistant's.

A child process, forked again whenever it dies, does what the sandbox does with a model, and what the assistant does
with one that has passed it. A few of the models, and some of those that crashed a child, are also loaded in this
process, sandbox included.
"""

import contextlib
import hashlib
import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from hypothesis import strategies as st

from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError, ModelError
from assistant.vision.detectors.tflite import TFLiteFaceDetector
from assistant.vision.inference import model_file, sandbox
from assistant.vision.inference.expression import ExpressionClassifier
from tests.fuzz import damage
from tests.fuzz.engine import STUCK_S, Attack

NAMES = ("emotion-small-int8", "face-detector-int8")
WHOLE_EVERY, MAX_CRASHERS = 5000, 10
"""One in so many inputs, and so many of those that crashed a child, are also loaded in this process."""
INTEGERS = tuple(number.to_bytes(4, "little") for number in (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**30, 65536, 48, 3))
OK, DIED, SLOW = b"fine", b"died", b"slow"


def contents() -> st.SearchStrategy[tuple[int, list[tuple[int, int, int, bool]]]]:
    """Which model, and its changes: how, where, with what, and whether among the weights."""
    change = st.tuples(
        st.integers(0, 5), st.integers(0, 2**24), st.integers(0, 255), st.sampled_from((False,) * 9 + (True,))
    )
    return st.tuples(st.integers(0, len(NAMES) - 1), st.lists(change, min_size=1, max_size=5))


class Original:
    """A shipped model, and the positions of its bytes that are not weights."""

    def __init__(self, name: str) -> None:
        file = model_file.find_model(name)
        self.content, self.card = file.read_bytes(), json.loads(file.with_suffix(".json").read_text("utf-8"))
        is_weight = np.zeros(len(self.content), bool)
        model: Any = schema.Model.GetRootAsModel(self.content, 0)
        for number in range(model.BuffersLength()):
            buffer = model.Buffers(number)
            if buffer.DataLength() > 64:
                start = buffer._tab.Vector(buffer._tab.Offset(4))
                is_weight[start : start + buffer.DataLength()] = True
        self.places = np.flatnonzero(~is_weight)

    def damaged(self, changes: Sequence[tuple[int, int, int, bool]]) -> bytes:
        """The model after these changes."""
        made = bytearray(self.content)
        for how, where, what, is_anywhere in changes:
            if not made:
                break
            at = (where if is_anywhere else int(self.places[where % len(self.places)])) % len(made)
            if how == 0:
                made[at] ^= 1 << what % 8
            elif how == 1:
                made[at] = what
            elif how in (2, 3):
                made[at & ~3 : (at & ~3) + 4] = INTEGERS[what % len(INTEGERS)]
            elif how == 4:
                made[at:] = made[at : at + what] if what % 16 else b""
            else:
                made[at : at + 8] = damage.damaged(bytes(made[at : at + 8]), [(what % 3, what, where % 256)])
        return bytes(made)


class Child:
    """A process that loads the models it is given; replaced by another when it dies or takes too long."""

    def __init__(self) -> None:
        self.deaths = 0
        self._fork()

    def load(self, path: Path, is_detector: bool) -> tuple[bytes, float]:
        """OK, DIED, SLOW, or the unexpected error; and the seconds of CPU time that it took."""
        os.write(self._ask, bytes([is_detector]) + str(path).encode() + b"\n")
        ready, _, _ = select.select([self._answer], [], [], STUCK_S - 1)
        answer = os.read(self._answer, 4096) if ready else SLOW
        if answer in (b"", SLOW):
            self.close()
            self._fork()
            self.deaths += 1
            return answer or DIED, 0.0
        spent_s, _, answer = answer.partition(b" ")
        return answer, float(spent_s)

    def close(self) -> None:
        """Kill the process."""
        os.close(self._ask)
        os.close(self._answer)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _fork(self) -> None:
        read, self._ask = os.pipe()
        self._answer, write = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(read)
            os.close(write)
            return
        os.close(self._ask)
        os.close(self._answer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sandbox.set_limits()
        sandbox.check_loads = _check_loads_here
        with open(read, "rb") as questions:
            for line in questions:
                began = time.process_time()
                answer = _loaded(Path(line[1:-1].decode()), bool(line[0]))
                os.write(write, b"%.3f %s" % (time.process_time() - began, answer[:4000]))
        os._exit(0)


def _check_loads_here(path: Path, content: bytes) -> None:
    """What the sandbox's child process does, in this one."""
    try:
        sandbox.load_and_run(content)
    except MemoryError as err:
        raise ModelError(f"{path}: too large") from err


def _loaded(path: Path, is_detector: bool) -> bytes:
    try:
        if is_detector:
            detector = TFLiteFaceDetector(DetectorSettings(model=str(path)))
            detector.find(np.full((120, 160, 3), 90, np.uint8), np.full((120, 160), 90, np.uint8))
        else:
            ExpressionClassifier(path, 1).probabilities(np.full((48, 48), 7, np.uint8))
    except (ModelError, DetectorError) as err:
        return OK if str(err).isprintable() and len(str(err)) < 1000 else repr(err).encode()
    except BaseException as err:
        return f"{type(err).__name__}: {str(err)[:500]}".encode()
    return OK


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    originals, seen, crashers = [Original(name) for name in NAMES], 0, 0
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Child()) as child:
        path = Path(folder) / "model.tflite"

        def check(drawn: tuple[int, list[tuple[int, int, int, bool]]]) -> float:
            nonlocal seen, crashers
            seen += 1
            which, changes = drawn
            original = originals[which]
            content = original.damaged(changes)
            path.write_bytes(content)
            if content != original.content:
                _is_refused(path, original.card)
            digest = hashlib.sha256(content).hexdigest()
            path.with_suffix(".json").write_text(json.dumps({**original.card, "sha256": digest}), "utf-8")
            answer, took_s = child.load(path, which == 1)
            assert answer in (OK, DIED), answer
            if answer == DIED:
                crashers += 1
            if (answer == DIED and crashers <= MAX_CRASHERS) or seen % WHOLE_EVERY == 0:
                answer_here = _loaded(path, which == 1)
                assert answer_here == OK, answer_here
            return took_s

        yield Attack(contents(), check, lambda: f"{child.deaths} children died, this process never")


def _is_refused(path: Path, card: dict[str, Any]) -> None:
    """A model whose hash is another than its card's is refused, and nothing is parsed."""

    def parse(*_: object) -> None:
        raise AssertionError("parsed before it was compared with its card")

    with _replaced(model_file, "load_interpreter", parse), _replaced(sandbox, "check_loads", parse):
        try:
            model_file.TFLiteModel(path, card, 1)
        except ModelError as err:
            if "does not match its card" not in str(err):
                raise
            return
    raise AssertionError("a model that does not match its card was accepted")


@contextlib.contextmanager
def _replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
