package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// failure is a run that does not end as the notebook wants.
type failure struct {
	name    string
	edit    func(*lab.World)
	environ []string
	args    []string
	// reached are the numbers of the steps that began.
	reached string
	// says and hint are parts of the two lines on standard error.
	says, hint string
}

func document(statements ...any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

func allow(principal, actions, resource any) map[string]any {
	statement := map[string]any{"Effect": "Allow", "Action": actions}
	if principal != nil {
		statement["Principal"] = principal
	}
	if resource != nil {
		statement["Resource"] = resource
	}
	return statement
}

// account is the application's account.
const account = 1

// policies are those of a role of the application's account.
func policies(w *lab.World, role string) map[string]any {
	for i := range w.Accounts[account].Roles {
		if r := &w.Accounts[account].Roles[i]; r.Name == role {
			return r.Policies
		}
	}
	panic("there is no role " + role)
}

// trust changes whom a role trusts.
func trust(w *lab.World, role string, document any) {
	for i := range w.Accounts[account].Roles {
		if r := &w.Accounts[account].Roles[i]; r.Name == role {
			r.Trust = document
		}
	}
}

// notebookGrant is the analyst's grant.
func notebookGrant(w *lab.World) int { return len(w.AccessGrants[0].Grants) - 1 }

// useBucket renames the bucket where grants of it are made and used.
func useBucket(w *lab.World, bucket string) {
	w.Buckets[len(w.Buckets)-1].Name = bucket
	w.AccessGrants[0].Grants[notebookGrant(w)].SubPrefix = bucket + "/*"
	policies(w, "s3-access-grants-location")["buckets"] = document(
		allow(nil, []any{"s3:ListBucket", "s3:GetObject"}, []any{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/*"}))
}

func secretValue(value any) func(*lab.World) {
	return func(w *lab.World) { w.Accounts[account].Secrets[0].Value = value }
}

var failures = []failure{
	{
		name: "no credentials of a role", environ: []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="},
		reached: "0", says: "unable to retrieve the secret tip-notebook/app-user: ", hint: "the program needs credentials of the notebook's role",
	},
	{
		name: "the role may not read the secret", edit: func(w *lab.World) { delete(policies(w, "tip-notebook-role"), "Secrets-Manager-Policy") },
		reached: "0", says: "AccessDeniedException", hint: "Secrets-Manager-Policy of the notebook's role must allow secretsmanager:GetSecretValue",
	},
	{
		name: "no secret", edit: func(w *lab.World) {
			w.Accounts[account].Secrets = nil
			policies(w, "tip-notebook-role")["Secrets-Manager-Policy"] = document(allow(nil, "secretsmanager:GetSecretValue", "*"))
		},
		reached: "0", says: "ResourceNotFoundException", hint: "there is none of that name in eu-west-1",
	},
	{name: "a secret that is no JSON", edit: secretValue(password), reached: "0", says: "is not JSON of the form"},
	{name: "a secret with another type", edit: secretValue(map[string]any{"username": 4711, "password": password}), reached: "0", says: "is not JSON of the form"},
	{
		name: "a secret that is strange behind what it needs", edit: secretValue(`{"username": "analyst@example.com", "password": "` + password + `", "Password": 1}`),
		reached: "0", says: "is not JSON of the form",
	},
	{name: "a secret without username", edit: secretValue(map[string]any{"password": password}), reached: "0", says: "is not JSON of the form"},
	{name: "a secret without password", edit: secretValue(map[string]any{"username": "analyst@example.com"}), reached: "0", says: "is not JSON of the form"},
	{
		name: "wrong password", edit: secretValue(map[string]any{"username": "analyst@example.com", "password": password + "x"}),
		reached: "0", says: "/users/login: HTTP 401 Unauthorized", hint: "does not know the username and password that are in the secret tip-notebook/app-user",
	},
	{
		name: "unknown user", edit: secretValue(map[string]any{"username": "nobody@example.com", "password": password}),
		reached: "0", says: "/users/login: HTTP 401 Unauthorized", hint: "does not know the username and password",
	},
	{
		name: "no application", environ: []string{"API_ENDPOINT=http://127.0.0.1:1"},
		reached: "0", says: `login failed: Post "http://127.0.0.1:1/users/login"`, hint: "start the application",
	},
	{
		name: "the actor policy does not name the role", edit: func(w *lab.World) {
			apps := w.IdentityCenter[0].Applications
			apps[len(apps)-1].ActorPolicy = apps[0].ActorPolicy
		},
		reached: "01", says: "create token with IAM: AccessDeniedException", hint: "actor policy",
	},
	{
		name: "another application", args: []string{"-idc-application-id", "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-0000000000000000"},
		reached: "01", says: "create token with IAM: ", hint: "",
	},
	{
		name: "the trust policy lacks sts:SetContext", edit: func(w *lab.World) {
			trust(w, "S3DataAccessRole", document(allow(map[string]any{"AWS": "arn:aws:iam::444455556666:role/tip-notebook-role"}, "sts:AssumeRole", nil)))
			policies(w, "tip-notebook-role")["Sts-Policy"] = document(allow(nil, "sts:AssumeRole", "arn:aws:iam::444455556666:role/S3DataAccessRole"))
		},
		reached: "012", says: "assume access role: AccessDenied", hint: "sts:SetContext",
	},
	{
		name: "no grant", edit: func(w *lab.World) {
			w.AccessGrants[0].Grants = w.AccessGrants[0].Grants[:notebookGrant(w)]
		},
		reached: "0123", says: "GetDataAccess for s3://tip-notebook-data (READ): AccessDenied", hint: "no grant for this user",
	},
	{
		name: "a grant for WRITE alone", edit: func(w *lab.World) { w.AccessGrants[0].Grants[notebookGrant(w)].Permission = "WRITE" },
		reached: "0123", says: "GetDataAccess for s3://tip-notebook-data (READ): AccessDenied", hint: "no grant for this user",
	},
	{
		name: "the access role lacks s3:GetDataAccess", edit: func(w *lab.World) {
			policies(w, "S3DataAccessRole")["access-grants"] = document(allow(nil, "s3:ListCallerAccessGrants", "*"))
		},
		reached: "0123", says: "GetDataAccess for s3://tip-notebook-data (READ): AccessDenied", hint: "the caller's policy must allow s3:GetDataAccess",
	},
	{
		name: "the location's role may not list", edit: func(w *lab.World) {
			policies(w, "s3-access-grants-location")["buckets"] = document(allow(nil, "s3:GetObject", "arn:aws:s3:::tip-notebook-data/*"))
		},
		reached: "01234", says: "ListObjectsV2",
	},
	{
		name: "the location's role may not read", edit: func(w *lab.World) {
			policies(w, "s3-access-grants-location")["buckets"] = document(allow(nil, "s3:ListBucket", "arn:aws:s3:::tip-notebook-data"))
		},
		reached: "01234", says: "GetObject",
	},
	{
		name: "WRITE is granted", edit: func(w *lab.World) { w.AccessGrants[0].Grants[notebookGrant(w)].Permission = "READWRITE" },
		reached: "012345", says: "WRITE access was granted, and the notebook expects that it is denied", hint: "choose a bucket of which they have READ only",
	},
	{
		name: "another region", args: []string{"-region", "us-east-1"},
		reached: "0", says: "AccessDeniedException", hint: "must allow secretsmanager:GetSecretValue on this secret in us-east-1",
	},
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			edit := c.edit
			if edit == nil {
				edit = func(*lab.World) {}
			}
			c.check(t, newMachine(t, edit).run(t, c.environ, c.args...))
		})
	}
}

// check wants exit code 1, one line that says what is wrong, and one with the hint.
func (c *failure) check(t *testing.T, got result) {
	t.Helper()
	if got.code != 1 {
		t.Errorf("exit code %d", got.code)
	}
	lines := strings.Split(strings.TrimSuffix(got.stderr, "\n"), "\n")
	want := 1
	if c.hint != "" {
		want = 2
	}
	if len(lines) < want || len(lines) > 2 || !strings.HasPrefix(lines[0], "s3-access-grants: error: ") || !strings.Contains(lines[0], c.says) {
		t.Fatalf("want %q in one line:\n%s", c.says, got.stderr)
	}
	if len(lines) == 2 && (!strings.HasPrefix(lines[1], "s3-access-grants: hint: ") || !strings.Contains(lines[1], c.hint)) {
		t.Errorf("want the hint %q:\n%s", c.hint, got.stderr)
	}
	if began := steps(got.stdout); began != c.reached {
		t.Errorf("steps %q began, want %q", began, c.reached)
	}
	if strings.Contains(got.stdout, "Denied, as it should be") {
		t.Errorf("it says that all was well:\n%s", got.stdout)
	}
}

// steps are the numbers of the headings.
func steps(text string) string {
	var began strings.Builder
	for line := range strings.Lines(text) {
		if line[0] >= '0' && line[0] <= '9' {
			began.WriteByte(line[0])
		}
	}
	return began.String()
}

func TestBinarySecret(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	_, err := secretsmanager.NewFromConfig(labtest.Config(m.Lab, labtest.Admin())).UpdateSecret(t.Context(),
		&secretsmanager.UpdateSecretInput{SecretId: aws.String("tip-notebook/app-user"), SecretBinary: []byte(password)})
	if err != nil {
		t.Fatal(err)
	}
	c := failure{reached: "0", says: "the secret tip-notebook/app-user is binary: store it as a SecretString"}
	c.check(t, m.run(t, nil))
}

// An application that answers otherwise than it should, with what it was sent.
func TestOtherApplications(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	followed := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the password went elsewhere") }))
	defer followed.Close()
	for name, c := range map[string]struct {
		status     int
		body       string
		says, hint string
	}{
		"a server error":       {500, `{"message": "ECHO"}`, "HTTP 500 Internal Server Error", "look at the application's log"},
		"a token all the same": {401, `{"token": "ECHO"}`, "HTTP 401 Unauthorized", "does not know"},
		"an empty token":       {200, `{"token": ""}`, `the answer is not JSON of the form {"token": ...}`, ""},
		"a redirect":           {307, ``, "HTTP 307 Temporary Redirect", "look at the application's log"},
		"no JSON":              {200, `<html>ECHO`, `the answer is not JSON of the form {"token": ...}`, ""},
		"no token":             {200, `{"jwt": "ECHO"}`, `the answer is not JSON of the form {"token": ...}`, ""},
		"a number":             {200, `{"token": 4711}`, `the answer is not JSON of the form {"token": ...}`, ""},
		"too long":             {200, `{"token": "` + strings.Repeat("x", maxAnswer) + `"}`, `the answer is not JSON of the form {"token": ...}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent, _ := io.ReadAll(r.Body)
				w.Header().Set("Location", followed.URL)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, strings.ReplaceAll(c.body, "ECHO", string(sent)))
			}))
			defer application.Close()
			want := failure{reached: "0", says: c.says, hint: c.hint}
			want.check(t, m.run(t, nil, "-api-endpoint", application.URL))
		})
	}
}

// An application that gives out a token twice: Identity Center takes it once.
func TestReplay(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	token, err := m.IssueIDToken("notebook-app", "analyst@example.com", "2example34567890")
	if err != nil {
		t.Fatal(err)
	}
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, `{"token": %q}`, token) }))
	defer application.Close()
	if got := m.run(t, nil, "-api-endpoint", application.URL+"/"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	want := failure{reached: "01", says: "create token with IAM: InvalidGrantException", hint: "used before"}
	want.check(t, m.run(t, nil, "-api-endpoint", application.URL))
}

// Wrong settings are found before anybody is asked for anything.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-api-endpoint", "http://app.example.com"}, "API_ENDPOINT must begin with https://"},
		{[]string{"-api-endpoint", "ftp://127.0.0.1"}, "API_ENDPOINT must begin with https://"},
		{[]string{"-api-endpoint", "app.example.com"}, "API_ENDPOINT is not of the form"},
		{[]string{"-api-endpoint", "https://user:" + password + "@app.example.com"}, "API_ENDPOINT is not of the form"},
		{[]string{"-api-endpoint", "https://app.example.com?x=1"}, "API_ENDPOINT is not of the form"},
		{[]string{"-api-endpoint", "https://app.example.com#x"}, "API_ENDPOINT is not of the form"},
		{[]string{"-idc-application-id", "arn:aws:sso::AWS_ACCOUNT_ID:application/ssoins-{APP_ID}"}, "malformed ARN"},
		{[]string{"-s3-data-access-role-arn", "S3DataAccessRole"}, "malformed ARN"},
		{[]string{"-account-id", "12"}, "malformed ARN"}, // of the role
		{[]string{"-account-id", "12", "-s3-data-access-role-arn", "arn:aws:iam::444455556666:role/S3DataAccessRole"}, "an account id has 12 digits"},
		{[]string{"-bucket-name", "/"}, "invalid S3 target"},
		{[]string{"READ"}, `unexpected argument "READ"`},
		{[]string{"-no-such-flag"}, "flag provided but not defined"},
	} {
		got := m.run(t, nil, c.args...)
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, c.says) {
			t.Errorf("%q: %+v", c.args, got)
		}
	}
	if got := m.run(t, nil, "-help"); got.code != 0 || !strings.Contains(got.stderr, "$IDC_APPLICATION_ID") {
		t.Errorf("-help: %+v", got)
	}
	if diff := cmp.Diff(0, len(m.Events())); diff != "" {
		t.Errorf("AWS was asked: %s", diff)
	}
}
