package athena_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/athena"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	theirs   = "tip-workgroup"
	role     = "tip-athena-role"
)

// healthy is the chain of the default world before the section has looked.
func healthy(l *lab.Lab, cfg aws.Config) *chain.Chain {
	c := &chain.Chain{
		Asked:        chain.Asked{Workgroup: theirs, Services: []chain.Service{chain.AthenaService}},
		Config:       config.Config{IDEnhancedRoleARN: "arn:aws:iam::444455556666:role/tip-id-enhanced-role"},
		Application:  chain.Access{Config: &cfg, Profile: "app", Account: labtest.ApplicationAccount},
		Registration: &chain.Registration{InstanceARN: instance},
		HTTP:         awshttp.NewBuildableClient(),
	}
	if l != nil {
		transport := l.HTTPClient().Transport.(*http.Transport)
		c.HTTP = c.HTTP.WithTransportOptions(func(t *http.Transport) { t.Proxy, t.TLSClientConfig = transport.Proxy, transport.TLSClientConfig })
		c.Regions.Region, c.Regions.IdentityCenterRegion = l.Region(), l.Region()
	}
	return c
}

// summary is what each check came to, with what is missing.
func summary(results []finding.Result) map[string]string {
	all := map[string]string{}
	for _, r := range results {
		if _, twice := all[r.Check]; twice {
			all[r.Check] += " twice"
			continue
		}
		all[r.Check] = strings.TrimSpace(string(r.Status) + " " + strings.Join(r.Missing, " "))
	}
	return all
}

// every is a summary in which all checks came to the same, but for some.
func every(status string, but map[string]string) map[string]string {
	all := map[string]string{}
	for _, c := range athena.Checks() {
		if all[c.ID] = status; but[c.ID] != "" {
			all[c.ID] = but[c.ID]
		}
	}
	return all
}

func TestRights(t *testing.T) {
	l := labtest.Start(t)
	app := labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
	person := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))
	stranger := labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Engineer))
	for name, test := range map[string]struct {
		edit func(*chain.Chain)
		want map[string]string
	}{
		"healthy":    {func(*chain.Chain) {}, every("ok", nil)},
		"not asked":  {func(c *chain.Chain) { c.Asked.Workgroup, c.Asked.Services = "", nil }, every("skipped", nil)},
		"no name":    {func(c *chain.Chain) { c.Asked.Workgroup = "" }, every("skipped", nil)},
		"no region":  {func(c *chain.Chain) { c.RegionsErr = fmt.Errorf("none") }, every("skipped", nil)},
		"no access":  {func(c *chain.Chain) { c.Application = chain.Access{Reason: "--app-profile is not given"} }, every("unknown", nil)},
		"bad name":   {func(c *chain.Chain) { c.Asked.Workgroup = "a b" }, every("unknown", nil)},
		"no session": {func(c *chain.Chain) { c.Application.Config = nil; c.Session = nil }, every("unknown", nil)},
		"as the person": {func(c *chain.Chain) {
			c.Application = chain.Access{Reason: "--app-profile is not given"}
			c.Session = &chain.Session{Config: person, Account: labtest.ApplicationAccount}
		}, every("ok", map[string]string{"athena.role": "unknown", "athena.role-trust": "unknown"})},
		"without IAM": {func(c *chain.Chain) { c.Application.Config = &stranger },
			every("ok", map[string]string{"athena.role": "unknown iam:GetRole", "athena.role-trust": "unknown iam:GetRole"})},
		"STS is silent": {func(c *chain.Chain) { c.Application.Account = "" }, every("ok", nil)},
		"no account": {func(c *chain.Chain) { c.Application.Account, c.Config.IDEnhancedRoleARN = "", "" },
			every("ok", map[string]string{"athena.role-trust": "unknown"})},
		"no application": {func(c *chain.Chain) { c.Registration = nil }, every("ok", map[string]string{"athena.identity-center": "unknown"})},
	} {
		t.Run(name, func(t *testing.T) {
			c := healthy(l, app)
			test.edit(c)
			if diff := cmp.Diff(test.want, summary(athena.Run(t.Context(), c))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Who may not look at the work group learns which permission that needs.
func TestDenied(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if r := &w.Accounts[1].Roles[i]; r.Name == "tip-id-enhanced-role" {
				delete(r.Policies, "athena")
			}
		}
	}))
	results := athena.Run(t.Context(), healthy(l, labtest.Config(l, labtest.EnhancedCredentials(t, l, labtest.Analyst))))
	if diff := cmp.Diff(every("unknown athena:GetWorkGroup", nil), summary(results)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a trust policy denies is not mended by allowing it again, and what depends on
// what nobody knows is unknown.
func TestTrust(t *testing.T) {
	l := labtest.Start(t)
	app := labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
	const allow = `{"Effect":"Allow","Principal":{"Service":"athena.amazonaws.com"},"Action":["sts:AssumeRole","sts:SetContext"]%s}`
	for name, test := range map[string]struct{ statements, want string }{
		"denied":    {fmt.Sprintf(allow, "") + `,{"Effect":"Deny","Principal":"*","Action":"sts:SetContext"}`, "athena.role-without-context"},
		"neither":   {`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, "athena.role-not-trusting"},
		"depends":   {fmt.Sprintf(allow, `,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), "athena.role-trust.unread"},
		"provider":  {fmt.Sprintf(allow, `,"Condition":{"ForAllValues:ArnEquals":{"sts:RequestContextProviders":"arn:aws:iam::aws:contextProvider/IdentityCenter"}}`), "athena.role-trust"},
		"otherwise": {fmt.Sprintf(allow, `,"Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}`), "athena.role-not-trusting"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := iam.NewFromConfig(app).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
				RoleName: aws.String(role), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + test.statements + `]}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			results := athena.Run(t.Context(), healthy(l, app))
			last := results[len(results)-1]
			if last.ID != test.want {
				t.Errorf("%s, not %s: %s", last.ID, test.want, last.Seen)
			}
			if name == "denied" && (last.Fixes[0].Command != "" || !strings.Contains(last.Fixes[0].Console, role)) {
				t.Errorf("fix %+v", last.Fixes[0])
			}
		})
	}
}

// Whatever answers in Athena's name, every check comes to one result.
func TestHostileAnswers(t *testing.T) {
	const long = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `{"WorkGroup":null}`, `{"WorkGroup":{}}`, `{"WorkGroup":{"Name":3,"State":["x"]}}`, `{"WorkGroup":{"Configuration":null,"State":""}}`,
		`{"WorkGroup":{"Name":"x","State":"ENABLED","Configuration":{"IdentityCenterConfiguration":{"EnableIdentityCenter":true}}}}`,
		`{"WorkGroup":{"Name":"x","State":"ENABLED","Configuration":{"IdentityCenterConfiguration":{"EnableIdentityCenter":true},"ExecutionRole":"` + strings.Repeat(long, 1000) + `","ResultConfiguration":{"OutputLocation":"s3:///"}}}}`,
		`{"WorkGroup":{"Name":"x","State":"ENABLED","Configuration":{"IdentityCenterConfiguration":{},"ExecutionRole":"arn:aws:iam::444455556666:role/","ResultConfiguration":{"OutputLocation":"` + strings.Repeat(long, 100) + `"}}}}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			_, _ = fmt.Fprint(w, body)
		}))
		cfg := aws.Config{
			Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""), BaseEndpoint: &server.URL,
			Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		}
		c := healthy(nil, cfg)
		c.HTTP = c.HTTP.WithTransportOptions(func(t *http.Transport) { t.DialContext = nil; t.Proxy = http.ProxyURL(nil); t.DisableKeepAlives = true })
		c.HTTPErr = fmt.Errorf("there is no network in this test")
		c.Regions.Region, c.Regions.IdentityCenterRegion = "eu-west-1", "eu-west-1"
		got := summary(athena.Run(t.Context(), c))
		for _, check := range athena.Checks() {
			if got[check.ID] == "" || strings.HasSuffix(got[check.ID], "twice") {
				t.Errorf("%.80s: %s came to %q", body, check.ID, got[check.ID])
			}
		}
		server.Close()
	}
}

