"""The scenario of S3: buckets, objects, versions, tags, uploads in parts, policies."""

BUCKET = "tip-moto-bucket"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::tip-moto-bucket/*"}]}'


def scenario(r):
    def s3(name, operation, **given):
        return r.call(name, "s3", operation, **given)

    buckets(s3)
    objects(s3)
    copies(s3)
    lists(s3)
    tags(s3)
    uploads(s3)
    versions(s3)
    policies(s3)
    ends(s3)


def buckets(s3):
    here = {"LocationConstraint": "eu-west-1"}
    s3("bucket: create", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration=here)
    s3("bucket: create again", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration=here)
    s3("bucket: create without a location", "create_bucket", Bucket="tip-moto-nowhere")
    s3("bucket: create elsewhere", "create_bucket", Bucket="tip-moto-elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3("bucket: name too short", "create_bucket", Bucket="ab", CreateBucketConfiguration=here)
    s3("bucket: name in capitals", "create_bucket", Bucket="Tip-Moto", CreateBucketConfiguration=here)
    s3("bucket: name like an address", "create_bucket", Bucket="192.168.0.1", CreateBucketConfiguration=here)
    s3("bucket: head", "head_bucket", Bucket=BUCKET)
    s3("bucket: head unknown", "head_bucket", Bucket="tip-moto-unknown")
    s3("bucket: location", "get_bucket_location", Bucket=BUCKET)
    s3("bucket: location of unknown", "get_bucket_location", Bucket="tip-moto-unknown")
    s3("bucket: acl", "get_bucket_acl", Bucket=BUCKET)


def objects(s3):
    s3("object: put", "put_object", Bucket=BUCKET, Key="a/one.txt", Body=b"one", ContentType="text/plain", Metadata={"colour": "red"})
    s3("object: get", "get_object", Bucket=BUCKET, Key="a/one.txt")
    s3("object: head", "head_object", Bucket=BUCKET, Key="a/one.txt")
    s3("object: put without a type", "put_object", Bucket=BUCKET, Key="bare", Body=b"")
    s3("object: get without a type", "get_object", Bucket=BUCKET, Key="bare")
    s3("object: get unknown", "get_object", Bucket=BUCKET, Key="unknown")
    s3("object: head unknown", "head_object", Bucket=BUCKET, Key="unknown")
    s3("object: get from unknown bucket", "get_object", Bucket="tip-moto-unknown", Key="a")
    s3("object: put into unknown bucket", "put_object", Bucket="tip-moto-unknown", Key="a", Body=b"x")
    s3("object: range", "get_object", Bucket=BUCKET, Key="a/one.txt", Range="bytes=1-1")
    s3("object: range from the end", "get_object", Bucket=BUCKET, Key="a/one.txt", Range="bytes=-2")
    s3("object: range outside", "get_object", Bucket=BUCKET, Key="a/one.txt", Range="bytes=10-20")
    s3("object: if-match holds", "get_object", Bucket=BUCKET, Key="a/one.txt", IfMatch='"f97c5d29941bfb1b2fdab0874906ab82"')
    s3("object: if-match fails", "get_object", Bucket=BUCKET, Key="a/one.txt", IfMatch='"00000000000000000000000000000000"')
    s3("object: if-none-match", "get_object", Bucket=BUCKET, Key="a/one.txt", IfNoneMatch='"f97c5d29941bfb1b2fdab0874906ab82"')
    s3("object: put if absent, and it is not", "put_object", Bucket=BUCKET, Key="a/one.txt", Body=b"two", IfNoneMatch="*")
    s3("object: wrong MD5", "put_object", Bucket=BUCKET, Key="a/wrong", Body=b"two", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    s3("object: key too long", "put_object", Bucket=BUCKET, Key="k" * 1025, Body=b"x")
    s3("object: acl", "get_object_acl", Bucket=BUCKET, Key="a/one.txt")
    s3("object: attributes", "get_object_attributes", Bucket=BUCKET, Key="a/one.txt", ObjectAttributes=["ETag", "ObjectSize", "StorageClass"])
    s3("object: delete unknown", "delete_object", Bucket=BUCKET, Key="unknown")


def copies(s3):
    s3("copy", "copy_object", Bucket=BUCKET, Key="b/copy.txt", CopySource={"Bucket": BUCKET, "Key": "a/one.txt"})
    s3("copy: metadata come along", "head_object", Bucket=BUCKET, Key="b/copy.txt")
    s3("copy: onto itself", "copy_object", Bucket=BUCKET, Key="a/one.txt", CopySource={"Bucket": BUCKET, "Key": "a/one.txt"})
    s3("copy: of unknown", "copy_object", Bucket=BUCKET, Key="c", CopySource={"Bucket": BUCKET, "Key": "unknown"})
    s3("copy: replaces metadata", "copy_object", Bucket=BUCKET, Key="a/one.txt", CopySource={"Bucket": BUCKET, "Key": "a/one.txt"},
       Metadata={"colour": "blue"}, MetadataDirective="REPLACE")
    s3("copy: metadata replaced", "head_object", Bucket=BUCKET, Key="a/one.txt")


def lists(s3):
    for key in ("list/1", "list/2", "list/3", "list/deep/4", "list/ä ö"):
        s3("list: put " + key, "put_object", Bucket=BUCKET, Key=key, Body=b"x")
    s3("list: all", "list_objects_v2", Bucket=BUCKET, Prefix="list/")
    s3("list: by folder", "list_objects_v2", Bucket=BUCKET, Prefix="list/", Delimiter="/")
    page = s3("list: first page", "list_objects_v2", Bucket=BUCKET, Prefix="list/", MaxKeys=2)
    s3("list: second page", "list_objects_v2", Bucket=BUCKET, Prefix="list/", MaxKeys=2, ContinuationToken=page.get("NextContinuationToken", ""))
    s3("list: after a key", "list_objects_v2", Bucket=BUCKET, Prefix="list/", StartAfter="list/25")
    s3("list: version 1", "list_objects", Bucket=BUCKET, Prefix="list/", MaxKeys=2)
    s3("list: no keys", "list_objects_v2", Bucket=BUCKET, Prefix="list/", MaxKeys=0)
    s3("list: negative number of keys", "list_objects_v2", Bucket=BUCKET, MaxKeys=-1)
    s3("list: bad token", "list_objects_v2", Bucket=BUCKET, ContinuationToken="nonsense")
    s3("list: unknown bucket", "list_objects_v2", Bucket="tip-moto-unknown")


def tags(s3):
    s3("tags: put", "put_object_tagging", Bucket=BUCKET, Key="a/one.txt", Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    s3("tags: get", "get_object_tagging", Bucket=BUCKET, Key="a/one.txt")
    s3("tags: of unknown", "get_object_tagging", Bucket=BUCKET, Key="unknown")
    s3("tags: same key twice", "put_object_tagging", Bucket=BUCKET, Key="a/one.txt",
       Tagging={"TagSet": [{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]})
    s3("tags: more than ten", "put_object_tagging", Bucket=BUCKET, Key="a/one.txt",
       Tagging={"TagSet": [{"Key": "k%d" % i, "Value": "v"} for i in range(11)]})
    s3("tags: key of AWS", "put_object_tagging", Bucket=BUCKET, Key="a/one.txt", Tagging={"TagSet": [{"Key": "aws:team", "Value": "a"}]})
    s3("tags: delete", "delete_object_tagging", Bucket=BUCKET, Key="a/one.txt")
    s3("tags: none left", "get_object_tagging", Bucket=BUCKET, Key="a/one.txt")


def uploads(s3):
    upload = s3("upload: create", "create_multipart_upload", Bucket=BUCKET, Key="big", ContentType="text/plain").get("UploadId", "")
    part = s3("upload: part", "upload_part", Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=1, Body=b"part one")
    s3("upload: part number 0", "upload_part", Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=0, Body=b"x")
    s3("upload: part number 10001", "upload_part", Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=10001, Body=b"x")
    s3("upload: list parts", "list_parts", Bucket=BUCKET, Key="big", UploadId=upload)
    s3("upload: list uploads", "list_multipart_uploads", Bucket=BUCKET)
    s3("upload: part of unknown upload", "upload_part", Bucket=BUCKET, Key="big", UploadId="nonsense", PartNumber=1, Body=b"x")
    s3("upload: complete without parts", "complete_multipart_upload", Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": []})
    s3("upload: complete with a wrong part", "complete_multipart_upload", Bucket=BUCKET, Key="big", UploadId=upload,
       MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}]})
    s3("upload: complete", "complete_multipart_upload", Bucket=BUCKET, Key="big", UploadId=upload,
       MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part.get("ETag", "")}]})
    s3("upload: the object", "get_object", Bucket=BUCKET, Key="big")
    s3("upload: complete unknown", "complete_multipart_upload", Bucket=BUCKET, Key="big", UploadId="nonsense",
       MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part.get("ETag", "")}]})
    small = s3("upload: create for small parts", "create_multipart_upload", Bucket=BUCKET, Key="small").get("UploadId", "")
    etags = [s3("upload: small part %d" % n, "upload_part", Bucket=BUCKET, Key="small", UploadId=small, PartNumber=n, Body=b"x").get("ETag", "") for n in (1, 2)]
    s3("upload: complete with small parts", "complete_multipart_upload", Bucket=BUCKET, Key="small", UploadId=small,
       MultipartUpload={"Parts": [{"PartNumber": n + 1, "ETag": e} for n, e in enumerate(etags)]})
    s3("upload: complete in the wrong order", "complete_multipart_upload", Bucket=BUCKET, Key="small", UploadId=small,
       MultipartUpload={"Parts": [{"PartNumber": 2, "ETag": etags[1]}, {"PartNumber": 1, "ETag": etags[0]}]})
    s3("upload: abort", "abort_multipart_upload", Bucket=BUCKET, Key="small", UploadId=small)
    s3("upload: abort again", "abort_multipart_upload", Bucket=BUCKET, Key="small", UploadId=small)


def versions(s3):
    s3("versions: status before", "get_bucket_versioning", Bucket=BUCKET)
    s3("versions: switch on", "put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3("versions: status", "get_bucket_versioning", Bucket=BUCKET)
    s3("versions: nonsense for a status", "put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "On"})
    s3("versions: switch on again", "put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3("versions: first", "put_object", Bucket=BUCKET, Key="v", Body=b"first").get("VersionId", "")
    s3("versions: second", "put_object", Bucket=BUCKET, Key="v", Body=b"second")
    s3("versions: get the first", "get_object", Bucket=BUCKET, Key="v", VersionId=first)
    s3("versions: get an invalid one", "get_object", Bucket=BUCKET, Key="v", VersionId="nonsense")
    s3("versions: delete marker", "delete_object", Bucket=BUCKET, Key="v")
    s3("versions: get behind the marker", "get_object", Bucket=BUCKET, Key="v")
    s3("versions: list", "list_object_versions", Bucket=BUCKET, Prefix="v")
    s3("versions: delete the first", "delete_object", Bucket=BUCKET, Key="v", VersionId=first)
    s3("versions: get what is gone", "get_object", Bucket=BUCKET, Key="v", VersionId=first)
    s3("versions: delete several", "delete_objects", Bucket=BUCKET, Delete={"Objects": [{"Key": "v"}, {"Key": "unknown"}]})
    s3("versions: delete several, quietly", "delete_objects", Bucket=BUCKET, Delete={"Objects": [{"Key": "v"}], "Quiet": True})
    s3("versions: suspend", "put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3("versions: status when suspended", "get_bucket_versioning", Bucket=BUCKET)
    s3("versions: put when suspended", "put_object", Bucket=BUCKET, Key="s", Body=b"x")


def policies(s3):
    s3("policy: none yet", "get_bucket_policy", Bucket=BUCKET)
    s3("policy: put", "put_bucket_policy", Bucket=BUCKET, Policy=POLICY)
    s3("policy: get", "get_bucket_policy", Bucket=BUCKET)
    s3("policy: not JSON", "put_bucket_policy", Bucket=BUCKET, Policy="nonsense")
    s3("policy: another bucket's", "put_bucket_policy", Bucket=BUCKET, Policy=POLICY.replace("tip-moto-bucket/*", "tip-moto-other/*"))
    s3("policy: without a principal", "put_bucket_policy", Bucket=BUCKET,
       Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::tip-moto-bucket/*"}]}')
    s3("policy: delete", "delete_bucket_policy", Bucket=BUCKET)
    s3("policy: delete again", "delete_bucket_policy", Bucket=BUCKET)


def ends(s3):
    s3("end: delete a bucket that is not empty", "delete_bucket", Bucket=BUCKET)
    s3("end: create another", "create_bucket", Bucket="tip-moto-second", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3("end: delete it", "delete_bucket", Bucket="tip-moto-second")
    s3("end: delete it again", "delete_bucket", Bucket="tip-moto-second")
