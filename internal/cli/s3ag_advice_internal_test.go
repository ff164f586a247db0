package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// request is one for reading, with edits.
func request(target string, edits ...func(*session.GrantRequest)) *session.GrantRequest {
	r := &session.GrantRequest{Target: target, Permission: types.PermissionRead, Privilege: types.PrivilegeDefault}
	for _, edit := range edits {
		edit(r)
	}
	return r
}

// A command that is to be copied asks for the same as the one before, or is not shown.
func TestS3AGCommand(t *testing.T) {
	all := func(r *session.GrantRequest) {
		r.Privilege, r.TargetType, r.AccountID, r.Region = types.PrivilegeMinimal, types.S3PrefixTypeObject, "111122223333", "eu-west-1"
		r.Duration, r.AuditContext = 15*time.Minute, "job"
	}
	hidden := func(r *session.GrantRequest) { r.AuditContext = "a\u200bb" }
	for name, tt := range map[string]struct {
		context string
		request *session.GrantRequest
		want    string
	}{
		"plain": {"", request("s3://b/k"), "tip-cli s3ag explain s3://b/k --permission READ --live"},
		"all that was asked for": {
			"work", request("s3://b/k", all),
			"tip-cli --context work s3ag explain s3://b/k --permission READ --privilege Minimal --target-type Object --account-id 111122223333 --region eu-west-1 --duration-seconds 900 --audit-context job --live",
		},
		"a path with what is not shown":           {"", request("s3://b/\u202ek"), ""},
		"an audit context with what is not shown": {"", request("s3://b/k", hidden), ""},
	} {
		a := &app{contextFlag: tt.context}
		if got := a.s3agCommand("explain", tt.request, "--live"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A grant in the instance of another region than the bucket's would be of no use.
func TestNoGrantInAnotherRegion(t *testing.T) {
	a := &app{}
	f := &findings{request: request("s3://b/k"), grants: session.CallerGrants{AccountID: "444455556666", Region: "eu-west-1", UserID: "user"}, command: a.s3agCommand}
	if f.grantCommand() == "" {
		t.Error("none in the same region")
	}
	f.bucketRegion = "us-east-1"
	try, command := f.advice(nil, nil)
	if command != "" || len(try) != 1 || !strings.HasSuffix(try[0].Command, "--region us-east-1") {
		t.Errorf("%q, %v", command, try)
	}
	f.request.Target = "s3://b/\u202ek"
	if try, _ := f.advice(nil, nil); try == nil || len(try) > 0 {
		t.Errorf("a command that cannot be copied: %v", try)
	}
}

func TestLists(t *testing.T) {
	permission := func(p types.Permission) func(*session.GrantRequest) {
		return func(r *session.GrantRequest) { r.Permission = p }
	}
	minimal := func(r *session.GrantRequest) { r.Privilege = types.PrivilegeMinimal }
	object := func(r *session.GrantRequest) { r.TargetType = types.S3PrefixTypeObject }
	for name, tt := range map[string]struct {
		request *session.GrantRequest
		want    bool
	}{
		"a bucket":                       {request("s3://b"), true},
		"a bucket, to read and write":    {request("s3://b/", permission(types.PermissionReadwrite)), true},
		"to write":                       {request("s3://b/", permission(types.PermissionWrite)), false},
		"a folder":                       {request("s3://b/p/"), true},
		"a prefix":                       {request("s3://b/p*"), true},
		"all that is in a folder":        {request("s3://b/p/*", minimal), true},
		"a folder as one object":         {request("s3://b/p/", minimal), false},
		"a folder that is to be one":     {request("s3://b/p/", object), false},
		"an object":                      {request("s3://b/k"), false},
		"buckets":                        {request("s3://b*"), false},
		"characters that are not shown":  {request("s3://b/\u202e/"), false},
		"everything, which is no bucket": {request("s3://*"), false},
	} {
		if got := lists(tt.request); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A life that the location's role does not allow is a matter of what is set up.
func TestTooLongForTheRole(t *testing.T) {
	refused := &s3agcreds.DataAccessError{
		Kind: s3agcreds.KindOther, Code: "StsValidationError", HTTPStatus: 400,
		Message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
	}
	err := (&app{}).advised(refused, request("s3://b/k"))
	if exitCode(err) != ExitConfiguration || !strings.Contains(hintOf(err), "--duration-seconds") || !errors.Is(err, refused) {
		t.Errorf("%d, %q", exitCode(err), hintOf(err))
	}
	refused.Message = "Another thing."
	if err := (&app{}).advised(refused, request("s3://b/k")); exitCode(err) != ExitError || hintOf(err) != "" {
		t.Errorf("%d, %q", exitCode(err), hintOf(err))
	}
}

// Texts that differ in what is not shown look different in a table.
func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"s3://b/plain ü 日本/*": "s3://b/plain ü 日本/*",
		"s3://b/evil\u202e/*": `s3://b/evil\u202e/*`,
		"a\nb\x1b[2J\u00a0":   `a\u000ab\u001b[2J\u00a0`,
		"\U000e0041":          `\udb40\udc41`,
		"":                    "",
	} {
		if got := visible(text); got != want || cells(text)[0].text != want || plainCell(text).text != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// full is a disk with no room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// JSON that cannot be written has the hint of a table that cannot.
func TestJSONOnAFullDisk(t *testing.T) {
	a := &app{Env: &Env{Stdout: full{}}}
	if err := a.printJSON("text"); !errors.Is(err, io.ErrShortWrite) || !strings.Contains(hintOf(err), "its disk may be full") {
		t.Errorf("%v, %q", err, hintOf(err))
	}
}
