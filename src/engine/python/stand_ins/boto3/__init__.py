"""Stand-in for boto3: imports and clients work, every call to AWS raises NoCredentialsError."""

from boto3.session import Session


def client(service_name, *args, **kwargs):
    return Session().client(service_name, *args, **kwargs)


def resource(service_name, *args, **kwargs):
    return Session().resource(service_name, *args, **kwargs)
