"""Runs a scenario with boto3 against moto or against the lab, for TestMoto.

    python3 run.py SERVICE [ENDPOINT]

SERVICE is iam, s3 or cloudformation: the module of that name here. Without ENDPOINT
a moto server is started inside this process. Prints one JSON object: the steps in
order, each with its name, its operation, and what was answered: a status, an error's
code and message, or the output with every value that is made up by the server
replaced by what it is.
"""

import datetime
import importlib
import json
import re
import sys

import boto3
import botocore.config
import botocore.exceptions

MADE_UP = [
    (re.compile(r"\b(AROA|AIDA|ANPA|AKIA|ASIA|AGPA)[A-Z0-9]{12,}\b"), r"<\1>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z(-[0-9a-f]{8})?\b"), "-<time>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<canonical id>"),
    (re.compile(r"(?<=//)127\.0\.0\.1:[0-9]+"), "<endpoint>"),
    (re.compile(r"\b(tip-[a-z]+-(?:Role|Policy))-[A-Za-z0-9]{12,13}\b"), r"\1-<suffix>"),
]

# Members whose values are made up and have no form that could be told.
OPAQUE = {"VersionId": "version", "UploadId": "upload", "Marker": "marker", "NextMarker": "marker", "NextToken": "token",
          "NextContinuationToken": "token", "ContinuationToken": "token", "SecretAccessKey": "secret", "CopySourceVersionId": "version",
          "NextVersionIdMarker": "version", "VersionIdMarker": "version", "DeleteMarkerVersionId": "version"}


class Recorder:
    """Calls operations and writes down what was answered."""

    def __init__(self, endpoint, region, patience):
        self.endpoint, self.region, self.patience = endpoint, region, patience
        self.clients, self.steps, self.seen = {}, [], {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=self.region,
                config=botocore.config.Config(
                    retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"}
                ),
            )
        return self.clients[service]

    def call(self, name, service, operation, **given):
        """Records a step; returns the output, or an empty one after a refusal."""
        step = {"name": name, "operation": operation}
        output = {}
        try:
            output = getattr(self.client(service), operation)(**given)
            step["status"] = output.pop("ResponseMetadata")["HTTPStatusCode"]
            step["output"] = self.told("", output)
        except botocore.exceptions.ClientError as err:
            step["status"] = err.response["ResponseMetadata"]["HTTPStatusCode"]
            step["code"] = err.response["Error"].get("Code", "")
            step["message"] = self.text(err.response["Error"].get("Message", ""))
        except Exception as err:  # what the client cannot read is an answer, too
            step["status"], step["code"], step["message"] = 0, type(err).__name__, "the client cannot read the answer"
        self.steps.append(step)
        return output

    def told(self, name, value):
        if isinstance(value, dict):
            return {k: self.told(k, v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.told(name, v) for v in value]
        if isinstance(value, datetime.datetime):
            return "<time>"
        if hasattr(value, "read"):
            return self.text(value.read().decode())
        if isinstance(value, str):
            if name in ("PolicyId", "UserId") and not MADE_UP[0][0].fullmatch(value):
                return "<no identifier of IAM>"
            if name in OPAQUE and value not in ("null", "") and not re.fullmatch(r"v[0-9]+", value):
                kind = OPAQUE[name]
                numbers = self.seen.setdefault(kind, {})
                return "<%s %d>" % (kind, numbers.setdefault(value, len(numbers) + 1))
            return self.text(value)
        return value

    def text(self, value):
        for form, what in MADE_UP:
            value = form.sub(what, value)
        for kind, numbers in self.seen.items():
            for made, number in numbers.items():
                value = value.replace(made, "<%s %d>" % (kind, number))
        return value


def main():
    service = sys.argv[1]
    server, patience = None, 200  # tenths of a second
    if len(sys.argv) > 2:
        endpoint = sys.argv[2]
    else:
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        patience = 3
        endpoint = "http://%s:%d" % server.get_host_and_port()
    recorder = Recorder(endpoint, "eu-west-1", patience)
    importlib.import_module(service).scenario(recorder)
    print(json.dumps(recorder.steps))
    if server:
        server.stop()


main()
