package s3_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tool returns the path of a program; without it the test is skipped, in CI it
// fails. These tests start many slow programs: -short leaves them out.
func tool(t *testing.T, name string, probe ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("%s is slow: -short", name)
	}
	path, err := exec.LookPath(name)
	if err == nil && len(probe) > 0 {
		err = exec.CommandContext(t.Context(), path, probe...).Run()
	}
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s %v: %v", name, probe, err)
	}
	t.Skipf("%s %v cannot be used here: %v", name, probe, err)
	return ""
}

// environment is that of a client of f: nothing of the machine's AWS settings.
func (f *fixture) environment(extra ...string) []string {
	f.Helper()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + f.TempDir(), "AWS_ACCESS_KEY_ID=" + keyID, "AWS_SECRET_ACCESS_KEY=" + keySecret,
		"AWS_DEFAULT_REGION=" + homeRegion, "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=" + f.server.URL, "AWS_MAX_ATTEMPTS=1",
		"NO_PROXY=127.0.0.1", "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
	}
	if certificate := f.server.Certificate(); certificate != nil {
		file := filepath.Join(f.TempDir(), "ca.pem")
		f.must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600))
		env = append(env, "AWS_CA_BUNDLE="+file)
	}
	return append(env, extra...)
}

// run runs a program and returns its output; ok says how it must end.
func (f *fixture) run(ok bool, path string, args ...string) string {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), path, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &out, f.environment()
	if err := cmd.Run(); (err == nil) != ok {
		f.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

func TestAWSCLI(t *testing.T) {
	aws := tool(t, "aws", "--version")
	f := start(t)
	dir := t.TempDir()
	files := map[string]string{"a.txt": "alpha", "sub dir/b+ä.txt": "beta", "big.bin": string(noise(9 << 20))}
	for name, body := range files {
		path := filepath.Join(dir, "up", filepath.FromSlash(name))
		f.must(os.MkdirAll(filepath.Dir(path), 0o700))
		f.must(os.WriteFile(path, []byte(body), 0o600))
		// S3 tells LastModified in whole seconds: what is uploaded within the second it was written in looks older than its file.
		written := time.Now().Add(-time.Minute)
		f.must(os.Chtimes(path, written, written))
	}
	s3 := func(ok bool, args ...string) string { return f.run(ok, aws, append([]string{"s3"}, args...)...) }
	s3(true, "mb", "s3://made-by-cli")
	s3(true, "sync", filepath.Join(dir, "up"), "s3://made-by-cli/tree", "--no-progress")
	if out := s3(true, "ls", "s3://made-by-cli/tree/", "--recursive", "--summarize"); !strings.Contains(out, "tree/sub dir/b+ä.txt") || !strings.Contains(out, "Total Objects: 3") {
		t.Error(out)
	}
	if out := s3(true, "ls", "s3://made-by-cli/tree/"); !strings.Contains(out, "PRE sub dir/") {
		t.Error(out)
	}
	if out := s3(true, "sync", filepath.Join(dir, "up"), "s3://made-by-cli/tree"); out != "" {
		t.Errorf("the second sync does something: %s", out)
	}
	s3(true, "cp", "s3://made-by-cli/tree/big.bin", "s3://reports/copied.bin", "--no-progress")
	s3(true, "mv", "s3://made-by-cli/tree/sub dir/b+ä.txt", "s3://reports/moved ä+.txt")
	s3(true, "sync", "s3://made-by-cli/tree", filepath.Join(dir, "down"), "--no-progress")
	got, err := os.ReadFile(filepath.Join(dir, "down", "big.bin"))
	f.must(err)
	if string(got) != files["big.bin"] || f.get(bucketName, "copied.bin") != files["big.bin"] || f.get(bucketName, "moved ä+.txt") != "beta" {
		t.Error("bytes were changed on the way")
	}
	if out := s3(false, "cp", "s3://reports/none", dir); !strings.Contains(out, "(404)") {
		t.Error(out)
	}
	if out := s3(false, "mb", "s3://made-by-cli"); !strings.Contains(out, "(BucketAlreadyOwnedByYou)") {
		t.Error(out)
	}
	if out := s3(false, "rb", "s3://made-by-cli"); !strings.Contains(out, "(BucketNotEmpty)") {
		t.Error(out)
	}
	s3(true, "rb", "s3://made-by-cli", "--force")
	if _, ok := f.world.Bucket("made-by-cli"); ok {
		t.Error("the bucket is still there")
	}
}

func TestAWSCLIAPI(t *testing.T) {
	aws := tool(t, "aws", "--version")
	f := start(t)
	api := func(ok bool, args ...string) string {
		return strings.TrimSpace(f.run(ok, aws, append([]string{"s3api"}, args...)...))
	}
	for _, test := range []struct {
		ok   bool
		want string
		args []string
	}{
		{true, "reports", []string{"list-buckets", "--query", "Buckets[1].Name", "--output", "text"}},
		{true, "eu-west-1", []string{"head-bucket", "--bucket", "reports", "--query", "BucketRegion", "--output", "text"}},
		{true, "http://new-one.s3.amazonaws.com/", []string{"create-bucket", "--bucket", "new-one", "--create-bucket-configuration", "LocationConstraint=eu-west-1", "--query", "Location", "--output", "text"}},
		{true, "", []string{"delete-bucket", "--bucket", "new-one"}},
		{false, "(IllegalLocationConstraintException)", []string{"create-bucket", "--bucket", "new-two"}},
		{true, "eu-west-1", []string{"get-bucket-location", "--bucket", "reports", "--output", "text"}},
		{true, "seed.txt", []string{"list-objects-v2", "--bucket", "reports", "--start-after", "s", "--query", "Contents[0].Key", "--output", "text"}},
		{true, "text/csv", []string{"head-object", "--bucket", "reports", "--key", "shared/2026.csv", "--query", "ContentType", "--output", "text"}},
		{true, "", []string{"put-object-tagging", "--bucket", "reports", "--key", "seed.txt", "--tagging", "TagSet=[{Key=a,Value=b}]"}},
		{true, "b", []string{"get-object-tagging", "--bucket", "reports", "--key", "seed.txt", "--query", "TagSet[0].Value", "--output", "text"}},
		{false, "(InvalidTag)", []string{"put-object-tagging", "--bucket", "reports", "--key", "seed.txt", "--tagging", "TagSet=[{Key=aws:a,Value=b}]"}},
		{true, "", []string{"delete-object-tagging", "--bucket", "reports", "--key", "seed.txt"}},
		{true, "0", []string{"get-object-tagging", "--bucket", "reports", "--key", "seed.txt", "--query", "length(TagSet)", "--output", "text"}},
		{true, "None", []string{"get-bucket-versioning", "--bucket", "reports", "--query", "Status", "--output", "text"}},
		{false, "(NotImplemented)", []string{"put-bucket-versioning", "--bucket", "reports", "--versioning-configuration", "Status=Enabled,MFADelete=Enabled"}},
		{true, "", []string{"put-bucket-versioning", "--bucket", "reports", "--versioning-configuration", "Status=Enabled"}},
		{true, "Enabled", []string{"get-bucket-versioning", "--bucket", "reports", "--query", "Status", "--output", "text"}},
		{true, "null", []string{"list-object-versions", "--bucket", "reports", "--prefix", "seed", "--query", "Versions[0].VersionId", "--output", "text"}},
		{true, "4", []string{"get-object-attributes", "--bucket", "reports", "--key", "seed.txt", "--object-attributes", "ObjectSize", "--query", "ObjectSize", "--output", "text"}},
		{true, "FULL_CONTROL", []string{"get-object-acl", "--bucket", "reports", "--key", "seed.txt", "--query", "Grants[0].Permission", "--output", "text"}},
		{true, "seed.txt", []string{"delete-objects", "--bucket", "reports", "--delete", "Objects=[{Key=seed.txt}]", "--query", "Deleted[0].Key", "--output", "text"}},
		{false, "(NoSuchKey)", []string{"get-object", "--bucket", "reports", "--key", "seed.txt", filepath.Join(t.TempDir(), "out")}},
		{false, "(NotImplemented)", []string{"get-bucket-cors", "--bucket", "reports"}},
		{false, "(BucketNotEmpty)", []string{"delete-bucket", "--bucket", "reports"}},
	} {
		if out := api(test.ok, test.args...); test.ok && out != test.want || !strings.Contains(out, test.want) {
			t.Errorf("%v: got %q, want %q", test.args, out, test.want)
		}
	}
}

// botoScript uploads and downloads in parts, which sends the checksums, ranges
// and If-Match conditions of s3transfer.
const botoScript = `
import io, sys, boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
s3 = boto3.client('s3', config=Config(s3={'addressing_style': 'path'}))
body = bytes(i * i % 251 for i in range(1000)) * 12000
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
s3.upload_fileobj(io.BytesIO(body), 'reports', 'boto/ä +.bin', Config=parts, ExtraArgs={'Metadata': {'k': 'v'}, 'ContentType': 'text/x'})
back = io.BytesIO()
s3.download_fileobj('reports', 'boto/ä +.bin', back, Config=parts)
assert back.getvalue() == body, 'body'
head = s3.head_object(Bucket='reports', Key='boto/ä +.bin', ChecksumMode='ENABLED')
assert head['ETag'].endswith('-3"') and head['Metadata'] == {'k': 'v'} and head['ContentType'] == 'text/x', head
s3.copy({'Bucket': 'reports', 'Key': 'boto/ä +.bin'}, 'foreign', 'copy', Config=parts)
assert s3.get_object(Bucket='foreign', Key='copy')['Body'].read() == body, 'copy'
assert s3.list_objects_v2(Bucket='reports', Prefix='none')['KeyCount'] == 0
assert [o['Key'] for o in s3.list_objects_v2(Bucket='reports', Prefix='boto/')['Contents']] == ['boto/ä +.bin']
try:
    s3.get_object(Bucket='reports', Key='none')
    sys.exit('no error')
except s3.exceptions.NoSuchKey as e:
    assert e.response['Error']['Key'] == 'none', e.response
try:
    s3.put_object(Bucket='reports', Key='boto/ä +.bin', Body=b'', IfNoneMatch='*')
    sys.exit('no error')
except ClientError as e:
    assert e.response['Error']['Code'] == 'PreconditionFailed', e.response
# botocore finds the region of a bucket by the answers to the wrong one
assert s3.list_objects_v2(Bucket='far-away')['KeyCount'] == 0
assert s3.head_bucket(Bucket='far-away')['BucketRegion'] == 'us-west-2'
assert [b['Name'] for b in s3.list_buckets()['Buckets']] == ['far-away', 'reports', 'versioned'], s3.list_buckets()
upload = s3.create_multipart_upload(Bucket='reports', Key='joined')['UploadId']
made = s3.upload_part_copy(Bucket='reports', Key='joined', UploadId=upload, PartNumber=1, CopySourceRange='bytes=0-99',
                           CopySource={'Bucket': 'reports', 'Key': 'boto/ä +.bin'})['CopyPartResult']
assert [(p['PartNumber'], p['Size'], p['ETag']) for p in s3.list_parts(Bucket='reports', Key='joined', UploadId=upload)['Parts']] == [(1, 100, made['ETag'])]
s3.complete_multipart_upload(Bucket='reports', Key='joined', UploadId=upload, MultipartUpload={'Parts': [{'PartNumber': 1, 'ETag': made['ETag']}]})
assert s3.get_object(Bucket='reports', Key='joined')['Body'].read() == body[:100], 'joined'
acl = s3.get_bucket_acl(Bucket='reports')
assert [g['Permission'] for g in acl['Grants']] == ['FULL_CONTROL'], acl
assert s3.get_object_acl(Bucket='reports', Key='joined')['Grants'] == acl['Grants']
same = {'Owner': acl['Owner'], 'Grants': acl['Grants']}
for put, where in ((s3.put_bucket_acl, {'Bucket': 'reports'}), (s3.put_object_acl, {'Bucket': 'reports', 'Key': 'joined'})):
    put(ACL='private', **where)
    put(AccessControlPolicy=same, **where)
    try:
        put(ACL='public-read', **where)
        sys.exit('no error')
    except ClientError as e:
        assert e.response['Error']['Code'] == 'AccessControlListNotSupported', e.response
s3.delete_objects(Bucket='reports', Delete={'Objects': [{'Key': 'boto/ä +.bin'}, {'Key': 'joined'}]})
print('ok')
`

func TestBoto3(t *testing.T) {
	python := tool(t, "python3", "-c", "import boto3")
	for name, overTLS := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, overTLS)
			out := f.run(true, python, "-c", botoScript)
			if diff := cmp.Diff("ok\n", out); diff != "" {
				t.Error(diff)
			}
		})
	}
}
