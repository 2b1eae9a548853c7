"""Stand-in for requests.auth."""


class AuthBase:
    pass


class HTTPBasicAuth(AuthBase):
    def __init__(self, username, password):
        self.username = username
        self.password = password
