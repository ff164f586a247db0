package sigv4_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// botocoreScript sends what the rows name, through boto3's real clients where one
// fits and through botocore's signer where none does. It prints one line a request.
const botocoreScript = `
import json, sys, urllib.parse, boto3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError

base, key, secret, token, service = sys.argv[1:6]
creds = Credentials(key, secret, token)
names = ["a b", "ä", "a+b", "a%20b", "//x", "../y", "./z/", "~", "*", "a/(b)'!;=&,@$:", "100% ü?#[]"]

def say(name, call):
    try:
        try:
            call()
        except ResponseParserError:
            pass  # accepted: the server answers nothing
        print(json.dumps({"name": name, "ok": True}))
    except Exception as e:
        print(json.dumps({"name": name, "ok": False, "error": str(e)}))

def send(method, url, body=b"", headers={}, signer=SigV4Auth):
    r = AWSRequest(method=method, url=url, data=body, headers=headers)
    signer(creds, service, "eu-west-1").add_auth(r)
    res = URLLib3Session(proxies={}).send(r.prepare())
    if res.status_code != 200:
        raise Exception("%d %s" % (res.status_code, res.text))

if service == "s3":
    secure = base.startswith("https")
    c = boto3.client("s3", region_name="eu-west-1", endpoint_url=base, aws_access_key_id=key, aws_secret_access_key=secret,
        aws_session_token=token, verify=sys.argv[6] if secure else None,
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"max_attempts": 0}, proxies={}))
    for n in names:
        say("put " + n, lambda: c.put_object(Bucket="bucket", Key=n, Body=b"content" * 1000))
        say("get " + n, lambda: c.get_object(Bucket="bucket", Key=n))
        say("list " + n, lambda: c.list_objects_v2(Bucket="bucket", Prefix=n))
        def fetch(op, method, body):
            url = c.generate_presigned_url(op, Params={"Bucket": "bucket", "Key": n}, ExpiresIn=60)
            res = URLLib3Session(verify=sys.argv[6] if secure else True, proxies={}).send(AWSRequest(method=method, url=url, data=body).prepare())
            if res.status_code != 200:
                raise Exception("%d %s" % (res.status_code, res.text))
        say("presigned get " + n, lambda: fetch("get_object", "GET", b""))
        say("presigned put " + n, lambda: fetch("put_object", "PUT", b"content"))
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        say("put " + algorithm, lambda: c.put_object(Bucket="bucket", Key="key", Body=b"x" * 3000000, ChecksumAlgorithm=algorithm))
else:
    for n in names:
        path = "/" + urllib.parse.quote(n, safe="/~")
        say("path " + n, lambda: send("GET", base + path))
        query = "/?" + urllib.parse.urlencode({n: n, "empty": "", "b": "1"}, quote_via=urllib.parse.quote, safe="~")
        say("query " + n, lambda: send("POST", base + query, b"body", {"X-Amz-Target": "S.Op", "X-Spaces": "a   b"}))
        say("presigned " + n, lambda: send("GET", base + query, signer=SigV4QueryAuth))
    c = boto3.client("sts", region_name="eu-west-1", endpoint_url=base, aws_access_key_id=key, aws_secret_access_key=secret,
        aws_session_token=token, config=Config(retries={"max_attempts": 0}, proxies={}))
    if service == "sts":
        say("sts", lambda: c.assume_role(RoleArn="arn:aws:iam::444455556666:role/a", RoleSessionName="tip ä"))
`

// botocore runs the script; it skips the test where boto3 is not installed.
func botocore(t *testing.T, args ...string) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import boto3").Run()
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("CI needs python3 with boto3: %v", err)
		}
		t.Skipf("python3 with boto3 is not installed: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", botocoreScript}, args...)...)
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*", "AWS_EC2_METADATA_DISABLED=true", "PYTHONWARNINGS=ignore")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range bytes.Lines(out) {
		var row struct {
			Name, Error string
			OK          bool
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		rows++
		if !row.OK {
			t.Errorf("%s: %s", row.Name, row.Error)
		}
	}
	if rows < 30 {
		t.Errorf("only %d requests", rows)
	}
}

func TestBotocore(t *testing.T) {
	for _, service := range []string{"sts", "athena"} {
		t.Run(service, func(t *testing.T) {
			s := newClientServer(t, false, awswire.Scope{Service: service, Region: region}, true)
			botocore(t, s.URL, sessionKey, secretKey, tokenOfTest, service)
		})
	}
}

func TestBotocoreS3(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newClientServer(t, secure, s3Scope, false)
		bundle := t.TempDir() + "/ca.pem"
		if secure {
			writeCertificate(t, bundle, s.Certificate())
		}
		botocore(t, s.URL, sessionKey, secretKey, tokenOfTest, "s3", bundle)
	}
}

func writeCertificate(t *testing.T, path string, certificate *x509.Certificate) {
	t.Helper()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
}
