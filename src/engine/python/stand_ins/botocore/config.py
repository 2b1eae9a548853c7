"""Stand-in for botocore.config."""


class Config:
    def __init__(self, **options):
        self.__dict__.update(options)
