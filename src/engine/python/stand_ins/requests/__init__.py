"""Stand-in for requests: imports work, whatever would send raises requests.exceptions.ConnectionError."""

from requests import adapters, auth, exceptions, models, sessions
from requests.exceptions import (
    ConnectionError,
    ConnectTimeout,
    HTTPError,
    JSONDecodeError,
    ReadTimeout,
    RequestException,
    Timeout,
    TooManyRedirects,
    URLRequired,
)
from requests.models import Response
from requests.sessions import Session

__all__ = [
    "ConnectTimeout",
    "ConnectionError",
    "HTTPError",
    "JSONDecodeError",
    "ReadTimeout",
    "RequestException",
    "Response",
    "Session",
    "Timeout",
    "TooManyRedirects",
    "URLRequired",
    "adapters",
    "auth",
    "delete",
    "exceptions",
    "get",
    "head",
    "models",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "session",
    "sessions",
]


def session():
    return Session()


def request(method, url, **kwargs):
    return Session().request(method, url, **kwargs)


def get(url, params=None, **kwargs):
    return Session().get(url, **kwargs)


def options(url, **kwargs):
    return Session().options(url, **kwargs)


def head(url, **kwargs):
    return Session().head(url, **kwargs)


def post(url, data=None, json=None, **kwargs):
    return Session().post(url, **kwargs)


def put(url, data=None, **kwargs):
    return Session().put(url, **kwargs)


def patch(url, data=None, **kwargs):
    return Session().patch(url, **kwargs)


def delete(url, **kwargs):
    return Session().delete(url, **kwargs)
