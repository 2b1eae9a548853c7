"""Stand-in for requests.models: names for annotations and mocks; no request is ever made."""

import json

from requests.exceptions import HTTPError, JSONDecodeError


class Response:
    def __init__(self):
        self.status_code = None
        self.headers = {}
        self.reason = None
        self.url = None
        self.encoding = "utf-8"
        self._content = b""

    @property
    def content(self):
        return self._content

    @property
    def text(self):
        return self._content.decode(self.encoding, errors="replace")

    @property
    def ok(self):
        return self.status_code is not None and self.status_code < 400

    def json(self, **kwargs):
        try:
            return json.loads(self.text, **kwargs)
        except json.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos) from error

    def raise_for_status(self):
        if not self.ok:
            raise HTTPError(f"{self.status_code} {self.reason} for url: {self.url}", response=self)
