package awswire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// snapshotModules are the SDK's modules of the lab's services that come with
// recorded requests, and whether with answers and errors, too. s3control records
// neither; there is no module of cognito-idp in go.mod. The answers of services
// with the protocol query (STS, IAM, CloudFormation) are not recorded.
var snapshotModules = map[string]struct {
	module  string
	answers bool
}{
	"sts":            {"sts", false},
	"iam":            {"iam", false},
	"cloudformation": {"cloudformation", false},
	"sso-oidc":       {"ssooidc", true},
	"secretsmanager": {"secretsmanager", true},
	"athena":         {"athena", true},
	"identitystore":  {"identitystore", true},
	"sso-admin":      {"ssoadmin", true},
}

// snapshot is a recorded request or answer of the SDK.
type snapshot struct {
	first  string // the line with method and path, or the status
	header http.Header
	body   []byte
}

// readSnapshot returns nil where the SDK has not recorded it.
func readSnapshot(t *testing.T, path string) *snapshot {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	rest = strings.TrimPrefix(rest, "\n")
	head, body, _ := strings.Cut(rest, "\n\n")
	s := &snapshot{first: first, header: http.Header{}, body: []byte(body)}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		s.header.Add(textproto.CanonicalMIMEHeaderKey(name), value)
	}
	return s
}

