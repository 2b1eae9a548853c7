"""Stand-in for boto3.session: clients and resources are made, whatever they would ask of AWS raises."""

from botocore.exceptions import NoCredentialsError


class _Service:
    """A client, resource, table, bucket ...: made by name without a call, as in boto3."""

    def __init__(self, *path):
        self._path = path

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        # boto3 names sub-resources in CapWords and operations in snake_case.
        if name[0].isupper():
            return lambda *identifiers, **_: _Service(*self._path, name, *identifiers)
        return _operation(".".join(map(str, (*self._path, name))))


def _operation(name):
    def call(*_, **__):
        raise NoCredentialsError(operation=name)

    return call


class Session:
    def __init__(self, *_, region_name=None, profile_name=None, **__):
        self.region_name = region_name
        self.profile_name = profile_name

    def client(self, service_name, *_, **__):
        return _Service("client", service_name)

    def resource(self, service_name, *_, **__):
        return _Service("resource", service_name)

    def get_credentials(self):
        return None
