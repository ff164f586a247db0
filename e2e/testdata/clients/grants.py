"""Objects with boto3: python3 grants.py PROFILE VERB ARGUMENTS.

The verbs are ls, put, get, rm, rmall, copy, sync, down and link; objects are BUCKET/KEY.
"""

import os
import sys

import boto3

def split(path):
    bucket, _, key = path.partition("/")
    return bucket, key


def keys(s3, path):
    bucket, prefix = split(path)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield entry["Key"]


def ls(s3, path):
    for key in keys(s3, path):
        print(key)


def put(s3, name, path):
    s3.upload_file(name, *split(path))


def get(s3, path):
    bucket, key = split(path)
    sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def rm(s3, path):
    bucket, key = split(path)
    s3.delete_object(Bucket=bucket, Key=key)


def rmall(s3, path, wanted=()):
    """Deletes what lies under path and is not wanted, with one DeleteObjects."""
    names = [{"Key": key} for key in keys(s3, path) if key not in wanted]
    if names:
        answer = s3.delete_objects(Bucket=split(path)[0], Delete={"Objects": names})
        if answer.get("Errors"):
            sys.exit("An error occurred (%(Code)s) when deleting %(Key)s" % answer["Errors"][0])


def copy(s3, source, target):
    bucket, key = split(source)
    s3.copy({"Bucket": bucket, "Key": key}, *split(target))


def sync(s3, folder, path):
    names = sorted(os.listdir(folder))
    for name in names:
        put(s3, os.path.join(folder, name), path + name)
    rmall(s3, path, [split(path)[1] + name for name in names])


def down(s3, path, folder):
    os.makedirs(folder, exist_ok=True)
    bucket, prefix = split(path)
    for key in keys(s3, path):
        s3.download_file(bucket, key, os.path.join(folder, key[len(prefix):]))


def link(s3, path):
    bucket, key = split(path)
    print(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=300))


def main():
    profile, verb, *args = sys.argv[1:]
    verbs = {f.__name__: f for f in (ls, put, get, rm, rmall, copy, sync, down, link)}
    verbs[verb](boto3.Session(profile_name=profile).client("s3"), *args)


if __name__ == "__main__":
    main()
