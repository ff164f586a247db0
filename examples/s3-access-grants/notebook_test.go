package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const analystID = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"

// played is what the program prints, but for what differs from run to run.
const played = `0. Fetch the application ID token
   The secret tip-notebook/app-user names the user "analyst@example.com".
   Login successful.
1. Fetch the IAM Identity Center ID token
   Token fetched from IAM Identity Center. Its claims:
     act                      {"sub":"arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-<uuid>"}
     aud                      "<aud>"
     auth_time                "<time>"
     aws:application_arn      "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890"
     aws:credential_id        "<uuid>"
     aws:identity_store_arn   "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
     aws:identity_store_id    "d-1234567890"
     aws:instance_account     "111122223333"
     aws:instance_arn         "arn:aws:sso:::instance/ssoins-1234567890abcdef"
     exp                      <number>
     iat                      <number>
     iss                      "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef"
     sts:audit_context        (2048 characters)
     sts:identity_context     (2048 characters)
     sub                      "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
2. Assume the IAM role
   IAM role is assumed successfully: arn:aws:sts::444455556666:assumed-role/S3DataAccessRole/S3AccessGrantsSession, until <clock>
3. Call the S3 GetDataAccess API
   READ on s3://tip-notebook-data/* is granted to DIRECTORY_USER 1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa, until <clock>
4. Access S3 data
   Objects in bucket "tip-notebook-data":
   - "datasets/training.csv"
   - "readme.txt"
   "datasets/training.csv" begins with "feature,label\n1,0\n2,1\n"
5. Failure scenario: request WRITE access
   Denied, as it should be: AccessDenied: You do not have WRITE permissions to the requested S3 Prefix: s3://tip-notebook-data
`

// varying are parts of the output that differ from run to run.
var varying = []struct {
	expression *regexp.Regexp
	name       string
}{
	{regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`), `"<time>"`},
	{regexp.MustCompile(`\d\d:\d\d:\d\d UTC`), "<clock>"},
	{regexp.MustCompile(`(aud +)"[A-Za-z0-9+/=_-]+"`), `$1"<aud>"`},
	{regexp.MustCompile(`((?:exp|iat) +)\d+`), "$1<number>"},
	{regexp.MustCompile(`(tti-|_id +"|access-grants-)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "$1<uuid>"},
}

func steady(text string) string {
	for _, v := range varying {
		text = v.expression.ReplaceAllString(text, v.name)
	}
	return text
}

// TestNotebook runs it twice: the second run signs in anew and exchanges another token.
func TestNotebook(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for range 2 {
		got := m.run(t, nil)
		got.stdout = steady(got.stdout)
		if diff := cmp.Diff(result{stdout: played}, got, cmp.AllowUnexported(result{})); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
	if c := m.Counts(); c.Exchanges != (lab.Tally{Granted: 2}) || c.Replays != 0 || c.SignIns != (lab.Tally{Granted: 2}) {
		t.Errorf("counts %+v", c)
	}
	if diff := cmp.Diff(append(trail, trail...), trailOf(m.Events())); diff != "" {
		t.Errorf("the trail (-want +got)\n%s", diff)
	}
}

// trail of a run: the action, the role, and for whom.
var trail = []string{
	"GetSecretValue tip-notebook-role  ", "InitiateAuth   ", "CreateTokenWithIAM tip-notebook-role  ", "AssumeRole tip-notebook-role  ",
	"GetDataAccess S3DataAccessRole  " + analystID, "ListObjectsV2 s3-access-grants-location  " + analystID,
	"GetObject s3-access-grants-location  " + analystID, "GetDataAccess S3DataAccessRole AccessDenied " + analystID,
}

func trailOf(events []lab.Event) []string {
	var got []string
	for _, e := range events {
		_, session, _ := strings.Cut(e.UserIdentity.ARN, "assumed-role/")
		role, _, _ := strings.Cut(session, "/")
		behalf := ""
		if e.UserIdentity.OnBehalfOf != nil {
			behalf = e.UserIdentity.OnBehalfOf.UserID
		}
		got = append(got, fmt.Sprint(e.EventName, " ", role, " ", e.ErrorCode, " ", behalf))
	}
	return got
}

// TestSettings runs it with names of its own, by flags and by the environment.
func TestSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t, func(w *lab.World) {
		useBucket(w, "other-bucket")
		w.Buckets[2].Objects = nil
	})
	for _, c := range []struct{ environ, args []string }{
		{args: []string{"-bucket-name", "other-bucket"}},
		{environ: []string{"BUCKET_NAME=other-bucket", "REGION=eu-west-1", "ACCOUNT_ID=444455556666", "S3_DATA_ACCESS_ROLE_ARN=arn:aws:iam::444455556666:role/S3DataAccessRole",
			"TIP_APP_USER_CREDS=arn:aws:secretsmanager:eu-west-1:444455556666:secret:tip-notebook/app-user-a1B2c3"}},
	} {
		got := m.run(t, c.environ, c.args...)
		if got.code != 0 || got.stderr != "" || !strings.Contains(got.stdout, "READ on s3://other-bucket/*") || !strings.Contains(got.stdout, "No objects found.") {
			t.Errorf("%+v", got)
		}
	}
}

// TestLocal is the one command that brings everything along.
func TestLocal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	environ := append(m.environ, "BUCKET_NAME=of-another-world") // which the command does not take over
	got := execute(t, environ, built("local"), "-program", built("s3-access-grants"))
	const cloudTrail = `CloudTrail:
   GetSecretValue     tip-notebook-role/SageMaker
   InitiateAuth       (not signed)
   CreateTokenWithIAM tip-notebook-role/SageMaker
   AssumeRole         tip-notebook-role/SageMaker
   GetDataAccess      S3DataAccessRole/S3AccessGrantsSession, on behalf of ` + analystID + `
   ListObjectsV2      s3-access-grants-location/access-grants-<uuid>, on behalf of ` + analystID + `
   GetObject          s3-access-grants-location/access-grants-<uuid>, on behalf of ` + analystID + `
   GetDataAccess      S3DataAccessRole/S3AccessGrantsSession, AccessDenied, on behalf of ` + analystID + "\n"
	got.stdout = steady(got.stdout)
	if diff := cmp.Diff(result{stdout: played + cloudTrail}, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got = execute(t, environ, built("local"), "-program", built("s3-access-grants"), "--", "-account-id", "1")
	if got.code != 2 || strings.Contains(got.stderr, "local: error") {
		t.Errorf("the program's exit code: %+v", got)
	}
	if got := execute(t, environ, built("local"), "-program", "none"); got.code != 1 || !strings.Contains(got.stderr, "local: error: ") {
		t.Errorf("a missing program: %+v", got)
	}
	if text := fmt.Sprint(got); strings.Contains(text, labtest.NotebookSecretAccessKey) || strings.Contains(text, labtest.NotebookSessionToken) {
		t.Errorf("it shows a secret: %s", text)
	}
}
