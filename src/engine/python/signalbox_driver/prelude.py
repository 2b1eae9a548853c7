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
import hashlib
import html
import ipaddress
import itertools
import json
import logging
import math
import os
import random
import re
import shlex
import statistics
import string
import textwrap
import time
import typing
import unittest
import unittest.mock
import urllib.parse
import uuid
import zlib

import signalbox_driver.batch
import signalbox_driver.sandbox
import signalbox_driver.study

# The first call imports the locale's tables.
datetime.datetime.strptime("2020", "%Y")
