"""A real mail server on the loopback that keeps what it is sent."""

import email
import email.policy
import re
import socket
from dataclasses import dataclass

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from . import port
from .certificate import Authority
from .wait import Board

USER, PASSWORD = "rolecall", "a-password-of-the-mail-server"


@dataclass
class Letter:
    """A message as it came."""

    sender: str
    to: list
    secure: bool
    authenticated: bool
    message: email.message.EmailMessage

    @property
    def subject(self) -> str:
        return self.message["subject"]

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content()

    def link(self, path: str = "/") -> str:
        """The link in the text that leads to a path."""
        found = re.search(rf"https?://[^\s/]+{re.escape(path)}\S*", self.text)
        assert found, self.text
        return found[0]

    def __str__(self):
        return f"{self.subject!r} to {', '.join(self.to)}"


class Post:
    """The mail server. `refuse` is the answer to every message until it is None again: `451 later`, `550 never`."""

    def __init__(self, mode: str = "plain", authority: Authority | None = None, password: bool = False):
        self.mode = mode
        self.port = port.free()
        self.refuse = None
        self.tries = Board()
        self._letters = Board()
        self._authority = authority
        self._password = password
        self._controller = None
        self.start()

    def start(self):
        secure = self._authority and self._authority.context()
        more = {"tls": {"ssl_context": secure}, "starttls": {"tls_context": secure}}.get(self.mode, {})
        if self._password:
            more |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": self.mode == "starttls",
            }
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **more)
        if self.mode == "tls":
            # The controller's own look whether it listens takes the server's context for a client's.
            self._controller._trigger_server = self._connect
        self._controller.start()

    def _connect(self):
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            self._authority.trust().wrap_socket(plain, server_hostname="localhost").close()

    def stop(self):
        """Nobody answers any more at its port, until it is started again."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> str:
        """As `ROLECALL_SMTP_URL` names it."""
        who = f"{USER}:{PASSWORD}@" if self._password else ""
        match self.mode:
            case "tls":
                return f"smtps://{who}localhost:{self.port}"
            case "starttls":
                return f"smtp://{who}localhost:{self.port}?tls=required"
            case _:
                return f"smtp://{who}127.0.0.1:{self.port}?tls=none"

    def letters(self, to: str | None = None) -> list:
        return [letter for letter in self._letters.all() if to is None or to in letter.to]

    def letter(self, to: str, about: str = "") -> Letter:
        """Waits for a message to somebody whose subject or text holds this."""
        return self._letters.wait(
            lambda letter: to in letter.to and (about in letter.subject or about in letter.text), f"a mail to {to}"
        )

    def forget(self):
        self._letters.clear()
        self.tries.clear()

    def _authenticate(self, _server, _session, _envelope, _mechanism, given):
        right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        self.tries.add(address)
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        secure = self.mode == "tls" or session.ssl is not None
        letter = Letter(envelope.mail_from, list(envelope.rcpt_tos), secure, session.authenticated, message)
        self._letters.add(letter)
        return "250 kept"
