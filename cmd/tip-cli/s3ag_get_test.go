package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// Whatever fails: one line with the cause, one with what to do, an exit code that says
// what kind of failure it is, and nothing on stdout.
func TestGetDataAccessFails(t *testing.T) {
	t.Parallel()
	const original = "prints the error to stdout, with exit code 0"
	reports := func(more ...string) []string { return append(append([]string{}, dataAccess...), more...) }
	for name, tt := range map[string]struct {
		machine func(*testing.T, ...func(*lab.World)) *machine
		edits   []func(*lab.World)
		hook    proxytest.Hook
		args    []string
		code    int
		says    []string
	}{
		"case 67: no grant": {
			ready, nil, nil, reports("--permission", "WRITE"), 4,
			[]string{"You do not have WRITE permissions", "covers the target with this permission; run: tip-cli s3ag explain s3://tip-demo-data/reports/ --permission WRITE\n"},
		},
		"case 67: no grant in the account that is named": {
			ready, []func(*lab.World){shareGrants}, nil, []string{"s3ag", "get-data-access", "s3://owner-data/team/", "--account-id", callerAccount}, 4,
			[]string{"run: tip-cli s3ag explain s3://owner-data/team/ --permission READ --account-id 444455556666\n"},
		},
		"case 67: no grant of the owner": {
			ready, []func(*lab.World){shareGrants}, nil, []string{"s3ag", "get-data-access", "s3://owner-data/mine/"}, 4,
			[]string{"account 111122223333, which owns the Access Grants instance of the bucket: GetDataAccess for s3://owner-data/mine/", "You do not have READ"},
		},
		"case 67: the owner does not let": {
			ready, []func(*lab.World){shareGrants, func(w *lab.World) {
				w.AccessGrants[1].ResourcePolicy.(map[string]any)["Statement"].([]any)[0].(map[string]any)["Action"] = "s3:GetAccessGrantsInstanceForPrefix"
			}}, nil, []string{"s3ag", "get-data-access", "s3://owner-data/team/"}, 4,
			[]string{"no resource-based policy allows the s3:GetDataAccess action", "its resource policy must, too"},
		},
		"case 67: the look-up is denied, the first answer stays": {
			ready, []func(*lab.World){shareGrants, likeTheTemplate}, nil, []string{"s3ag", "get-data-access", "s3://owner-data/team/"}, 4,
			[]string{"error: GetDataAccess for s3://owner-data/team/ (READ): AccessDenied: You do not have", "whether another account has one for the bucket could not be looked up (AccessDenied): if so, name that account with --account-id; run: tip-cli s3ag explain "},
		},
		"case 67: no instance, and the look-up is denied": {
			ready, []func(*lab.World){shareGrants, likeTheTemplate, func(w *lab.World) { w.AccessGrants = w.AccessGrants[1:] }}, nil, []string{"s3ag", "get-data-access", "s3://owner-data/team/"}, 5,
			[]string{"AccessGrantsInstanceNotExistsError", "could not be looked up (AccessDenied); give another account with --account-id"},
		},
		"case 67: the look-up repeats what was sent, to somebody who wants to know all": {
			ready, nil, repeating("GetAccessGrantsInstanceForPrefix"), []string{"-vv", "s3ag", "get-data-access", "s3://tip-demo-data/private/"}, 4,
			[]string{"could not be looked up (AccessDenied)", "REDACTED"},
		},
		"case 67: no instance in that region": {
			ready, nil, nil, reports("--region", "us-east-1"), 5, []string{"AccessGrantsInstanceNotExistsError", "or the region of the bucket with --region\n"},
		},
		"case 67: not authorized": {
			ready, []func(*lab.World){edits["no-policy"]}, nil, dataAccess, 4, []string{"not authorized to perform: s3:GetDataAccess"},
		},
		"case 67: the role of the location": {
			ready, nil, denying("GetDataAccess", 403, "StsNotAuthorizedError", "Not authorized")(), dataAccess, 4, []string{"the role of the grant's location must trust"},
		},
		"case 67: throttled": {
			ready, nil, denying("GetDataAccess", 503, "SlowDown", "Please reduce your request rate.")(), dataAccess, 6, []string{"SlowDown"},
		},
		"case 67: no answer": {
			ready, nil, proxytest.Lose(proxytest.Reset, "GetDataAccess", proxytest.Always), dataAccess, 6, nil,
		},
		"case 67: nobody has signed in": {placed, nil, nil, dataAccess, 3, []string{"run: tip-cli auth\n"}},
		"case 67: a region of another partition": {
			ready, nil, nil, reports("--region", "cn-north-1"), 2, []string{"error: --region: ", "partition aws-cn", "run: tip-cli s3ag get-data-access --help\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := tt.machine(t, tt.edits...)
			m.Meddle(tt.hook)
			got := m.run(t, tt.args)
			m.check(t, got, tt.code)
			for _, text := range tt.says {
				if !strings.Contains(got.stderr, text) {
					t.Errorf("it does not say %q but\n%s", text, got.stderr)
				}
			}
			if t.Failed() {
				t.Log("the original " + original)
			}
			if _, err := os.Stat(filepath.Join(m.state(), store.S3File)); err == nil {
				t.Error("something was stored")
			}
		})
	}
}

