package grants_test

import (
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/grants"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const reports = "s3://tip-demo-data/reports/"

// chainTo is a diagnosis of a path by somebody without any rights.
func chainTo(target string) *chain.Chain {
	return &chain.Chain{
		Asked:       chain.Asked{ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}, Target: target, Permission: "READ"},
		HTTP:        awshttp.NewBuildableClient(),
		Config:      config.Config{IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/tip-id-enhanced-role"},
		Regions:     config.Regions{Region: "eu-west-1", IdentityCenterRegion: "eu-west-1"},
		Application: chain.Access{Reason: "--app-profile is not given"},
	}
}

// asPerson adds a session of the analyst.
func asPerson(t *testing.T, l *lab.Lab, c *chain.Chain) {
	t.Helper()
	c.Session = &chain.Session{Config: labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst)), Account: labtest.ApplicationAccount, UserID: labtest.AnalystID}
}

func asAdmin(l *lab.Lab, c *chain.Chain) {
	cfg := labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
	c.Application = chain.Access{Config: &cfg, Account: labtest.ApplicationAccount}
}

func statuses(results []finding.Result) map[string]string {
	all := map[string]string{}
	for _, r := range results {
		all[strings.TrimPrefix(r.ID, "grants.")] = string(r.Status)
	}
	return all
}

func run(t *testing.T, c *chain.Chain) map[string]string {
	t.Helper()
	results := grants.Run(t.Context(), c)
	if len(results) < len(grants.Checks()) {
		t.Errorf("%d results of %d checks", len(results), len(grants.Checks()))
	}
	return statuses(results)
}

// Without any right nothing is ok.
func TestWithoutRights(t *testing.T) {
	for id, status := range run(t, chainTo(reports)) {
		if status != string(finding.Unknown) && status != string(finding.Skipped) {
			t.Errorf("%s is %s", id, status)
		}
	}
}

