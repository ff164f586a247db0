package s3agcreds_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const baseKey = "AKIABASE000000000001"

// cloud is S3 and S3 Control without a network. It answers by its grants, as AWS does:
// the most specific that matches, or the target itself with privilege Minimal.
type cloud struct {
	mu      sync.Mutex
	grants  []grantOf
	life    time.Duration
	content []byte
	asked   []string     // what GetDataAccess was asked: "READ s3://b/k Minimal Object"
	askers  []string     // and by which access key
	agents  []string     // User-Agent headers of S3 Control
	calls   []signedCall // what S3 was sent
	control func() *http.Response
	s3      func(*http.Request) *http.Response
	wait    <-chan struct{} // if set, GetDataAccess answers once it is closed
	vended  int
}

type grantOf struct{ permission, scope string }

// signedCall is a request to S3.
type signedCall struct{ Method, URL, Key, Algorithm string }

// newCloud has grants of the form "READ s3://b/p*".
func newCloud(grants ...string) *cloud {
	c := &cloud{life: time.Hour, content: []byte("content")}
	c.grant(grants...)
	return c
}

func (c *cloud) grant(grants ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range grants {
		permission, scope, _ := strings.Cut(g, " ")
		c.grants = append(c.grants, grantOf{permission, scope})
	}
}

func (c *cloud) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider(baseKey, "secret", "token"), HTTPClient: c,
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
			})
		},
	}
}

func (c *cloud) plugin(t testing.TB, optFns ...func(*s3agcreds.Options)) *s3agcreds.Plugin {
	t.Helper()
	account := func(o *s3agcreds.Options) { o.AccountID = owner }
	p, err := s3agcreds.New(c.config(), append([]func(*s3agcreds.Options){account}, optFns...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *cloud) client(t testing.TB, optFns ...func(*s3agcreds.Options)) *s3.Client {
	t.Helper()
	return s3.NewFromConfig(c.config(), c.plugin(t, optFns...).Install)
}

// Do implements [aws.HTTPClient].
func (c *cloud) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := c.answer(r)
	if c.wait != nil && strings.Contains(r.URL.Host, "s3-control") {
		select {
		case <-c.wait:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if answer.Request == nil {
		answer.Request = r
	}
	return answer, nil
}

func (c *cloud) answer(r *http.Request) *http.Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.Contains(r.URL.Host, "s3-control") {
		return c.dataAccess(r)
	}
	c.calls = append(c.calls, signed(r))
	if c.s3 != nil {
		if answer := c.s3(r); answer != nil {
			return answer
		}
	}
	return c.object(r)
}

func (c *cloud) dataAccess(r *http.Request) *http.Response {
	q := r.URL.Query()
	target, permission := q.Get("target"), q.Get("permission")
	if strings.ContainsAny(target, "\n\r\u0085\u2028\u2029") {
		return answered(errorAnswer(400, "InvalidRequest", "Member must satisfy regular expression pattern: ^.+$"), r)
	}
	line := permission + " " + target
	for _, name := range []string{"privilege", "targetType", "durationSeconds", "auditContext"} {
		if v := q.Get(name); v != "" {
			line += " " + v
		}
	}
	c.asked = append(c.asked, line)
	c.askers = append(c.askers, signed(r).Key)
	c.agents = append(c.agents, r.Header.Get("User-Agent"))
	if c.control != nil {
		if answer := c.control(); answer != nil {
			return answer
		}
	}
	scope := c.match(target, permission)
	if scope == "" {
		return answered(errorAnswer(403, "AccessDenied", "You do not have "+permission+" permissions to the requested S3 Prefix: "+inXML(target)), r)
	}
	if q.Get("privilege") == "Minimal" {
		scope = target
	}
	c.vended++
	return answered(xmlAnswer(200, fmt.Sprintf(`<GetDataAccessResult><Credentials><AccessKeyId>ASIAVENDED%d</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>
<MatchedGrantTarget>%s</MatchedGrantTarget></GetDataAccessResult>`, c.vended, time.Now().Add(c.life).UTC().Format(time.RFC3339), scope)), r)
}

// inXML is a text as it can be in XML: not every character can.
func inXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func (c *cloud) match(target, permission string) (scope string) {
	for _, g := range c.grants {
		covers := g.permission == permission || g.permission == "READWRITE"
		beginning, wild := strings.CutSuffix(g.scope, "*")
		if covers && (g.scope == target || wild && strings.HasPrefix(target, beginning)) && len(g.scope) > len(scope) {
			scope = g.scope
		}
	}
	return scope
}

func (c *cloud) object(r *http.Request) *http.Response {
	q := r.URL.Query()
	switch {
	case q.Has("session"):
		return answered(xmlAnswer(200, `<CreateSessionResult><Credentials><AccessKeyId>ASIAEXPRESS</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`), r)
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"):
		return answered(xmlAnswer(200, `<CopyPartResult><ETag>"e"</ETag></CopyPartResult>`), r)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return answered(xmlAnswer(200, `<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>`), r)
	case q.Has("uploads") && r.Method == http.MethodPost:
		return answered(xmlAnswer(200, `<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>`), r)
	case r.Method == http.MethodPost:
		return answered(xmlAnswer(200, `<Result></Result>`), r)
	case r.Method == http.MethodPut || r.Method == http.MethodDelete || r.URL.Path == "/" || r.URL.Path == "":
		return answered(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", `"e"`) }, r)
	}
	return answered(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(c.content))
	}, r)
}

func answered(h http.HandlerFunc, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h(w, r)
	return w.Result()
}

// signed tells by which key and algorithm a request is signed.
func signed(r *http.Request) signedCall {
	call := signedCall{Method: r.Method, URL: r.URL.Host + r.URL.Path}
	algorithm, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	call.Algorithm = algorithm
	if _, credential, ok := strings.Cut(rest, "Credential="); ok {
		call.Key, _, _ = strings.Cut(credential, "/")
	}
	return call
}

// log is what GetDataAccess was asked.
func (c *cloud) log() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.asked...)
}

// keys are the access keys that signed the requests to S3, in order.
func (c *cloud) keys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var keys []string
	for _, call := range c.calls {
		keys = append(keys, call.Key)
	}
	return keys
}

// alwaysMatching answers whatever is asked with credentials for a target.
func alwaysMatching(target string) func() *http.Response {
	return func() *http.Response {
		answer := answered(dataAccess(time.Now().Add(time.Hour), ""), nil)
		body, _ := io.ReadAll(answer.Body)
		answer.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), matched, target)))
		answer.ContentLength = -1
		return answer
	}
}
