"""Calls operations with boto3 and prints what it sees, for TestBoto3.

Reads one JSON object a line: {"service", "operation", "input"}. Prints one a line: {"output"} or {"error": {code, message,
status}}. Data is by the model's member names; times are milliseconds since the epoch, blobs base64. Every request goes to
the proxy in argv[1], so that invented host names (S3 Control puts the account in front) need no DNS.
"""

import base64
import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions
from botocore import xform_name


def to_boto(shape, value):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {name: to_boto(shape.members[name], v) for name, v in value.items()}
    if kind == "list":
        return [to_boto(shape.member, v) for v in value]
    if kind == "map":
        return {k: to_boto(shape.value, v) for k, v in value.items()}
    if kind == "timestamp":
        return datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc)
    if kind == "blob":
        return base64.b64decode(value)
    return value


def from_boto(shape, value):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {name: from_boto(shape.members[name], v) for name, v in value.items() if name in shape.members}
    if kind == "list":
        return [from_boto(shape.member, v) for v in value]
    if kind == "map":
        return {k: from_boto(shape.value, v) for k, v in value.items()}
    if kind == "timestamp":
        return round(value.timestamp() * 1000)
    if kind == "blob":
        return base64.b64encode(value.read() if hasattr(value, "read") else value).decode()
    return value


def main():
    proxy = sys.argv[1]
    clients = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["service"]
        if name not in clients:
            clients[name] = boto3.Session(
                aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="secret", region_name="eu-west-1"
            ).client(
                name,
                endpoint_url=f"http://{name}.lab.invalid",
                config=botocore.config.Config(proxies={"http": proxy}, retries={"total_max_attempts": 1}),
            )
        client = clients[name]
        model = client.meta.service_model.operation_model(request["operation"])
        arguments = to_boto(model.input_shape, request["input"]) if model.input_shape else {}
        try:
            answer = getattr(client, xform_name(request["operation"]))(**arguments)
            result = {"output": from_boto(model.output_shape, answer) if model.output_shape else {}}
        except botocore.exceptions.ClientError as e:
            result = {
                "error": {
                    "code": e.response["Error"].get("Code", ""),
                    "message": e.response.get("error_description") or e.response["Error"].get("Message", ""),
                    "status": e.response["ResponseMetadata"]["HTTPStatusCode"],
                    "request_id": bool(e.response["ResponseMetadata"].get("RequestId")),
                }
            }
        print(json.dumps(result), flush=True)


main()
