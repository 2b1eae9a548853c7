"""Stand-in for botocore: its exceptions, and Config for those who pass one on."""
