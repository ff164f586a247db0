package faults_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// heard is a log of which a test waits for lines.
type heard chan string

// Write implements io.Writer.
func (h heard) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "fault ") {
		h <- string(line)
	}
	return len(line), nil
}

// expect waits for a line.
func (h heard) expect(t *testing.T, text string) {
	t.Helper()
	select {
	case line := <-h:
		if !strings.Contains(line, text) {
			t.Fatalf("%s, want %s", line, text)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("no line %q", text)
	}
}

// held is a lab that holds requests up for five minutes.
func held(t *testing.T, f lab.Fault) (*lab.Lab, aws.Config, heard) {
	t.Helper()
	log := make(heard, 100)
	l := labtest.Start(t, func(o *lab.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)) })
	f.Delay = lab.FaultDuration(5 * time.Minute)
	labtest.Fault(t, l, f)
	config := labtest.Config(l, labtest.Admin())
	config.RetryMaxAttempts = 1
	return l, config, log
}

// TestClientLeavesDuringADelay: the lab notices, does not do the work, and nothing of
// it is in the audit trail.
func TestClientLeavesDuringADelay(t *testing.T) {
	for name, send := range map[string]func(context.Context, *lab.Lab, aws.Config) error{
		"sts": func(ctx context.Context, _ *lab.Lab, c aws.Config) error {
			_, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
			return err
		},
		"s3": func(ctx context.Context, _ *lab.Lab, c aws.Config) error {
			_, err := s3.NewFromConfig(c).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
			return err
		},
		"idp": func(ctx context.Context, l *lab.Lab, _ aws.Config) error {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {labtest.ClientID}}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, okta+"/v1/token", strings.NewReader(form.Encode()))
			if err != nil {
				return err
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			client := l.HTTPClient()
			defer client.CloseIdleConnections()
			resp, err := client.Do(req)
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, config, log := held(t, lab.Fault{Do: lab.FaultDelay, Service: name})
			before := len(l.Events())
			ctx, leave := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- send(ctx, l, config) }()
			log.expect(t, `msg="fault injected"`)
			leave()
			log.expect(t, `msg="fault cut short"`)
			if err := <-done; err == nil {
				t.Error("the client was served")
			}
			if err := l.Close(); err != nil { // by when the request has ended
				t.Error(err)
			}
			if events := l.Events(); len(events) != before {
				t.Errorf("in the audit trail: %+v", events[before:])
			}
		})
	}
}

// TestCloseEndsDelays: before the work with a body that was not read, and after it.
func TestCloseEndsDelays(t *testing.T) {
	for _, do := range []lab.FaultAction{lab.FaultDelay, lab.FaultLateAnswer} {
		t.Run(string(do), func(t *testing.T) {
			l, config, log := held(t, lab.Fault{Do: do, Service: "s3"})
			done := make(chan error, 1)
			go func() {
				in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), Body: strings.NewReader(strings.Repeat("x", 1000))}
				_, err := s3.NewFromConfig(config).PutObject(context.WithoutCancel(t.Context()), in)
				done <- err
			}()
			log.expect(t, `msg="fault injected"`)
			start := time.Now()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("closing took %v", took)
			}
			if err := <-done; err == nil {
				t.Error("the client was served")
			}
			want := []string{}
			if do == lab.FaultLateAnswer {
				want = append(want, "")
			} else {
				log.expect(t, `reason="the lab is closing"`)
			}
			if diff := cmp.Diff(want, trail(l, "PutObject")); diff != "" {
				t.Errorf("error codes in the audit trail (-want +got):\n%s", diff)
			}
		})
	}
}

// TestResetInS3 leaves nothing in the audit trail.
func TestResetInS3(t *testing.T) {
	b := probe.Start(t)
	labtest.Fault(t, b.Lab, lab.Fault{Name: "cut", Do: lab.FaultReset, Service: "s3"})
	client := b.Lab.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Do(getting(t, presign(t, b, labtest.Admin())))
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		t.Errorf("it is answered with %s", resp.Status)
	}
	if n := labtest.Struck(t, b.Lab, "cut"); n == 0 {
		t.Error("it did not strike")
	}
	if err := b.Lab.Close(); err != nil {
		t.Error(err)
	}
	if got := trail(b.Lab, "GetObject"); len(got) != 0 {
		t.Errorf("error codes in the audit trail: %q", got)
	}
}
