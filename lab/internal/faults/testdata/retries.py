"""Calls services with boto3 while faults strike, for TestBoto3."""
import boto3
import botocore.exceptions

identity = boto3.client("sts").get_caller_identity()
print("GetCallerIdentity: %d retries" % identity["ResponseMetadata"]["RetryAttempts"])

s3 = boto3.client("s3")
listed = s3.list_objects_v2(Bucket="tip-demo-data", MaxKeys=1)
print("ListObjectsV2: %s" % ("redirected" if listed["KeyCount"] else "nothing"))

out = s3.get_object(Bucket="tip-demo-data", Key="reports/summary.txt")
read = "all of it"
try:
    out["Body"].read()
except (botocore.exceptions.IncompleteReadError, botocore.exceptions.ResponseStreamingError) as error:
    read = type(error).__name__
print("GetObject: %d retries, %s" % (out["ResponseMetadata"]["RetryAttempts"], read))
