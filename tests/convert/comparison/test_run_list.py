"""`emotion-convert runs`: the state, scores, cost and curves of run folders."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.cli import main
from convert.comparison import run_list
from convert.training.run_folder import Run

HEAD = "epoch,loss,fer2013,ferplus,learning_rate,seconds,cpu_seconds,step_cpu_ms"
ROWS = ("1,2.0,0.5,0.6,0.1,9,1800.0,3", "2,1.0,0.7,0.8,0.1,9,1800.0,3")


def _run(folder: Path, rows: int = 2, **facts: object) -> Run:
    folder.mkdir(parents=True)
    (folder / "environment.json").write_text(json.dumps({"recipe": "tiny", "epochs": 2} | facts))
    (folder / "history.csv").write_text("".join(f"{line}\r\n" for line in (HEAD, *ROWS[:rows])))
    return Run(folder)


def test_runs_are_listed_with_their_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(tmp_path / "a-finished")
    _run(tmp_path / "b-stopped", 1)
    running = _run(tmp_path / "c-running", 1)
    _run(tmp_path / "d-spent", 1, budget_cpu_s=1800.0)
    (_run(tmp_path / "e-damaged").path / "environment.json").write_text("{")
    _run(tmp_path / "f-begun", 0)
    (tmp_path / "no-run").mkdir()
    with running.lock():
        assert main(["runs", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    assert {each["run"]: each["state"] for each in told} == {
        "a-finished": "finished", "b-stopped": "stopped", "c-running": "running", "d-spent": "finished",
        "e-damaged": "damaged", "f-begun": "stopped",
    }  # fmt: skip
    assert told[0]["best"] == {"epoch": 2, "fer2013": 0.7, "ferplus": 0.8}
    assert told[0]["core_hours"] == 1.0
    assert told[0]["curves"]["fer2013"] == [0.5, 0.7]
    assert main(["runs", str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].split("  ")[0] == "a-finished"
    assert "fer2013 70.00%, ferplus 80.00%  1.00" in out[1]
    assert "stopped" in out[3], "the lock of a process that has ended does not count"
    assert "e-damaged: not a run folder: environment.json" in out[-1]


def test_the_curves_are_drawn_into_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    _run(tmp_path / "runs" / "one")
    _run(tmp_path / "runs" / "two", 0)
    for name, beginning in (("curves.svg", b"<?xml"), ("curves.png", b"\x89PNG")):
        assert main(["runs", str(tmp_path / "runs"), "--plot", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_bytes().startswith(beginning)
    with pytest.raises(SystemExit) as ended:
        main(["runs", str(tmp_path / "runs"), "--plot", "curves.pdf"])
    assert ended.value.code == 2
    assert main(["runs", str(tmp_path / "runs" / "one")]) == 0, "the folder may be the run itself"
    assert "finished" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "message"), [("none", "no such folder"), ("empty", "no run folder in it")])
def test_a_folder_without_runs_is_told(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["runs", str(tmp_path / name)]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=60))
def test_a_curve_ends_with_its_last_value(values: list[float | None]) -> None:
    drawn = run_list.curve(values, 0.0, 1.0)
    assert len(drawn) == min(len(values), run_list.WIDTH)
    last = values[-1]
    assert drawn[-1] == (" " if last is None else run_list.BARS[min(7, int(last * 8))])
