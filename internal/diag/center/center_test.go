package center_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/center"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	issuerURL = "https://dev-123456789.okta.com/oauth2/default"
	role      = "arn:aws:iam::444455556666:role/tip-oidc-role"
	instance  = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
)

// claims are those of the analyst's ID token, as the section token hands them over.
func claims(t *testing.T, l *lab.Lab, edits ...func(*lab.IDToken)) *chain.Token {
	t.Helper()
	raw := labtest.IDToken(t, l, labtest.Analyst, edits...)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	token := &chain.Token{Verified: true}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&token.Claims); err != nil {
		t.Fatal(err)
	}
	token.Issuer, _ = token.Claims["iss"].(string)
	if aud, ok := token.Claims["aud"].(string); ok {
		token.Audience = []string{aud}
	}
	return token
}

// healthy is the chain of the default world before the section has looked.
func healthy(t *testing.T, l *lab.Lab, cfg aws.Config) *chain.Chain {
	t.Helper()
	c := &chain.Chain{
		Asked:  chain.Asked{ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}},
		Config: config.Config{TokenExchangeApplicationARN: labtest.ApplicationARN, OIDCRoleARN: role},
		Login:  config.Login{Issuer: issuerURL, ClientID: labtest.ClientID, Assertion: config.AssertionIDToken},
		Token:  claims(t, l),
	}
	c.Regions.Region, c.Regions.IdentityCenterRegion = l.Region(), l.Region()
	c.Center = chain.Access{Config: &cfg, Profile: "center", Account: labtest.CenterAccount}
	return c
}

func administrator(l *lab.Lab) aws.Config {
	return labtest.Config(l, l.Administrator(labtest.CenterAccount))
}

func one(t *testing.T, results []finding.Result, id string) finding.Result {
	t.Helper()
	for _, r := range results {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no %s in %+v", id, results)
	return finding.Result{}
}

// Every check of a world that works is ok, and says what it saw.
func TestHealthy(t *testing.T) {
	l := labtest.Start(t)
	c := healthy(t, l, administrator(l))
	results := center.Run(t.Context(), c)
	for _, r := range results {
		t.Logf("%s %s: %s", r.Status, r.ID, r.Seen)
		if r.Status != finding.OK {
			t.Errorf("%s: %s %s", r.ID, r.Status, r.Seen)
		}
	}
	if len(results) != len(center.Checks()) {
		t.Errorf("%d results of %d checks", len(results), len(center.Checks()))
	}
	registration := &chain.Registration{
		ApplicationARN: labtest.ApplicationARN, Name: "tip-cli", Account: labtest.CenterAccount, InstanceARN: instance, IdentityStoreID: "d-1234567890",
		IssuerARN: c.Registration.IssuerARN, ClaimPath: "email", AttributePath: "emails.value",
		Scopes: map[string][]string{"s3:access_grants:read_write": nil, "athena:workgroup:read_write": nil, "lakeformation:query": nil},
	}
	if diff := cmp.Diff(registration, c.Registration); diff != "" {
		t.Errorf("registration (-want +got):\n%s", diff)
	}
	person := &chain.Person{UserID: labtest.AnalystID, UserName: "analyst@example.com", Groups: []string{"1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"}, GroupsRead: true}
	if diff := cmp.Diff(person, c.Person); diff != "" {
		t.Errorf("person (-want +got):\n%s", diff)
	}
}

// Every page counts: the scope on the last one, and the assignment of the last group.
func TestAllPages(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		directory, app := &w.IdentityCenter[0], &w.IdentityCenter[0].Applications[0]
		for i := range 20 {
			scope := app.Scopes[1]
			scope.Scope = fmt.Sprintf("a:number%02d", i)
			app.Scopes = append(app.Scopes, scope)
		}
		group := directory.Groups[0]
		for i := range 120 {
			group.ID, group.DisplayName = fmt.Sprintf("1234567890-eeeeeeee-5555-4eee-8eee-%012d", i), fmt.Sprintf("group %d", i)
			directory.Groups = append(directory.Groups, group)
		}
		app.AssignmentRequired, app.AssignedGroups = aws.Bool(true), []string{"group 119"}
	}))
	c := healthy(t, l, administrator(l))
	results := center.Run(t.Context(), c)
	for _, r := range results {
		if r.Status != finding.OK {
			t.Errorf("%s: %s %s", r.ID, r.Status, r.Seen)
		}
	}
	if len(c.Registration.Scopes) != 23 || len(c.Person.Groups) != 121 {
		t.Errorf("%d scopes, %d groups", len(c.Registration.Scopes), len(c.Person.Groups))
	}
	if r := one(t, results, "center.assignment"); !strings.Contains(r.Seen, "000000000119") {
		t.Errorf("%s", r.Seen)
	}
}

// The configured client is no measure for a JWT of another application that cannot be read.
func TestForeignAudience(t *testing.T) {
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.IdentityCenter[0].Applications[0].JWTBearer[0].Audiences = []string{"0oaOtherEXAMPLE"}
	}))
	c := healthy(t, l, administrator(l))
	c.Asked.JWT, c.Token, c.Config.TokenExchangeApplicationARN = secret.New("x"), nil, labtest.ApplicationARN[:len(labtest.ApplicationARN)-1]+"0"
	if r := one(t, center.Run(t.Context(), c), "center.audience"); r.Status != finding.Skipped {
		t.Errorf("%+v", r)
	}
}
