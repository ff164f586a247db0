package faults_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// served is what a client gets of an answer that faults damage.
type served struct {
	status       int
	body, kind   string
	length, fail string
}

// serve answers one request with a handler whose writer the faults damage.
func serve(t *testing.T, method string, handle http.HandlerFunc, list ...faults.Fault) served {
	t.Helper()
	e, _ := engine(t, list...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handle(e.Strike(request()).Writer(r.Context(), w), r)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return served{fail: lastWords(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	s := served{status: resp.StatusCode, body: string(text), kind: resp.Header.Get("Content-Type"), length: resp.Header.Get("Content-Length")}
	if err != nil {
		s.fail = err.Error()
	}
	return s
}

// lastWords are the end of an error's text: what happened to the connection.
func lastWords(err error) string {
	text := err.Error()
	return strings.TrimSpace(text[strings.LastIndexByte(text, ':')+1:])
}

func answering(text string, length bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if length {
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		}
		for piece := range strings.SplitAfterSeq(text, ",") {
			_, _ = io.WriteString(w, piece)
		}
	}
}

// TestWriter damages answers of known and of unknown length, with and without a body.
func TestWriter(t *testing.T) {
	const text = `{"a": 1, "b": 2}`
	empty := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusCreated)
	}
	none := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	encoded := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip") // which the client would undo
		_, _ = io.WriteString(w, "compressed")
	}
	for name, c := range map[string]struct {
		method string
		handle http.HandlerFunc
		faults []faults.Fault
		want   served
	}{
		"nothing":               {"GET", answering(text, true), []faults.Fault{{Do: faults.AllowReplay}}, served{200, text, "application/json", "16", ""}},
		"half":                  {"GET", answering(text, true), []faults.Fault{{Do: faults.Truncate}}, served{200, text[:8], "application/json", "16", "unexpected EOF"}},
		"half, of no length":    {"GET", answering(text, false), []faults.Fault{{Do: faults.Truncate}}, served{200, text[:4], "application/json", "", "unexpected EOF"}},
		"half of nothing":       {"GET", empty, []faults.Fault{{Do: faults.Truncate}}, served{201, "", "", "64", "unexpected EOF"}},
		"garbage":               {"GET", answering(text, true), []faults.Fault{{Do: faults.Garbage, Body: "{"}}, served{200, "{", "text/html", "1", ""}},
		"garbage of a type":     {"GET", answering(text, false), []faults.Fault{{Do: faults.Garbage, Body: "{", ContentType: "application/json"}}, served{200, "{", "application/json", "1", ""}},
		"garbage for HEAD":      {"HEAD", answering(text, true), []faults.Fault{{Do: faults.Garbage, Body: "{"}}, served{200, "", "text/html", "1", ""}},
		"garbage, half of it":   {"GET", answering(text, true), []faults.Fault{{Do: faults.Truncate}, {Do: faults.Garbage, Body: "{"}}, served{200, "{", "text/html", "1", ""}},
		"another type":          {"GET", answering(text, true), []faults.Fault{{Do: faults.ContentType}}, served{200, text, "text/html", "16", ""}},
		"that type":             {"GET", answering(text, true), []faults.Fault{{Do: faults.ContentType, ContentType: "text/plain"}}, served{200, text, "text/plain", "16", ""}},
		"late":                  {"GET", answering(text, true), []faults.Fault{{Do: faults.LateAnswer, Delay: 1}}, served{200, text, "application/json", "16", ""}},
		"lost":                  {"GET", answering(text, true), []faults.Fault{{Do: faults.LostAnswer}}, served{fail: "connection reset by peer"}},
		"lost after being late": {"GET", empty, []faults.Fault{{Do: faults.LateAnswer, Delay: 1}, {Do: faults.LostAnswer}}, served{fail: "connection reset by peer"}},
		"reset":                 {"GET", answering(text, true), []faults.Fault{{Do: faults.Reset}}, served{fail: "connection reset by peer"}},
		"nothing to cut":        {"GET", none, []faults.Fault{{Do: faults.Truncate}}, served{204, "", "", "", ""}},
		"nothing to spoil":      {"GET", none, []faults.Fault{{Do: faults.Garbage}}, served{204, "", "text/html", "", ""}},
		"half, for HEAD":        {"HEAD", answering(text, true), []faults.Fault{{Do: faults.Truncate}}, served{200, "", "application/json", "16", ""}},
		"garbage, not encoded":  {"GET", encoded, []faults.Fault{{Do: faults.Garbage, Body: "{"}}, served{200, "{", "text/html", "1", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, c.method, c.handle, c.faults...)
			if strings.Contains(got.fail, "forcibly closed") { // as Windows says it
				got.fail = "connection reset by peer"
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(served{})); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEarlyHints are passed on, and do not count as the answer.
func TestEarlyHints(t *testing.T) {
	got := serve(t, "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // too late
	}, faults.Fault{Do: faults.ContentType})
	if got.status != http.StatusTeapot || got.kind != "text/html" {
		t.Errorf("%+v", got)
	}
}

// TestGoneClient: whoever waits for a late answer and goes frees the server.
func TestGoneClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e, _ := engine(t, faults.Fault{Do: faults.Delay, Delay: faults.Duration(time.Minute)}, faults.Fault{Do: faults.LateAnswer, Delay: faults.Duration(time.Minute)})
	s := e.Strike(request())
	cancel()
	if s.Wait(ctx) == nil {
		t.Error("it waited")
	}
	closed, _ := engine(t, faults.Fault{Do: faults.Delay, Delay: faults.Duration(time.Minute)})
	s2 := closed.Strike(request())
	closed.Close()
	closed.Close()
	if s2.Wait(t.Context()) == nil {
		t.Error("it waited after the engine was closed")
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("panic %v", p)
		}
	}()
	s.Writer(ctx, httptest.NewRecorder()).WriteHeader(http.StatusOK)
	t.Error("it answered")
}

