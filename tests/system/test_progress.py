"""Long commands tell their progress: a bar on a terminal, elsewhere a line a minute."""

import io

import pytest

from assistant.system import progress
from assistant.system.progress import Lines, Progress, duration, track


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_log_has_a_line_a_minute_with_what_is_done_and_what_is_left() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress("training", 600, "steps", lines=Lines(lambda: out, clock)) as work:
        for step in range(150):
            clock.now += 1
            work.update(1, f"epoch 1 of 4, loss {4 - step / 100:.2f}")
    assert out.getvalue().splitlines() == [
        "training: 60 of 600 steps, epoch 1 of 4, loss 3.41, about 9 min left",
        "training: 120 of 600 steps, epoch 1 of 4, loss 2.81, about 8 min left",
    ]


def test_many_short_pieces_of_work_have_a_line_a_minute_together() -> None:
    """`evaluate` measures dozens of disturbances of ten seconds each."""
    clock, out = Clock(), io.StringIO()
    lines = Lines(lambda: out, clock)
    for piece in range(10):
        with Progress(f"blur {piece}", 10, "faces", lines=lines) as work:
            for _ in range(10):
                clock.now += 1
                work.update()
    assert out.getvalue() == "blur 5: 10 of 10 faces\n"


def test_work_of_unknown_length_tells_what_is_done() -> None:
    clock, out = Clock(), io.StringIO()
    with Progress("occlusions", None, "faces", lines=Lines(lambda: out, clock)) as work:
        clock.now += 60
        work.update(7)
    assert out.getvalue() == "occlusions: 7 faces\n"


def test_a_terminal_has_a_bar_and_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed: pip install -e .[convert]")
    clock, out = Clock(), Terminal()
    monkeypatch.setattr(progress, "LINES", Lines(lambda: out, clock))
    for _ in track(range(3), "scenes", "scenes"):
        clock.now += 100
    shown = out.getvalue()
    assert "scenes:" in shown
    assert "0/3" in shown
    assert "\n" not in shown


def test_track_gives_every_item_and_works_on_what_has_no_length(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(progress, "LINES", Lines(lambda: out, Clock()))
    assert list(track(iter("abc"), "letters", "letters")) == ["a", "b", "c"]
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (89, "89 s"), (90, "2 min"), (3540, "59 min"), (3900, "1 h 5 min")]
)
def test_time_spans_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.training
def test_a_training_tells_step_epoch_loss_and_the_time_left() -> None:
    pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
    from convert.training.callbacks import ProgressCallback

    clock, out = Clock(), io.StringIO()
    shown = ProgressCallback(4, Progress("training", None, "steps", lines=Lines(lambda: out, clock)))
    shown.set_params({"steps": 30})
    for epoch in (2, 3):  # resumed after two of its four epochs
        shown.on_epoch_begin(epoch)
        for batch in range(30):
            clock.now += 2
            shown.on_train_batch_end(batch, {"loss": 2.5})
    assert out.getvalue().splitlines() == [
        "training: 30 of 60 steps, epoch 3 of 4, loss 2.5000, about 60 s left",
        "training: 60 of 60 steps, epoch 4 of 4, loss 2.5000",
    ]
