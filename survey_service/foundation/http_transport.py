"""The HTTP client that gateways of messages are spoken to with: short timeouts, no redirects, TLS verified, little read
back. What goes wrong is an ``OSError`` that says nothing of what was sent."""

from threading import local

import requests

from notifications.channels import HttpAnswer, HttpRequest

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 10.0
_LARGEST_ANSWER = 64 * 1024


class HttpTransport:
    """Sends one request at a time for each thread, over connections that are kept."""

    def __init__(self, *, connect: float = _CONNECT_SECONDS, read: float = _READ_SECONDS) -> None:
        self._timeouts = (connect, read)
        self._of_thread = local()

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Raises ``OSError`` where no answer came, or one that is too large to mean anything."""
        try:
            return self._answer(request)
        except requests.RequestException as error:
            kind = type(error).__name__
        # Outside the handler: the client's own words hold the address that was called.
        raise OSError(kind)

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        with self._session().request(
            request.method,
            request.url,
            data=request.body,
            headers=dict(request.headers),
            timeout=self._timeouts,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = b""
            for part in answer.iter_content(8192):
                body += part
                if len(body) > _LARGEST_ANSWER:
                    raise OSError("TooMuch")
            return HttpAnswer(answer.status_code, dict(answer.headers), body)

    def _session(self) -> requests.Session:
        """Of this thread: a session is not made for several. No proxy or password is taken from the surroundings."""
        found: requests.Session | None = getattr(self._of_thread, "session", None)
        if found is None:
            found = self._of_thread.session = requests.Session()
            found.trust_env = False
        return found
