"""The server's own parts that need no Gradio: the port, the policy, the missing library."""

import asyncio
import os

import pytest

from assistant.errors import AssistantError
from convert import cli
from convert.playground import offline, server
from convert.playground.offer import Offer


def test_a_port_in_use_is_told_with_what_to_do() -> None:
    with server.listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssistantError, match=rf"port {port} of 127.0.0.1: .*; choose another with --port"):
            server.listen(port)


def test_it_listens_on_this_computer_alone() -> None:
    with server.listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_missing_gradio_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(offer: Offer, port: int) -> int:
        raise ModuleNotFoundError("No module named 'gradio'", name="gradio")

    monkeypatch.setattr(server, "serve", missing)
    assert cli.main(["playground"]) == 1
    assert capsys.readouterr().err == (
        "emotion-convert: gradio is not installed; pip install 'emotion-assistant[playground]', or see --help\n"
    )


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"]])
def test_a_port_that_is_none(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["playground", *arguments])
    assert ended.value.code == 2
    assert "0 to 65535" in capsys.readouterr().err


def test_an_own_model_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["playground", "--model", "gone.tflite"]) == 1
    assert "gone.tflite: no such model file" in capsys.readouterr().err


def test_the_policy_is_in_every_answer() -> None:
    sent = list[offline.Message]()

    async def app(scope: offline.Message, receive: offline.Receive, send: offline.Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive() -> offline.Message:
        return {}

    async def send(message: offline.Message) -> None:
        sent.append(message)

    asyncio.run(offline.OfflinePolicy(app)({"type": "http"}, receive, send))
    names = dict(sent[0]["headers"])
    assert names[b"a"] == b"b"
    assert b"default-src 'self'" in names[b"content-security-policy"]
    assert b"http" not in names[b"content-security-policy"]
    assert sent[1] == {"type": "http.response.body", "body": b"x"}


def test_gradios_calls_home_are_off_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in (*offline.ENVIRONMENT, "GRADIO_TEMP_DIR", "GRADIO_EXAMPLES_CACHE"):
        monkeypatch.setenv(name, "True")
    offline.switch_off(tmp_path)  # type: ignore[arg-type]
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path)
