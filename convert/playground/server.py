"""The playground's server: on 127.0.0.1 alone, until Ctrl-C."""

import gc
import logging
import socket
import sys

from assistant.errors import AssistantError, VoiceError
from assistant.system.process_setup import disable_core_dumps, quiet_libraries
from convert.playground import choices, markup, offline, speech
from convert.playground.offer import Offer
from convert.playground.private_folder import private_folder
from convert.playground.responses import Responses

ADDRESS = "127.0.0.1"


def serve(offer: Offer, port: int) -> int:
    """Serve the page until Ctrl-C; returns the exit code. port: 0: any that is free.

    Raises AssistantError where the port is in use, ModuleNotFoundError where Gradio is missing.
    """
    disable_core_dumps()
    quiet_libraries()
    listener = listen(port)
    with listener, private_folder() as uploads:
        responses = Responses(uploads, offer.yunet)
        print("Starting; this takes a few seconds.", file=sys.stderr, flush=True)
        offline.switch_off(uploads)
        import uvicorn

        config = uvicorn.Config(
            _application(offer, responses), log_config=None, timeout_graceful_shutdown=0, ws="none", lifespan="on"
        )

        class Server(uvicorn.Server):
            """Ends at once: without waiting for the answer that each open page keeps waiting for."""

            def handle_exit(self, sig: int, frame: object) -> None:
                responses.jobs.stop_all()
                self.should_exit = True
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # answers are cut off, which it tells

        server = Server(config)
        url = f"http://{ADDRESS}:{listener.getsockname()[1]}/"
        print(f"The playground is at {url} on this computer alone; Ctrl-C ends it.", flush=True)
        print(f"What you give it lies in {uploads} and is deleted at the end.", flush=True)
        server.run(sockets=[listener])
    gc.freeze()  # else Python takes two seconds to take Gradio's modules down, object by object
    print("Ended; what was given is deleted.", file=sys.stderr)
    return 0


def listen(port: int) -> socket.socket:
    """A socket that listens on that port of this computer alone. Raises AssistantError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(64)
    except OSError as err:
        listener.close()
        raise AssistantError(
            f"port {port} of {ADDRESS}: {err.strerror}; choose another with --port, or 0 for any that is free"
        ) from err
    return listener


def _application(offer: Offer, responses: Responses) -> offline.Application:
    import gradio
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse, Response
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from convert.playground import page

    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[ADDRESS, "localhost"])
    app.add_middleware(offline.OfflinePolicy)

    voices = choices.voices()

    def said(text: str, language: str) -> Response:
        if language not in voices:
            return PlainTextResponse("no such language", 404)
        try:
            return Response(speech.wav(text, language), media_type="audio/wav", headers={"cache-control": "no-store"})
        except VoiceError as err:
            return PlainTextResponse(str(err), 503)

    app.add_api_route(markup.SOUND_PATH, said, response_model=None)
    blocks = page.build(offer, responses)
    return gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=page.MAX_UPLOAD,
        theme=page.theme(),
        css=page.css(),
        js=page.SCRIPT,
        show_error=False,
    )