// A work group of another account than the role's is not the person's, be it there or not.
func TestOtherAccount(t *testing.T) {
	l := labtest.Start(t)
	c := healthy(l, labtest.Config(l, l.Administrator(labtest.CenterAccount)))
	c.Application.Account = labtest.CenterAccount
	if diff := cmp.Diff(every("unknown", nil), summary(athena.Run(t.Context(), c))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Where a work group has to be made anew nothing is deleted first, and what has no
// value is not asked for.
func TestAnew(t *testing.T) {
	spark := map[string]any{
		"ExecutionRole":       "arn:aws:iam::444455556666:role/" + role,
		"EngineConfiguration": map[string]any{"Classifications": []any{map[string]any{"Name": "x"}}},
	}
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		for name, configuration := range map[string]any{"primary": spark, "own": spark, strings.Repeat("a", 128): spark, "bare": nil} {
			g := w.WorkGroups[0]
			g.Name, g.Configuration = name, configuration
			w.WorkGroups = append(w.WorkGroups, g)
		}
	}))
	app := labtest.Config(l, l.Administrator(labtest.ApplicationAccount))
	for name, want := range map[string][]string{
		"primary":                {"create-work-group --name primary-identity-center "},
		"own":                    {"create-work-group --name own-identity-center ", "delete-work-group --work-group own "},
		strings.Repeat("a", 128): {"create-work-group --name " + strings.Repeat("a", 112) + "-identity-center ", "delete-work-group --work-group aaa"},
		"bare":                   {""},
	} {
		c := healthy(l, app)
		c.Asked.Workgroup = name
		for _, r := range athena.Run(t.Context(), c) {
			if r.Check != "athena.identity-center" {
				continue
			}
			if r.ID != "athena.no-identity-center" || len(r.Fixes) != len(want) {
				t.Fatalf("%s: %s with %d fixes", name, r.ID, len(r.Fixes))
			}
			for i, f := range r.Fixes {
				if !strings.Contains(f.Command, want[i]) || strings.Contains(f.Command, "null") || i == 0 && strings.Contains(f.Command, "delete") {
					t.Errorf("%s: fix %+v", name, f)
				}
			}
			if last := r.Fixes[len(want)-1]; len(want) > 1 && !strings.Contains(last.Does, "lost") {
				t.Errorf("%s does not say what is lost: %s", name, last.Does)
			}
		}
	}
}
