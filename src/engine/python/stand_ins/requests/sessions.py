"""Stand-in for requests.sessions: a Session can be made and configured; whatever would send raises."""

from requests.exceptions import ConnectionError


class Session:
    def __init__(self):
        self.headers = {}
        self.params = {}
        self.cookies = {}
        self.proxies = {}
        self.auth = None
        self.verify = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def mount(self, prefix, adapter):
        pass

    def close(self):
        pass

    def request(self, method, url, **_):
        raise ConnectionError(
            f"{method.upper()} {url}: requests is a stand-in here, detections have no network"
        )

    def get(self, url, **kwargs):
        return self.request("GET", url, **kwargs)

    def options(self, url, **kwargs):
        return self.request("OPTIONS", url, **kwargs)

    def head(self, url, **kwargs):
        return self.request("HEAD", url, **kwargs)

    def post(self, url, data=None, json=None, **kwargs):
        return self.request("POST", url, **kwargs)

    def put(self, url, data=None, **kwargs):
        return self.request("PUT", url, **kwargs)

    def patch(self, url, data=None, **kwargs):
        return self.request("PATCH", url, **kwargs)

    def delete(self, url, **kwargs):
        return self.request("DELETE", url, **kwargs)
