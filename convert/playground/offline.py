"""Everything by which Gradio would reach beyond this computer, switched off before it is imported.

Gradio asks for its newest version, reports starts and errors, keeps a history of runs in the browser, and knows the
Hugging Face hub; its themes load fonts from Google.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_VIBE_MODE": "",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "OTEL_SDK_DISABLED": "true",
}
"""What is set, whatever the user's environment says."""
FONTS = ("system-ui", "sans-serif")
"""Names of fonts that every computer has: a theme's own ones would be loaded."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
"""The content security policy: the browser loads nothing from elsewhere even where Gradio's page asks for it."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def switch_off(uploads: Path) -> None:
    """Set the environment; uploads: where Gradio puts what it is given, and examples."""
    os.environ.update(ENVIRONMENT, GRADIO_TEMP_DIR=str(uploads), GRADIO_EXAMPLES_CACHE=str(uploads / "examples"))


class OfflinePolicy:
    """Adds POLICY to every answer."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", POLICY.encode("ascii")),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_policy)
