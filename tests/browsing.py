"""A browser for tests without a browser: cookies, the page last shown, its forms with their hidden fields."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from survey_service.access.web import COOKIE
from survey_service.replay import Page
from tests.conftest import BASE_URL


class Visitor:
    """Somebody on the pages, signed in by a cookie or not."""

    def __init__(self, app: Flask, cookie: str | None = None) -> None:
        self._client = app.test_client()
        if cookie is not None:
            self._client.set_cookie(COOKIE, cookie, domain="survey.test")

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._client.get(path, base_url=BASE_URL, **options)

    def post(self, path: str, *, page: str, **fields: str) -> TestResponse:
        """Send ``fields`` to ``path`` with the cross-site token of the form on ``page``."""
        return self._client.post(path, data={"csrf_token": self.token(page), **fields}, base_url=BASE_URL)

    def submit(self, page: str, action_starts: str, **fields: str) -> TestResponse:
        """Fill in the form on ``page`` that goes to ``action_starts``, and send it as a browser would."""
        form = self.page(page).form(action_starts)
        return self._client.post(form.action or page, data={**form.fields, **fields}, base_url=BASE_URL)

    def page(self, path: str) -> Page:
        return Page(path, self.get(path).get_data(as_text=True))

    def token(self, page: str = "/sign-in") -> str:
        return self.page(page).form("").fields["csrf_token"]

    def raw_post(self, path: str, **options: Any) -> TestResponse:
        """Without a token, as another site's form would send it."""
        return self._client.open(path, base_url=BASE_URL, **{"method": "POST", **options})
