"""Stand-in for botocore.exceptions: the classes that detections catch."""


class BotoCoreError(Exception):
    fmt = "An unspecified error occurred"

    def __init__(self, **kwargs):
        self.kwargs = kwargs
        super().__init__(self.fmt.format(**kwargs))


class NoCredentialsError(BotoCoreError):
    fmt = "Unable to locate credentials: boto3 is a stand-in here, detections have no access to AWS"

    def __init__(self, operation=None, **kwargs):
        super().__init__(**kwargs)
        if operation:
            self.args = (f"{self.args[0]} (called: {operation})",)


class PartialCredentialsError(NoCredentialsError):
    pass


class EndpointConnectionError(BotoCoreError):
    fmt = "Could not connect to the endpoint URL"


class ClientError(Exception):
    def __init__(self, error_response, operation_name):
        self.response = error_response
        self.operation_name = operation_name
        error = error_response.get("Error", {})
        super().__init__(
            f"An error occurred ({error.get('Code', 'Unknown')}) when calling the {operation_name} "
            f"operation: {error.get('Message', 'Unknown')}"
        )
