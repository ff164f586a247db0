package faults_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// retrying is a configuration with the SDK's own retries, three attempts, which do
// not wait.
func retrying(b *probe.Bench, p aws.CredentialsProvider) aws.Config {
	c := labtest.Config(b.Lab, p)
	client := b.Lab.HTTPClient()
	b.Cleanup(client.CloseIdleConnections)
	c.HTTPClient = client
	c.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = retry.BackoffDelayerFunc(noWait) })
	}
	return c
}

func noWait(int, error) (time.Duration, error) { return 0, nil }

// ended says how a call ended: the code of the error, "" for success.
func ended(err error) string {
	if err == nil {
		return ""
	}
	if code := probe.AnswerOf(err).Code; code != "no API error" {
		return code
	}
	return "no answer"
}

// way is what a client makes of a fault at the first request of an operation.
type way struct {
	fault lab.Fault
	// attempts that the client makes, and how its call ends.
	attempts int
	end      string
	// done are the events of the audit trail: the work that was done or refused.
	done []string
}

// ways of the Go SDK with its standard retries, for AssumeRole.
var ways = map[string]way{
	"throttle":       {lab.Fault{Do: lab.FaultThrottle}, 2, "", []string{"Throttling", ""}},
	"internal error": {lab.Fault{Do: lab.FaultInternalError}, 2, "", []string{"InternalFailure", ""}},
	"unavailable":    {lab.Fault{Do: lab.FaultUnavailable}, 2, "", []string{"ServiceUnavailable", ""}},
	"deny":           {lab.Fault{Do: lab.FaultDeny}, 1, "AccessDenied", []string{"AccessDenied"}},
	"expire":         {lab.Fault{Do: lab.FaultExpire}, 1, "ExpiredToken", []string{"ExpiredToken"}},
	"refuse":         {lab.Fault{Do: lab.FaultRefuse, Code: "ValidationError"}, 1, "ValidationError", []string{"ValidationError"}},
	"reset":          {lab.Fault{Do: lab.FaultReset}, 2, "", []string{""}},
	"lost answer":    {lab.Fault{Do: lab.FaultLostAnswer}, 2, "", []string{"", ""}},
	"truncate":       {lab.Fault{Do: lab.FaultTruncate}, 1, "no answer", []string{""}},
	"garbage":        {lab.Fault{Do: lab.FaultGarbage}, 1, "no answer", []string{""}},
	"delay":          {lab.Fault{Do: lab.FaultDelay, Delay: lab.FaultDuration(time.Millisecond)}, 1, "", []string{""}},
	"late answer":    {lab.Fault{Do: lab.FaultLateAnswer, Delay: lab.FaultDuration(time.Millisecond)}, 1, "", []string{""}},
	"content type":   {lab.Fault{Do: lab.FaultContentType}, 1, "", []string{""}},
}

// TestGoSDK: what the Go SDK retries, what it gives up, and what the audit trail
// has of it: a reset before the work leaves nothing, a lost answer leaves its work.
func TestGoSDK(t *testing.T) {
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			var actor aws.CredentialsProvider
			b := probe.Start(t, func(w *lab.World) {
				actor = probe.Administrator(w, probe.Application)
				probe.Actor(w, probe.Application, "target")
			})
			w.fault.Name, w.fault.Operation, w.fault.First = "one", "AssumeRole", 1
			labtest.Fault(t, b.Lab, w.fault)
			_, err := sts.NewFromConfig(retrying(b, actor)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::444455556666:role/target"), RoleSessionName: aws.String("session"),
			})
			if got := ended(err); got != w.end {
				t.Errorf("it ends with %q, want %q: %v", got, w.end, err)
			}
			if got := b.Lab.Faults()[0].Matched; got != w.attempts {
				t.Errorf("%d attempts, want %d", got, w.attempts)
			}
			if diff := cmp.Diff(w.done, trail(b.Lab, "AssumeRole")); diff != "" {
				t.Errorf("error codes in the audit trail (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGivesUp: a fault that goes on is met with three attempts.
func TestGivesUp(t *testing.T) {
	var actor aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
	names := labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultThrottle, RetryAfter: lab.FaultDuration(1500 * time.Millisecond)})
	_, err := sts.NewFromConfig(retrying(b, actor)).GetCallerIdentity(t.Context(), nil)
	if got := ended(err); got != "Throttling" {
		t.Errorf("it ends with %q: %v", got, err)
	}
	if n := labtest.Struck(t, b.Lab, names[0]); n != 3 {
		t.Errorf("%d attempts", n)
	}
}

