package lab_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// organizationAccounts are those of labtest.Organization.
var organizationAccounts = []lab.Account{
	{ID: labtest.CenterAccount, Name: "identity-center", Management: true},
	{ID: labtest.AdministratorAccount, Name: "delegated-administrator", Administers: []string{"sso.amazonaws.com"}},
	{ID: labtest.ApplicationAccount, Name: "application"},
	{ID: labtest.DataAccount, Name: "data"},
}

// quickOrganization is labtest.Organization without issuers, whose keys take long to make.
func quickOrganization(w *lab.World) {
	labtest.Organization(w)
	w.Issuers = nil
}

func whoAmI(tb testing.TB, b *probe.Bench, p aws.CredentialsProvider) (account, arn string) {
	tb.Helper()
	out, err := sts.NewFromConfig(b.Config(p)).GetCallerIdentity(tb.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		tb.Fatal(err)
	}
	return *out.Account, *out.Arn
}

// TestAdministrators: every account has one, who is not part of the world.
func TestAdministrators(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	if diff := cmp.Diff(organizationAccounts, b.Lab.Accounts()); diff != "" {
		t.Error(diff)
	}
	secrets := map[string]bool{}
	for _, a := range organizationAccounts {
		account, arn := whoAmI(t, b, b.Lab.Administrator(a.ID))
		if account != a.ID || arn != "arn:aws:sts::"+a.ID+":assumed-role/tip-lab-administrator/bootstrap" {
			t.Errorf("%s: account %s, ARN %s", a.ID, account, arn)
		}
		c, err := b.Lab.Administrator(a.ID).Retrieve(t.Context())
		if err != nil || c.CanExpire || len(c.AccessKeyID) != 20 || secrets[c.SecretAccessKey] {
			t.Errorf("%s: %v, expires %t, key id %s", a.ID, err, c.CanExpire, c.AccessKeyID)
		}
		secrets[c.SecretAccessKey] = true
	}
	_, err := b.Lab.Administrator("999999999999").Retrieve(t.Context())
	if err == nil || err.Error() != `the lab has no account "999999999999"; it has 111122223333, 123456789012, 444455556666, 777788889999` {
		t.Errorf("an account that is not there: %v", err)
	}
	other := probe.Start(t, quickOrganization)
	if c, err := other.Lab.Administrator(labtest.DataAccount).Retrieve(t.Context()); err != nil || secrets[c.SecretAccessKey] {
		t.Errorf("another lab has the same keys, or: %v", err)
	}
}

