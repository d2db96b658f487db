"""A small HTTP client: one connection that is kept, and as little work as it takes, so that it measures the server."""

import json
import socket
import time

from .say import Failure


class Client:
    """A connection to a server on the loopback."""

    def __init__(self, port: int, token: str = ""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = "Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self.head += f"Authorization: Bearer {token}\r\n" if token else ""

    def encode(self, method: str, path: str, body: str = "") -> bytes:
        """A request, ready to be sent as often as one likes."""
        return f"{method} {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self.socket.sendall(request)
        text = b""
        while (end := text.find(b"\r\n\r\n")) < 0:
            text += self.receive()
        head = text[:end].lower()
        body = text[end + 4 :]
        if b"content-length:" in head:
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            while len(body) < length:
                body += self.receive()
        elif b"transfer-encoding: chunked" in head:
            while not body.endswith(b"0\r\n\r\n"):
                body += self.receive()
            body = joined(body)
        return int(head[9:12]), body

    def receive(self) -> bytes:
        """The next bytes."""
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise Failure("the server closed the connection")
        return piece

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()


def joined(chunks: bytes) -> bytes:
    """A body that came in chunks."""
    body = b""
    while chunks:
        length, rest = chunks.split(b"\r\n", 1)
        size = int(length, 16)
        if size == 0:
            break
        body += rest[:size]
        chunks = rest[size + 2 :]
    return body


def verify(port: int, dialect, world, calls: list, batch: int, token: str = "", limit: float = 40) -> dict:
    """Compares every verdict, or as many as the limit in seconds allows, with the expected one; fails when one is
    wrong."""
    client = Client(port, token)
    begin, compared = time.monotonic(), 0
    for call in calls:
        if time.monotonic() - begin > limit:
            break
        body = json.dumps(dialect.body(world, call))
        status, answer = client.send(client.encode("POST", dialect.path(batch), body))
        got = dialect.verdicts(json.loads(answer)) if status == 200 else []
        if got != call.allow:
            raise Failure(f"{dialect.name}, batch of {batch}: asked {body}, status {status}, answer {answer[:300]!r}")
        compared += len(got)
    client.close()
    return {"dialect": dialect.name, "batch": batch, "verified": compared}
