"""The command line of searches and seeds: what is refused, and in which words."""

import sys
from pathlib import Path

import pytest

from convert.cli import main
from convert.training.recipe_file import RECIPES

SEARCH = ("search", "--recipe", "emotion-small", "--trials", "2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "--recipe", "emotion-small"), "--trials"),
        ((*SEARCH[:-1], "0"), "'0' is no whole number from 1 to"),
        ((*SEARCH, "--seeds", "1,1"), "'1,1' names a seed twice"),
        ((*SEARCH, "--seeds", "1,,2"), "'' is no whole number"),
        ((*SEARCH, "--workers", "0"), "'0' is no whole number from 1 to"),
        (("train", "--recipe", "emotion-small", "--workers", "2"), "--workers and --ray go with --seeds"),
        (
            ("train", "--recipe", "emotion-small", "--seeds", "1,2", "--seed", "1"),
            "--seed and --seeds exclude each other",
        ),
    ],
)
def test_usage(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("search", "--recipe", "emotion-smal", "--trials", "2"), "did you mean emotion-small?"),
        ((*SEARCH, "--data", "/no/such/data"), "/no/such/data"),
        ((*SEARCH, "--space", "/no/such/space.toml"), "/no/such/space.toml: cannot read this space: No such file"),
        ((*SEARCH, "--folder", "nothing", "--report"), "nothing: no folder of a search: search.json: No such file"),
        ((*SEARCH, "--from", "nothing", "--data", "."), "nothing: no epoch of this run is finished"),
        (
            ("train", "--recipe", str(RECIPES / "emotion-cnn-refine.toml"), "--seeds", "1,2", "--data", "."),
            "train it, or",
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("emotion-convert: ")
    assert message in line
    assert not list(tmp_path.iterdir()), "something was left behind"


@pytest.mark.parametrize(("package", "extra"), [("optuna", "search"), ("tomlkit", "search"), ("ray", "cluster")])
def test_a_package_that_is_missing_is_named_with_its_extra(
    package: str, extra: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    for name in [each for each in sys.modules if each.startswith("convert.search.") and "commands" not in each]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(f"convert.search.{name.rpartition('.')[2]}", raising=False)
    arguments = (*SEARCH, "--data", ".") if package != "ray" else ("train", "--recipe", "emotion-small", "--seeds", "1")
    assert main((*arguments, "--ray", "127.0.0.1:1", "--data", ".")) == 1
    err = capsys.readouterr().err
    assert f"{package} is not installed; pip install 'emotion-assistant[{extra}]'" in err