// TestAdministratorInTheTrail: events name the role as they name any other.
func TestAdministratorInTheTrail(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	whoAmI(t, b, b.Lab.Administrator(labtest.DataAccount))
	events := b.Lab.Events()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	id := events[0].UserIdentity
	if id.SessionContext == nil || id.SessionContext.SessionIssuer == nil {
		t.Fatalf("no session issuer: %+v", id)
	}
	got := []string{id.Type, id.AccountID, id.SessionContext.SessionIssuer.UserName, id.SessionContext.SessionIssuer.ARN, events[0].RecipientAccountID}
	want := []string{"AssumedRole", labtest.DataAccount, "tip-lab-administrator", "arn:aws:iam::777788889999:role/tip-lab-administrator", labtest.DataAccount}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestForgedAdministrator: the key id alone is worth nothing.
func TestForgedAdministrator(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	c, err := b.Lab.Administrator(labtest.DataAccount).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*aws.Credentials){
		"secret":        func(c *aws.Credentials) { c.SecretAccessKey = strings.Repeat("A", 40) },
		"token":         func(c *aws.Credentials) { c.SessionToken += "A" },
		"without token": func(c *aws.Credentials) { c.SessionToken = "" },
	} {
		forged := c
		edit(&forged)
		provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return forged, nil })
		_, err := sts.NewFromConfig(b.Config(provider)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if got := probe.AnswerOf(err); got.Status != http.StatusForbidden {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestRoleOfTheAdministratorsName: a role of the world that is called like the lab's
// own has its own rights, and leaves the administrator's alone.
func TestRoleOfTheAdministratorsName(t *testing.T) {
	var owner aws.CredentialsProvider
	b := probe.Start(t, quickOrganization, func(w *lab.World) {
		owner = probe.Actor(w, labtest.DataAccount, "tip-lab-administrator", probe.Statement("Deny", "*", "Resource", "*"))
	})
	for name, c := range map[string]struct {
		provider aws.CredentialsProvider
		want     probe.Answer
	}{
		"the world's": {owner, probe.Answer{Status: 403, Code: "AccessDenied", Message: "*"}},
		"the lab's":   {b.Lab.Administrator(labtest.DataAccount), probe.Answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s3.NewFromConfig(b.On(t).Config(c.provider)).ListBuckets(t.Context(), &s3.ListBucketsInput{})
			probe.Expect(t, c.want, err)
		})
	}
}

// page asks for one of the lab's own pages.
func page(t *testing.T, l *lab.Lab, method, path string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, l.Endpoint()+"/_lab/"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := l.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

// TestCredentialsPage gives the credentials to whoever shows that no web page asks.
func TestCredentialsPage(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	own, err := url.Parse(b.Lab.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	from := func(origin string) map[string]string {
		return map[string]string{lab.AdminHeader: "admin", "Origin": origin}
	}
	admin := map[string]string{lab.AdminHeader: "admin"}
	const noAdmin = "a change of the lab needs the header X-Tip-Lab: admin, and no other origin"
	for name, c := range map[string]struct {
		method, path string
		header       map[string]string
		status       int
		body         string
	}{
		"without the header":     {http.MethodPost, "credentials?account=777788889999", nil, 403, noAdmin},
		"another value":          {http.MethodPost, "credentials?account=777788889999", map[string]string{lab.AdminHeader: "yes"}, 403, noAdmin},
		"from another page":      {http.MethodPost, "credentials?account=777788889999", map[string]string{lab.AdminHeader: "admin", "Origin": "https://example.com"}, 403, noAdmin},
		"from another port":      {http.MethodPost, "credentials?account=777788889999", from("http://127.0.0.1:1"), 403, noAdmin},
		"from another host":      {http.MethodPost, "credentials?account=777788889999", from("https://evil.example:" + own.Port()), 403, noAdmin},
		"from a file":            {http.MethodPost, "credentials?account=777788889999", from("null"), 403, noAdmin},
		"from an odd page":       {http.MethodPost, "credentials?account=777788889999", from("http://127.0.0.1:%zz"), 403, noAdmin},
		"from the lab's own":     {http.MethodPost, "credentials?account=999999999999", from(b.Lab.Endpoint()), 404, `there is no account "999999999999"; there are 111122223333, 123456789012, 444455556666, 777788889999`},
		"GET":                    {http.MethodGet, "credentials?account=777788889999", admin, 405, "only POST"},
		"no account":             {http.MethodPost, "credentials", admin, 404, `there is no account ""; there are 111122223333, 123456789012, 444455556666, 777788889999`},
		"an account not there":   {http.MethodPost, "credentials?account=999999999999", admin, 404, `there is no account "999999999999"; there are 111122223333, 123456789012, 444455556666, 777788889999`},
		"accounts are no secret": {http.MethodPost, "accounts", nil, 405, "only GET"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := page(t, b.Lab, c.method, c.path, c.header)
			if status != c.status || body != c.body {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	status, body := page(t, b.Lab, http.MethodPost, "credentials?account=777788889999", admin)
	want, err := b.Lab.Administrator(labtest.DataAccount).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got lab.CredentialsPage
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	if diff := cmp.Diff(lab.CredentialsPage{1, want.AccessKeyID, want.SecretAccessKey, want.SessionToken, labtest.DataAccount}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAccountsPage tells of the organization.
func TestAccountsPage(t *testing.T) {
	b := probe.Start(t, quickOrganization)
	status, body := page(t, b.Lab, http.MethodGet, "accounts", nil)
	var got struct{ Accounts []lab.Account }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v", status, err)
	}
	if diff := cmp.Diff(organizationAccounts, got.Accounts); diff != "" {
		t.Error(diff)
	}
}
