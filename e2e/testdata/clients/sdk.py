"""An errand with boto3: python3 sdk.py ERRAND [--profile NAME].

Each line of the output is a word and what came of it.
"""

import argparse
import datetime

import boto3
from botocore.exceptions import ClientError

BUCKET = "tip-demo-data"


def refused(call, **kwargs):
    try:
        call(**kwargs)
    except ClientError as err:
        return err.response["Error"]["Code"]
    return "allowed"


def identity(session):
    who = session.client("sts").get_caller_identity()
    print("identity", who["UserId"], who["Account"])
    print("direct", refused(session.client("s3").list_objects_v2, Bucket=BUCKET, Prefix="reports/"))


def grant(session):
    s3 = session.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/")["Contents"]
    print("keys", ",".join(entry["Key"] for entry in listed))
    print("body", s3.get_object(Bucket=BUCKET, Key="reports/summary.txt")["Body"].read().decode().strip())
    print("write", refused(s3.put_object, Bucket=BUCKET, Key="reports/mine.txt", Body=b"mine"))


def renewal(session):
    """Calls AWS, waits for a line, and calls again when the credentials are 12 minutes older."""
    sts = session.client("sts")
    sts.get_caller_identity()
    credentials = session.get_credentials()
    print("first", credentials.access_key, flush=True)
    input()
    ahead = datetime.timedelta(minutes=12)
    fetch = credentials._time_fetcher
    credentials._time_fetcher = lambda: fetch() + ahead
    sts.get_caller_identity()
    print("second", credentials.access_key)


def often(session):
    """Calls AWS five times."""
    sts = session.client("sts")
    for _ in range(5):
        print("identity", sts.get_caller_identity()["UserId"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("errand", choices=["identity", "grant", "renewal", "often"])
    parser.add_argument("--profile")
    args = parser.parse_args()
    session = boto3.Session(profile_name=args.profile, region_name="eu-west-1")
    globals()[args.errand](session)


if __name__ == "__main__":
    main()
