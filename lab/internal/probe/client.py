"""Calls a service with boto3 or the AWS CLI, for python.go.

    python3 client.py boto3|cli SERVICE

Each line of the standard input is {"operation": NAME, "input": {...}}; the answer
is a line with {"output": {...}} or {"code": CODE, "message": TEXT}. The client's
settings are those of the environment. The CLI gets an option for each member of
the input. It runs inside this process where its package can be imported, as each
start of it takes a second, and else as the command aws.
"""
import contextlib
import io
import json
import os
import re
import subprocess
import sys

from botocore import xform_name
from botocore.exceptions import ClientError


def with_boto3(service):
    import boto3

    client = boto3.client(service)

    def call(operation, given):
        try:
            output = getattr(client, xform_name(operation))(**given)
        except ClientError as err:
            return {"code": err.response["Error"]["Code"], "message": err.response["Error"]["Message"]}
        output.pop("ResponseMetadata", None)
        return {"output": output}

    return call


def run_here(driver, arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main(arguments)
    return code, out.getvalue(), err.getvalue()


def run_command(arguments):
    done = subprocess.run(["aws", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def with_cli(service):
    try:
        from awscli.clidriver import create_clidriver
    except ImportError:
        run = run_command
    else:
        driver = create_clidriver()

        def run(arguments):
            return run_here(driver, arguments)

    def call(operation, given):
        arguments = [service, xform_name(operation, "-"), "--output", "json"]
        for name, value in given.items():
            option = xform_name(name, "-")
            if isinstance(value, bool):
                arguments.append("--" + option if value else "--no-" + option)
                continue
            arguments += ["--" + option, value if isinstance(value, str) else json.dumps(value)]
        code, out, err = run(arguments)
        if code == 0:
            return {"output": json.loads(out) if out.strip() else {}}
        found = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)", err)
        return {"code": found.group(1), "message": found.group(2)} if found else {"code": "exit %d" % code, "message": err}

    return call


def main():
    answers = os.fdopen(os.dup(1), "w")
    call = {"boto3": with_boto3, "cli": with_cli}[sys.argv[1]](sys.argv[2])
    for line in sys.stdin:
        step = json.loads(line)
        print(json.dumps(call(step["operation"], step["input"]), default=str), file=answers, flush=True)


main()