func snapshotFolder(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// loosened is a service whose model has no constraints: the recorded values are
// names of members, whatever their patterns say.
func (s service) loosened(t *testing.T) service {
	t.Helper()
	m := *s.model
	m.Shapes = map[string]*models.Shape{}
	for name, shape := range s.model.Shapes {
		free := *shape
		free.Pattern, free.Min, free.Max = "", nil, nil
		m.Shapes[name] = &free
	}
	s.model = &m
	return s
}

// TestSDKSnapshots replays the requests that the SDK's modules have recorded for
// every operation of the lab's services: the lab reads them, and what it has read
// makes the SDK send the same again. Recorded answers go the other way.
func TestSDKSnapshots(t *testing.T) {
	requests, answers, refusals := 0, 0, 0
	for _, s := range labServices(t) {
		want, ok := snapshotModules[s.name]
		if !ok {
			continue
		}
		r := newReplay(t, s, snapshotFolder(t, want.module))
		t.Run(s.name, func(t *testing.T) {
			for _, name := range r.names {
				t.Run(name, func(t *testing.T) {
					requests++
					r.request(t, name)
					if want.answers {
						answers++
						r.answer(t, name)
						refusals += r.refusals(t, name)
					}
				})
			}
		})
	}
	t.Logf("%d recorded requests, %d answers, %d errors", requests, answers, refusals)
}

// replay replays what the SDK recorded of a service.
type replay struct {
	service
	folder  string
	names   []string
	handler http.Handler
	without map[string]bool // members that the model does not know, see TestLeftOver
	// what the handler receives and answers
	received, output any
	thrown           error
}

func newReplay(t *testing.T, s service, folder string) *replay {
	t.Helper()
	r := &replay{service: s.loosened(t), folder: folder, without: map[string]bool{}}
	svc, names := r.newService(t, func(_ context.Context, _ *awswire.Caller, _ string, in any) (any, error) {
		r.received = in
		return r.output, r.thrown
	})
	slices.Sort(names)
	r.handler, r.names = svc, names
	for _, member := range awswire.LeftOver(svc) {
		r.without[strings.ToLower(member[strings.LastIndexByte(member, '.')+1:])] = true
	}
	return r
}

func (r *replay) request(t *testing.T, name string) {
	recorded := readSnapshot(t, filepath.Join(r.folder, "request_snapshot", name+".request.snap"))
	if recorded == nil {
		t.Fatal("the SDK has recorded no request")
	}
	method, target, _ := strings.Cut(recorded.first, " ")
	_, out := r.types(t, name)
	r.received, r.output, r.thrown = nil, reflect.New(out).Interface(), nil
	if got := r.send(t, method, target, recorded); got.StatusCode != http.StatusOK || r.received == nil {
		t.Fatalf("the lab answers %d %s", got.StatusCode, bodyOf(t, got.Body))
	}
	sent := r.sentFor(t, name, r.received)
	body, target := bodyOf(t, sent.Body), sent.URL.RequestURI()
	if diff := cmp.Diff(recorded.first, sent.Method+" "+target); diff != "" {
		t.Errorf("request line:\n%s", diff)
	}
	for _, header := range []string{"Content-Type", "X-Amz-Target"} {
		if diff := cmp.Diff(recorded.header.Get(header), sent.Header.Get(header)); diff != "" {
			t.Errorf("%s:\n%s", header, diff)
		}
	}
	if diff := cmp.Diff(r.data(t, recorded.body), r.data(t, body)); diff != "" {
		t.Errorf("recorded, and sent of what the lab has read:\n%s", diff)
	}
}

// send sends a recorded request to the lab.
func (r *replay) send(t *testing.T, method, target string, s *snapshot) *http.Response {
	t.Helper()
	req := httptest.NewRequest(method, "https://lab.invalid"+target, bytes.NewReader(s.body))
	for name, values := range s.header {
		req.Header[name] = values
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	return w.Result()
}

// carrier is a client's way to the network that does something else.
type carrier func(*http.Request) (*http.Response, error)

// Do implements aws.HTTPClient.
func (c carrier) Do(r *http.Request) (*http.Response, error) { return c(r) }

func (r *replay) clientOver(c carrier) any {
	return r.client(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("https://lab.invalid"), HTTPClient: c,
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
}

// sentFor is what the SDK sends for an input.
func (r *replay) sentFor(t *testing.T, name string, in any) *http.Request {
	t.Helper()
	var sent *http.Request
	stop := errors.New("captured")
	client := r.clientOver(func(req *http.Request) (*http.Response, error) {
		sent = req.Clone(t.Context())
		sent.Body = io.NopCloser(bytes.NewReader(bodyOf(t, req.Body))) // the SDK closes its own
		return nil, stop
	})
	if _, err := call(t.Context(), client, name, reflect.ValueOf(in)); !errors.Is(err, stop) {
		t.Fatalf("the SDK does not send what the lab has read: %v", err)
	}
	return sent
}

// answer has the SDK read a recorded answer; the lab must write the same again.
func (r *replay) answer(t *testing.T, name string) {
	recorded := readSnapshot(t, filepath.Join(r.folder, "response_snapshot", name+".response.snap"))
	if recorded == nil {
		t.Fatal("the SDK has recorded no answer")
	}
	status, err := strconv.Atoi(recorded.first)
	if err != nil {
		t.Fatal(err)
	}
	client := r.clientOver(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: recorded.header, Body: io.NopCloser(bytes.NewReader(recorded.body)), Request: req}, nil
	})
	output, err := call(t.Context(), client, name, reflect.ValueOf(r.received))
	if err != nil {
		t.Fatal(err)
	}
	r.output, r.thrown = output, nil
	got := r.again(t, name)
	if got.StatusCode != status {
		t.Errorf("status %d, recorded %d", got.StatusCode, status)
	}
	if diff := cmp.Diff(r.data(t, recorded.body), r.data(t, bodyOf(t, got.Body))); diff != "" {
		t.Errorf("recorded, and written by the lab of what the SDK has read:\n%s", diff)
	}
}

// again sends the recorded request of an operation once more.
func (r *replay) again(t *testing.T, name string) *http.Response {
	t.Helper()
	recorded := readSnapshot(t, filepath.Join(r.folder, "request_snapshot", name+".request.snap"))
	method, target, _ := strings.Cut(recorded.first, " ")
	return r.send(t, method, target, recorded)
}

// refusals compares the recorded errors of an operation with the lab's; it returns
// how many there are.
func (r *replay) refusals(t *testing.T, name string) int {
	found := 0
	for _, e := range r.model.Operations[name].Errors {
		recorded := readSnapshot(t, filepath.Join(r.folder, "response_snapshot", e.Shape+".error.snap"))
		if recorded == nil {
			continue
		}
		found++
		want, _ := r.data(t, recorded.body).(map[string]any)
		r.thrown = &awswire.Error{Code: e.Shape, Message: "__Message__"}
		answer := r.again(t, name)
		// The SDK records what its own model says, whatever the protocol. The services
		// of JSON 1.1 answer 400, as the API references say.
		if got := strconv.Itoa(answer.StatusCode); got != recorded.first && !(r.model.Metadata.Protocol == "json" && got == "400") {
			t.Errorf("%s: status %s, recorded %s", e.Shape, got, recorded.first)
		}
		got, _ := r.data(t, bodyOf(t, answer.Body)).(map[string]any)
		if kind := answer.Header.Get("X-Amzn-Errortype"); kind != "" {
			got["__type"], _, _ = strings.Cut(kind, ":") // where REST has it, before a namespace
		}
		for _, member := range []string{"__type", "message"} {
			if want[member] != got[member] && want[member] != nil {
				t.Errorf("%s: %s %v, recorded %v", e.Shape, member, got[member], want[member])
			}
		}
	}
	return found
}

// data is what a body says, in a form that can be compared: members by their names
// in lower case, without those that the model lacks.
func (r *replay) data(t *testing.T, body []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err == nil {
		return r.known(v)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	known := map[string][]string{}
	for name, value := range values {
		if !slices.ContainsFunc(strings.Split(strings.ToLower(name), "."), func(s string) bool { return r.without[s] }) {
			known[name] = value
		}
	}
	return known
}

func (r *replay) known(v any) any {
	switch v := v.(type) {
	case map[string]any:
		all := map[string]any{}
		for name, value := range v {
			if name = strings.ToLower(name); !r.without[name] {
				all[name] = r.known(value)
			}
		}
		return all
	case []any:
		for i := range v {
			v[i] = r.known(v[i])
		}
	}
	return v
}

func bodyOf(t *testing.T, r io.Reader) []byte {
	t.Helper()
	if r == nil {
		return nil
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
