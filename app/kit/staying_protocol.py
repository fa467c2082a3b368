"""uvicorn's HTTP protocol, which stays with HTTP/1.1 whatever unknown protocol is offered."""

import httptools

from app.kit.parting_protocol import PartingProtocol


class StayingProtocol(PartingProtocol):
    """One connection, as uvicorn serves it, except that an upgrade that is not known is ignored.

    RFC 9110 (7.8) allows that. The parser stops at any upgrade and leaves the body out, so the request is
    read once more without its offer.
    """

    def _should_upgrade(self) -> bool:
        # Tells uvicorn which requests it is not to begin.
        return self.parser.get_method() != b"CONNECT"

    def _upgrade(self, rest: bytes | memoryview) -> bytes:
        """Go on where the parser has stopped before the rest; tells what is to be read then."""
        if self._should_upgrade() and not super()._should_upgrade():
            return self._head_without_offer() + rest
        # What comes after that is not HTTP, and is looked at by whoever takes over, or by nobody.
        self._is_deaf = True
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        else:
            self._unsupported_upgrade_warning()
            self.cycle.keep_alive = False
        return b""

    def _head_without_offer(self) -> bytes:
        """Write the head that was read, and have it read anew: without its offer, and else as it was."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        # The old one reads nothing any more where this is the last request.
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"".join((b"%b %b HTTP/%b\r\n" % (method, self.url, version.encode()), *lines, b"\r\n"))
