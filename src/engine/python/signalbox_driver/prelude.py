"""Imports what bodies commonly use, once, while the trusted base image is made. No author's code runs here."""

import ast
import base64
import binascii
import collections
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fnmatch
import functools
import gc
import hashlib
import ipaddress
import itertools
import json
import logging
import math
import os
import random
import re
import shlex
import string
import textwrap
import time
import typing
import unittest
import unittest.mock
import urllib.parse
import uuid
import zlib

from signalbox_driver import address_texts, analysis, batch, integrity, progress, sandbox, time_texts

# Before the base image is made, so that whatever imports these functions gets them.
time_texts.install()
address_texts.install()
# The first call imports the locale's tables.
datetime.datetime.strptime("2020", "%Y")
gc.collect()

#: What the host calls.
_CALLS = {
    "lock_down": sandbox.lock_down,
    "reseed": sandbox.reseed,
    "analyze": analysis.analyze,
    "load": batch.load,
    "finish_load": batch.finish_load,
    "evaluate": batch.evaluate,
    "test": batch.test,
    "unit_tests": batch.unit_tests,
    "find_changes": integrity.find_changes,
}


def places(_text):
    """-> {addresses: name -> that of the call, marker: that of the cells}"""
    return json.dumps({"addresses": {name: id(call) for name, call in _CALLS.items()}, "marker": progress.address()})
