"""The simulator on a port: threads, kept connections, and honest hang-ups."""

from __future__ import annotations

import io
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote_to_bytes

from agentiq.wb.simulator.app import Simulator
from agentiq.wb.simulator.http import Dropped


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        self.simulator = simulator
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # who hung up is no error
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        try:
            [body] = self.server.simulator(self._environ(), self._start)
        except Dropped:
            self.close_connection = True
            return
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        # Read here and whole: what a handler leaves would be the next request.
        size = int(environ["CONTENT_LENGTH"])
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(size))
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        pass  # a simulator under load would drown the tests' output


class Running:
    """A simulator that listens at ``url`` until closed; also a context manager."""

    def __init__(self, simulator: Simulator, host: str, port: int) -> None:
        self.simulator = simulator
        self._server = _Server((host, port), simulator)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening and hang up on who is still connected."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self._server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(simulator: Simulator, port: int = 0, *, host: str = "127.0.0.1") -> Running:
    """Start answering in threads; port 0 takes a free one. OSError: port in use."""
    return Running(simulator, host, port)