// TestLog: each strike is a line, and holds no secret.
func TestLog(t *testing.T) {
	var log struct {
		sync.Mutex
		bytes.Buffer
	}
	l := labtest.Start(t, func(o *lab.Options) {
		o.Log = slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			log.Lock()
			defer log.Unlock()
			return log.Write(p)
		}), nil))
	})
	labtest.Fault(t, l, lab.Fault{Name: "busy", Do: lab.FaultThrottle, Service: "sts"})
	who, err := labtest.SignIn(l, "okta", "analyst")
	probe.Must(t, who, err)
	_, err = sts.NewFromConfig(labtest.Config(l, nil), func(o *sts.Options) { o.RetryMaxAttempts = 1 }).AssumeRoleWithWebIdentity(t.Context(),
		&sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(oidcRole), RoleSessionName: aws.String("session"), WebIdentityToken: &who.Token})
	probe.Expect(t, probe.Answer{Status: 400, Code: "Throttling", Message: rateExceeded}, err)
	log.Lock()
	defer log.Unlock()
	if text := log.String(); !strings.Contains(text, `msg="fault injected" fault=busy do=throttle service=sts operation=AssumeRoleWithWebIdentity`) || strings.Contains(text, "eyJ") {
		t.Error(text)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestWithinTheLab: a request that a service sends for its caller is struck as any
// other, and a connection that is cut does not take the lab down.
func TestWithinTheLab(t *testing.T) {
	for do, want := range map[lab.FaultAction]cfntypes.StackStatus{
		lab.FaultDeny: cfntypes.StackStatusRollbackComplete, lab.FaultReset: "", lab.FaultLostAnswer: "", lab.FaultTruncate: "",
	} {
		t.Run(string(do), func(t *testing.T) {
			var actor aws.CredentialsProvider
			b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
			labtest.Fault(t, b.Lab, lab.Fault{Name: "one", Do: do, Service: "iam", Operation: "CreateRole", First: 1})
			client := cloudformation.NewFromConfig(b.Config(actor))
			_, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{
				StackName: aws.String("s"), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityIam}, TemplateBody: aws.String(roleTemplate),
			})
			probe.Must(t, 0, err)
			in := &cloudformation.DescribeStacksInput{StackName: aws.String("s")}
			var status cfntypes.StackStatus
			for range 600 {
				out, err := client.DescribeStacks(t.Context(), in)
				if status = probe.Must(t, out, err).Stacks[0].StackStatus; !strings.HasSuffix(string(status), "_IN_PROGRESS") {
					break
				}
				time.Sleep(10 * time.Millisecond) // the stack is made beside the request
			}
			if want != "" && status != want || strings.HasSuffix(string(status), "_IN_PROGRESS") || labtest.Struck(t, b.Lab, "one") != 1 {
				t.Errorf("the stack ends as %s", status)
			}
		})
	}
}

const roleTemplate = `{"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}]}}}}}`