// The person's own list is enough to tell about grants, and AWS about the answer.
func TestAsPersonOnly(t *testing.T) {
	l := labtest.Start(t)
	for path, want := range map[string][2]string{reports: {"ok", "ok"}, "s3://tip-demo-data/private/": {"", "skipped"}} {
		c := chainTo(path)
		asPerson(t, l, c)
		c.Asked.Live = true
		got := run(t, c)
		if got["instance"] != "ok" || got["grant"] != want[0] || got["answer"] != want[1] || got["location.unread"] != "unknown" {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// Who the person is has to be known, and of which groups, for a grant to be missed.
func TestPersonUnknown(t *testing.T) {
	l := labtest.Start(t)
	c := chainTo("s3://tip-demo-data/private/")
	asAdmin(l, c)
	if got := run(t, c); got["grant.unread"] != "unknown" {
		t.Errorf("nobody is known: %v", got)
	}
	c.Person = &chain.Person{UserID: labtest.AnalystID}
	if got := run(t, c); got["grant.unread"] != "unknown" {
		t.Errorf("the groups are not known: %v", got)
	}
	c.Person.GroupsRead = true
	if got := run(t, c); got["not-granted"] != "fail" {
		t.Errorf("all is known: %v", got)
	}
}

// That nobody is known is told once, where it was found, and no profile would help.
func TestPersonUnknownForACause(t *testing.T) {
	l := labtest.Start(t)
	for _, target := range []string{"", reports} {
		c := chainTo(target)
		asAdmin(l, c)
		for _, r := range grants.Run(t.Context(), c) {
			if r.Status == finding.Unknown && len(r.Fixes) > 0 {
				t.Errorf("%q: %s: %+v", target, r.ID, r.Fixes)
			}
		}
		c.Failed = []string{"local.port-in-use", "center.no-user"}
		if got := run(t, c); got["grant"] != "skipped" && target != "" || got["scope"] != "skipped" {
			t.Errorf("%q: %v", target, got)
		}
	}
}

// Reads of another account's administrator are refused, and named.
func TestForeignAdministrator(t *testing.T) {
	l := labtest.Start(t)
	c := chainTo(reports)
	cfg := labtest.Config(l, l.Administrator(labtest.CenterAccount))
	c.Application = chain.Access{Config: &cfg, Account: labtest.CenterAccount, Profile: "other"}
	for _, r := range grants.Run(t.Context(), c) {
		if r.Check == "grants.location" && (r.Status != finding.Unknown || len(r.Missing) != 1 || !strings.Contains(r.Seen, "111122223333")) {
			t.Errorf("%+v", r)
		}
		if r.Status == finding.Fail {
			t.Errorf("%s: %s", r.ID, r.Seen)
		}
	}
}

// An instance is in every state that it can be without the program falling over.
func TestHostileTargets(t *testing.T) {
	l := labtest.Start(t)
	for _, target := range []string{
		"s3://", "s3:///x", "s3://*", "s3://tip-demo-data*", "s3://tip-demo-data", "s3://tip-demo-data/${aws:username}/*?", "s3://tip-demo-data/a'b\"c\\", "s3://" + strings.Repeat("x", 3000),
		"s3://tip-demo-data/" + strings.Repeat("é/", 500),
	} {
		c := chainTo(target)
		asAdmin(l, c)
		c.Person = &chain.Person{UserID: labtest.AnalystID, GroupsRead: true}
		run(t, c)
	}
	c := chainTo(reports)
	c.Config.IDEnhancedRoleARN, c.Application = "no ARN", chain.Access{}
	for id, status := range run(t, c) {
		if status != string(finding.Skipped) {
			t.Errorf("without an account %s is %s", id, status)
		}
	}
}

// Another region has another instance.
func TestOtherRegion(t *testing.T) {
	l := labtest.Start(t)
	c := chainTo("")
	asAdmin(l, c)
	c.Regions.Region = "us-east-1"
	for _, r := range grants.Run(t.Context(), c) {
		if r.ID == "grants.no-instance" && strings.Contains(r.Fixes[0].Command, "--region us-east-1") && strings.Contains(r.Fixes[0].Command, "ssoins-1234567890abcdef") {
			return
		}
	}
	t.Error("no instance is missing")
}

func TestScopes(t *testing.T) {
	for path, want := range map[string]string{
		"s3://b": "s3://b/*", "s3://b/": "s3://b/*", "s3://b/p/": "s3://b/p/*", "s3://b/p*": "s3://b/p*", "s3://b/p": "s3://b/p",
	} {
		got, object := grants.ScopeFor(path)
		if got != want || object == strings.HasSuffix(want, "*") {
			t.Errorf("%s: %s, object %t", path, got, object)
		}
	}
	for _, tt := range [][3]string{
		{"s3://", "s3://b/p/*", "b/p/*"}, {"s3://b", "s3://b/p/*", "p/*"}, {"s3://b/p*", "s3://b/p/q", "/q"}, {"s3://b/p/*", "s3://b/p/*", ""}, {"s3://b/p/", "s3://b/p/q*", "q*"},
	} {
		if got := grants.SubPrefix(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s in %s: %q", tt[1], tt[0], got)
		}
	}
	holds := map[string]bool{}
	for _, scope := range []string{"s3://", "s3://b", "s3://b/p*", "s3://b/p/"} {
		for _, path := range []string{"s3://b", "s3://b2/p/x", "s3://b/p/x", "s3://b/q"} {
			if grants.Holds(scope, path) {
				holds[scope+" "+path] = true
			}
		}
	}
	want := map[string]bool{
		"s3:// s3://b": true, "s3:// s3://b2/p/x": true, "s3:// s3://b/p/x": true, "s3:// s3://b/q": true, "s3://b s3://b": true, "s3://b s3://b/p/x": true, "s3://b s3://b/q": true,
		"s3://b/p* s3://b/p/x": true, "s3://b/p/ s3://b/p/x": true,
	}
	if diff := cmp.Diff(want, holds); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// Where the account of the role has an instance without a grant for the path, that of the
// bucket's owner is the one that counts, as for get-data-access.
func TestInstanceOfTheOwner(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(labtest.Organization))
	c := chainTo("s3://" + labtest.DataBucket + "/reports/")
	asAdmin(l, c)
	asPerson(t, l, c)
	c.Person = &chain.Person{UserID: labtest.AnalystID, Groups: []string{"1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"}, GroupsRead: true}
	c.Asked.Live = true
	got := run(t, c)
	if got["grant"] != "ok" || got["answer"] != "ok" || got["not-granted"] != "" {
		t.Errorf("%v", got)
	}
}

// IAM looks for a role by its name, in the account of the caller: a role of another account
// that shares its locations is not missing.
func TestRoleOfAnotherAccount(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		otherAccounts(w)
		w.AccessGrants[0].ResourcePolicy = map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": labtest.ApplicationAccount}, "Action": "s3:ListAccessGrantsLocations",
			"Resource": "arn:aws:s3:eu-west-1:111122223333:access-grants/default",
		}}}
	}))
	c := chainTo(reports)
	asAdmin(l, c)
	c.Config.S3AGAccountID = labtest.CenterAccount
	if got := run(t, c); got["location"] != "ok" || got["location-role.unread"] != "unknown" {
		t.Errorf("%v", got)
	}
}

// otherAccounts gives the instance, its buckets and the role of its locations to the
// account of Identity Center.
func otherAccounts(w *lab.World) {
	role := w.Accounts[1].Roles[2]
	role.Name = "locations"
	w.Accounts[0].Roles = append(w.Accounts[0].Roles, role)
	w.AccessGrants[0].Account = labtest.CenterAccount
	for i := range w.AccessGrants[0].Locations {
		w.AccessGrants[0].Locations[i].Role = role.Name
	}
	for i := range w.Buckets {
		w.Buckets[i].Account = labtest.CenterAccount
	}
}
