"""Stand-ins: importing and naming works, calling out raises what bodies expect to catch."""

import importlib
import unittest
from datetime import datetime, timedelta, timezone


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


class Dateutil(unittest.TestCase):
    def test_parse(self):
        from dateutil import parser

        for text, expected in [
            ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06 07:08:09.123456789", datetime(2024, 5, 6, 7, 8, 9, 123456)),
            ("2024-05-06 07:08:09 UTC", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06 07:08:09.5 utc", utc(2024, 5, 6, 7, 8, 9, 500000)),
            ("2024-05-06T07:08:09 GMT", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06T07:08:09Z", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06T07:08:09.123Z", utc(2024, 5, 6, 7, 8, 9, 123000)),
            ("2024-05-06 09:08:09 +02:00", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06 09:08:09+0200", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06 07:08:09.000 +0000 UTC", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06T02:08:09-05:00", utc(2024, 5, 6, 7, 8, 9)),
            ("2024-05-06", datetime(2024, 5, 6)),
            (" 20240506T070809Z ", utc(2024, 5, 6, 7, 8, 9)),
        ]:
            with self.subTest(text):
                self.assertEqual(parser.parse(text), expected)
                self.assertEqual(parser.parse(text).tzinfo is None, expected.tzinfo is None)

    def test_options(self):
        from dateutil import parser

        self.assertEqual(parser.parse("2024-05-06T07:00:00+02:00", ignoretz=True), datetime(2024, 5, 6, 7))
        self.assertEqual(parser.parse("2024-05-06T07:00:00+02:00").utcoffset(), timedelta(hours=2))

    def test_refused(self):
        from dateutil import parser

        for text in ["", "yesterday", "2024-13-01", "07:08:09", "UTC"]:
            with self.subTest(text), self.assertRaises(parser.ParserError) as caught:
                parser.parse(text)
            self.assertIsInstance(caught.exception, ValueError)
        for value in [None, 5, ["2024-05-06"]]:
            with self.subTest(value), self.assertRaises(TypeError):
                parser.parse(value)


class Boto3(unittest.TestCase):
    def test_names_for_annotations(self):
        import boto3

        def table() -> boto3.resource:
            return None

        self.assertIsNone(table())
        self.assertTrue(callable(boto3.client))
        self.assertTrue(issubclass(boto3.session.Session, boto3.Session))

    def test_calls_raise_no_credentials(self):
        import boto3
        from botocore.exceptions import BotoCoreError, NoCredentialsError

        table = boto3.resource("dynamodb", endpoint_url="https://dynamodb.us-east-1.amazonaws.com").Table("t")
        for name, call in {
            "resource.dynamodb.Table.t.get_item": lambda: table.get_item(Key={"id": "x"}),
            "client.s3.list_buckets": lambda: boto3.client("s3", region_name="eu-west-1").list_buckets(),
            "resource.s3.Bucket.b.Object.k.get": lambda: (
                boto3.Session().resource("s3").Bucket("b").Object("k").get()
            ),
        }.items():
            with self.subTest(name), self.assertRaisesRegex(NoCredentialsError, name) as caught:
                call()
            self.assertIsInstance(caught.exception, BotoCoreError)
            self.assertIn("no access to AWS", str(caught.exception))

    def test_client_error(self):
        from botocore.exceptions import ClientError

        error = ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        self.assertEqual(error.response["Error"]["Code"], "404")
        self.assertIn("(404) when calling the HeadObject operation: Not Found", str(error))


class Requests(unittest.TestCase):
    def test_names(self):
        import requests
        from requests.adapters import HTTPAdapter
        from requests.auth import HTTPBasicAuth

        with requests.Session() as session:
            session.mount("https://", HTTPAdapter(max_retries=3))
            session.auth = HTTPBasicAuth("user", "password")
            session.headers.update({"X-Key": "1"})
        self.assertIs(requests.exceptions.Timeout, requests.Timeout)
        self.assertTrue(issubclass(requests.exceptions.ConnectTimeout, requests.RequestException))
        self.assertTrue(issubclass(requests.RequestException, IOError))

    def test_whatever_sends_raises(self):
        import requests

        url = "https://example.com/x"
        verbs = ["get", "options", "head", "post", "put", "patch", "delete"]
        calls = {verb: getattr(requests, verb) for verb in verbs}
        calls |= {f"session.{verb}": getattr(requests.Session(), verb) for verb in verbs}
        for name, call in calls.items():
            verb = name.split(".")[-1].upper()
            with (
                self.subTest(name),
                self.assertRaisesRegex(requests.ConnectionError, f"{verb} {url}: .*no network"),
            ):
                call(url, timeout=5)
        with self.assertRaises(requests.exceptions.RequestException):
            requests.request("GET", url, params={"a": 1})

    def test_a_response_for_mocks(self):
        import requests

        response = requests.Response()
        response.status_code, response._content = 200, b'{"a": 1}'
        self.assertEqual((response.ok, response.json(), response.text), (True, {"a": 1}, '{"a": 1}'))
        response.status_code, response._content = 404, b"no"
        with self.assertRaises(requests.exceptions.JSONDecodeError):
            response.json()
        with self.assertRaises(requests.HTTPError) as caught:
            response.raise_for_status()
        self.assertIs(caught.exception.response, response)


class Origin(unittest.TestCase):
    def test_they_are_ours(self):
        for name in ["boto3", "botocore", "botocore.config", "requests", "dateutil.parser"]:
            with self.subTest(name):
                self.assertIn("stand_ins", importlib.import_module(name).__file__)


if __name__ == "__main__":
    unittest.main()