// TestRetryAfter is in whole seconds.
func TestRetryAfter(t *testing.T) {
	b := probe.Start(t)
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultUnavailable, Service: "s3", RetryAfter: lab.FaultDuration(1500 * time.Millisecond)})
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultUnavailable, Service: "cognito-idp", RetryAfter: lab.FaultDuration(time.Minute)})
	for _, c := range []struct{ url, target, want string }{
		{"/tip-demo-data/x", "", "2"}, {"/", "AWSCognitoIdentityProviderService.InitiateAuth", "60"},
	} {
		req := getting(t, b.Lab.Endpoint()+c.url)
		if c.target != "" {
			req.Method, req.Body = http.MethodPost, body(`{"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x"}`)
			req.Header.Set("X-Amz-Target", c.target)
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		}
		resp := exchange(t, b, req)
		if got := resp.Header.Get("Retry-After"); got != c.want || resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: Retry-After %q with status %d, want %q", c.target, got, resp.StatusCode, c.want)
		}
	}
}

// TestObjects: S3 through the Go SDK, with an object of several pieces.
func TestObjects(t *testing.T) {
	var actor aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
	client := s3.NewFromConfig(retrying(b, actor))
	content := strings.Repeat("0123456789", 30_000)
	upload := func(ctx context.Context) error {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), Body: strings.NewReader(content)})
		return err
	}
	probe.Must(t, 0, upload(t.Context()))
	for _, c := range []struct {
		name  string
		fault lab.Fault
		read  int // bytes that come
		end   string
	}{
		{"truncate", lab.Fault{Do: lab.FaultTruncate}, len(content) / 2, "unexpected EOF"},
		{"garbage", lab.Fault{Do: lab.FaultGarbage, Body: "<html>"}, len("<html>"), ""},
		{"slow down", lab.Fault{Do: lab.FaultThrottle, First: 2}, len(content), ""},
		{"reset", lab.Fault{Do: lab.FaultReset, First: 2}, len(content), ""},
		{"lost answer", lab.Fault{Do: lab.FaultLostAnswer, First: 1}, len(content), ""},
		{"not this one", lab.Fault{Do: lab.FaultDeny, Nth: 2}, len(content), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.fault.Operation = "GetObject"
			labtest.Fault(t, b.Lab, c.fault)
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("k")})
			if err != nil {
				t.Fatal(err)
			}
			n, err := drain(out.Body)
			if n != c.read || c.end == "" && err != nil || c.end != "" && (err == nil || !strings.Contains(err.Error(), c.end)) {
				t.Errorf("%d bytes and %v, want %d and %q", n, err, c.read, c.end)
			}
		})
	}
	labtest.Fault(t, b.Lab, lab.Fault{Name: "upload", Do: lab.FaultReset, Operation: "PutObject", First: 1})
	probe.Must(t, 0, upload(t.Context()))
	if n := labtest.Struck(t, b.Lab, "upload"); n != 1 {
		t.Errorf("the upload was struck %d times", n)
	}
}

// TestPresigned: a presigned URL, in any client.
func TestPresigned(t *testing.T) {
	var actor aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
	link := presign(t, b, actor)
	fetch := func() *http.Response { return exchange(t, b, getting(t, link)) }
	if got := fetch().StatusCode; got != http.StatusOK {
		t.Fatalf("status %d", got)
	}
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultThrottle, Operation: "GetObject", Times: 1}, lab.Fault{Do: lab.FaultExpire, Times: 1})
	if got := fetch().StatusCode; got != http.StatusServiceUnavailable {
		t.Errorf("throttled: status %d", got)
	}
	if got := fetch().StatusCode; got != http.StatusBadRequest {
		t.Errorf("expired: status %d", got)
	}
}

// TestBoto3: boto3 with its standard retries makes the attempts that it should.
func TestBoto3(t *testing.T) {
	if testing.Short() {
		t.Skip("Python is slow: -short")
	}
	var actor aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
	b.Needs(exec.CommandContext(t.Context(), "python3", "-c", "import boto3").Run() == nil, "python3 with boto3")
	labtest.Fault(t, b.Lab,
		lab.Fault{Name: "throttle", Do: lab.FaultThrottle, Service: "sts", Times: 1},
		lab.Fault{Name: "reset", Do: lab.FaultReset, Service: "sts", Times: 1},
		lab.Fault{Name: "region", Do: lab.FaultWrongRegion, ToRegion: "eu-west-1", Service: "s3", Operation: "ListObjectsV2", Times: 1},
		lab.Fault{Name: "slow-down", Do: lab.FaultThrottle, Service: "s3", Operation: "GetObject", Times: 1},
		lab.Fault{Name: "cut", Do: lab.FaultTruncate, Service: "s3", Operation: "GetObject", Times: 1},
	)
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "retries.py"))
	cred := credentialsOf(t, actor)
	cmd.Env = append(lab.Apply(os.Environ(), b.Lab.Environ(lab.ProxyDoor, labtest.CAFile(t, b.Lab))),
		"AWS_ACCESS_KEY_ID="+cred.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+cred.SecretAccessKey, "AWS_SESSION_TOKEN="+cred.SessionToken,
		"AWS_RETRY_MODE=standard", "AWS_MAX_ATTEMPTS=5", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "GetCallerIdentity: 2 retries\nListObjectsV2: redirected\nGetObject: 1 retries, ResponseStreamingError\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
