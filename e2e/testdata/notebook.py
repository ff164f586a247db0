"""Every hop of trusted identity propagation with boto3, as a notebook does it."""

import argparse
import json
import base64

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"
ACCOUNT = "444455556666"
APPLICATION = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
OIDC_ROLE = "arn:aws:iam::444455556666:role/tip-oidc-role"
ACCESS_ROLE = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
BUCKET = "tip-team-data"


def client(service, credentials=None, **kwargs):
    if credentials:
        kwargs.update(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )
    return boto3.client(service, region_name=REGION, **kwargs)


def refused(name, call):
    try:
        call()
    except ClientError as err:
        print(name, err.response["Error"]["Code"], err.response["ResponseMetadata"]["HTTPStatusCode"])
        return
    raise SystemExit(name + " was not refused")


def list_and_write(prefix, s3):
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        print(prefix + "object", entry["Key"])
    s3.put_object(Bucket=BUCKET, Key="notebook/out.bin", Body=b"x" * 100_000)
    body = s3.get_object(Bucket=BUCKET, Key="notebook/out.bin")["Body"].read()
    assert len(body) == 100_000
    s3.delete_object(Bucket=BUCKET, Key="notebook/out.bin")
    print(prefix + "write ok")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--s3control", action="store_true")
    args = parser.parse_args()
    with open(args.token_file, encoding="utf-8") as f:
        token = f.read()

    unsigned = client("sts", config=Config(signature_version=UNSIGNED))
    bootstrap = unsigned.assume_role_with_web_identity(
        RoleArn=OIDC_ROLE, RoleSessionName="notebook", WebIdentityToken=token, DurationSeconds=900
    )["Credentials"]

    def exchange():
        return client("sso-oidc", bootstrap).create_token_with_iam(
            clientId=APPLICATION, grantType="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=token
        )

    answer = exchange()
    payload = answer["idToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sts:identity_context"] == answer["awsAdditionalDetails"]["identityContext"]
    refused("replay", exchange)

    enhanced = client("sts", bootstrap).assume_role(
        RoleArn=ACCESS_ROLE,
        RoleSessionName="tip-" + claims["sub"],
        ProvidedContexts=[
            {
                "ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter",
                "ContextAssertion": claims["sts:identity_context"],
            }
        ],
    )["Credentials"]
    identity = client("sts", enhanced).get_caller_identity()
    print("identity", identity["UserId"].split(":")[1])
    refused("direct", lambda: client("s3", enhanced).list_objects_v2(Bucket=BUCKET))

    if not args.s3control:
        admin = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
        list_and_write("admin ", client("s3", admin))
        return

    control = client("s3control", enhanced)
    granted = control.get_data_access(AccountId=ACCOUNT, Target="s3://" + BUCKET, Permission="READWRITE")
    print("matched", granted["MatchedGrantTarget"])
    list_and_write("", client("s3", granted["Credentials"]))
    refused("denied", lambda: control.get_data_access(AccountId=ACCOUNT, Target="s3://tip-demo-data", Permission="WRITE"))


if __name__ == "__main__":
    main()