// repeating denies with the session token in the text.
func repeating(o proxytest.Operation) proxytest.Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != o {
			forward(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>%s</Message></Error></ErrorResponse>", r.Header.Get("X-Amz-Security-Token"))
	}
}

// Every flag leads to the parameter of GetDataAccess that it is named for. What it is given
// differs from what is asked for without it.
func TestGetDataAccessFlags(t *testing.T) {
	long(t)
	t.Parallel()
	m := ready(t, shareGrants)
	const reports, team = "s3://tip-demo-data/reports/summary.txt", "s3://owner-data/team/x"
	elsewhere := []string{"AWS_REGION=us-east-1"}
	if err := m.edit(store.ConfigFile, func(f map[string]any) { f["identity_center_region"] = "eu-west-1" }); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		target   string
		args     []string
		settings []string
		want     map[string]any // of the audit trail; nil for not sent
	}{
		"no flags":           {reports, nil, nil, map[string]any{"accountId": callerAccount, "permission": "READ", "auditContext": nil, "durationSeconds": nil}},
		"--permission":       {"s3://tip-demo-data/home/analyst/x", []string{"--permission", "write"}, nil, map[string]any{"permission": "WRITE"}},
		"--duration-seconds": {reports, []string{"--duration-seconds", "900"}, nil, map[string]any{"durationSeconds": "900"}},
		"--privilege":        {reports, []string{"--privilege", "Minimal"}, nil, map[string]any{"privilege": "Minimal", "targetType": nil}},
		"--target-type":      {reports, []string{"--privilege", "minimal", "--target-type", "object"}, nil, map[string]any{"privilege": "Minimal", "targetType": "Object"}},
		"--account-id":       {team, []string{"--account-id", ownerAccount}, nil, map[string]any{"accountId": ownerAccount}},
		"--audit-context":    {reports, []string{"--audit-context", "ticket 4711: ü"}, nil, map[string]any{"auditContext": "ticket 4711: ü"}},
		"--region":           {reports, []string{"--region", "eu-west-1"}, elsewhere, map[string]any{"accountId": callerAccount}},
	} {
		t.Run(name, func(t *testing.T) {
			m.dropCredentials(t)
			before := len(m.Events())
			m.must(t, append([]string{"s3ag", "get-data-access", tt.target, "--force-new-creds"}, tt.args...), tt.settings...)
			var asked []lab.Event
			for _, e := range m.Events()[before:] {
				if e.EventName == "GetDataAccess" || e.EventName == "GetAccessGrantsInstanceForPrefix" {
					asked = append(asked, e)
				}
			}
			if len(asked) != 1 || asked[0].AWSRegion != "eu-west-1" {
				t.Fatalf("asked %d times: %+v", len(asked), asked)
			}
			text, err := json.Marshal(asked[0].RequestParameters)
			if err != nil {
				t.Fatal(err)
			}
			var sent map[string]any
			if err := json.Unmarshal(text, &sent); err != nil {
				t.Fatal(err)
			}
			for parameter, want := range tt.want {
				got := sent[parameter]
				if n, ok := got.(float64); ok && want == "900" && n == 900 {
					got = want
				}
				if got != want {
					t.Errorf("%s is %v, want %v: %s", parameter, got, want, text)
				}
			}
		})
	}
}
