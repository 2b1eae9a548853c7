"""Stand-in for dateutil: only dateutil.parser, and of it what ISO 8601 and its neighbours need."""
