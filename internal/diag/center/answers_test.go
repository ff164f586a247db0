package center_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/center"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// answers are those of AWS by operation: what a lab does not come to. Every other is {}.
type answers map[string]string

// good are answers of a world that works.
func good() answers {
	return answers{
		"DescribeApplication": `{"ApplicationArn":"` + labtest.ApplicationARN + `","ApplicationProviderArn":"arn:aws:sso::aws:applicationProvider/custom","Name":"tip","ApplicationAccount":"111122223333",
			"InstanceArn":"` + instance + `","IdentityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-1234567890","Status":"ENABLED"}`,
		"DescribeInstance":      `{"InstanceArn":"` + instance + `","IdentityStoreId":"d-1234567890","OwnerAccountId":"111122223333","Status":"ACTIVE"}`,
		"ListApplicationGrants": `{"Grants":[{"GrantType":"urn:ietf:params:oauth:grant-type:jwt-bearer","Grant":{"JwtBearer":{"AuthorizedTokenIssuers":[{"TrustedTokenIssuerArn":"` + issuerARN + `","AuthorizedAudiences":["` + labtest.ClientID + `"]}]}}}]}`,
		"DescribeTrustedTokenIssuer": `{"TrustedTokenIssuerArn":"` + issuerARN + `","Name":"okta","TrustedTokenIssuerConfiguration":{"OidcJwtConfiguration":
			{"IssuerUrl":"` + issuerURL + `","ClaimAttributePath":"email","IdentityStoreAttributePath":"emails.value","JwksRetrievalOption":"OPEN_ID_DISCOVERY"}}}`,
		"GetApplicationAuthenticationMethod":    `{"AuthenticationMethod":{"Iam":{"ActorPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}}}}`,
		"GetUserId":                             `{"IdentityStoreId":"d-1234567890","UserId":"` + labtest.AnalystID + `"}`,
		"DescribeUser":                          `{"IdentityStoreId":"d-1234567890","UserId":"` + labtest.AnalystID + `","UserName":"analyst@example.com","UserStatus":"ENABLED"}`,
		"ListGroupMembershipsForMember":         `{"GroupMemberships":[]}`,
		"GetApplicationAssignmentConfiguration": `{"AssignmentRequired":false}`,
		"ListApplicationAccessScopes":           `{"Scopes":[{"Scope":"s3:access_grants:read_write"}]}`,
	}
}

const issuerARN = "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-11111111-2222-4333-8444-555555555555"

// looked is the section's report of a world with these answers, and how many requests it took.
func looked(t *testing.T, given answers, edits ...func(*chain.Chain)) (results []finding.Result, requests int) {
	t.Helper()
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		mu.Unlock()
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, ok := given[operation]
		if !ok {
			body = "{}"
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if code, text, refused := strings.Cut(body, "!"); refused {
			w.WriteHeader(http.StatusBadRequest)
			body = `{"__type":"` + code + `","Message":"` + text + `"}`
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	c := &chain.Chain{
		Asked:  chain.Asked{ApplicationARN: labtest.ApplicationARN, Services: []chain.Service{chain.S3}},
		Config: config.Config{TokenExchangeApplicationARN: labtest.ApplicationARN, OIDCRoleARN: role},
		Login:  config.Login{Issuer: issuerURL, ClientID: labtest.ClientID, Assertion: config.AssertionIDToken},
		Token: &chain.Token{
			Issuer: issuerURL, Audience: []string{labtest.ClientID}, Verified: true, Claims: map[string]any{"email": "analyst@example.com", "name": "Analyst"},
		},
		Center: chain.Access{Account: labtest.CenterAccount, Config: &aws.Config{
			Region: "eu-west-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""),
			Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		}},
	}
	c.Regions.Region, c.Regions.IdentityCenterRegion = "eu-west-1", "eu-west-1"
	for _, edit := range edits {
		edit(c)
	}
	results = center.Run(t.Context(), c)
	checked := map[string]bool{}
	for _, r := range results {
		checked[r.Check] = true
	}
	for _, check := range center.Checks() {
		if !checked[check.ID] {
			t.Errorf("%s came to nothing", check.ID)
		}
	}
	return results, requests
}

// wrong are the ids of what failed or was warned of.
func wrong(results []finding.Result) string {
	var ids []string
	for i := range results {
		if r := &results[i]; r.Status == finding.Fail || r.Status == finding.Warn {
			ids = append(ids, r.ID)
		}
	}
	return strings.Join(ids, " ")
}

// What no lab can be brought to: an application of another kind, an instance on its way.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ operation, old, new, want, seen string }{
		"as it should be":     {"DescribeInstance", "ACTIVE", "ACTIVE", "", ""},
		"an AWS application":  {"DescribeApplication", "applicationProvider/custom", "applicationProvider/sso", "center.not-custom", "applicationProvider/sso"},
		"an instance, made":   {"DescribeInstance", "ACTIVE", "CREATE_IN_PROGRESS", "center.instance-not-active", "CREATE_IN_PROGRESS"},
		"an instance, failed": {"DescribeInstance", `"ACTIVE"`, `"CREATE_FAILED","StatusReason":"no key"`, "center.instance-not-active", "no key"},
		"a later status":      {"DescribeApplication", "ENABLED", "ARCHIVED", "center.application-disabled", "ARCHIVED"},
	} {
		t.Run(name, func(t *testing.T) {
			given := good()
			given[c.operation] = strings.Replace(given[c.operation], c.old, c.new, 1)
			results, _ := looked(t, given)
			if got := wrong(results); got != c.want {
				t.Errorf("found %q, not %q", got, c.want)
			} else if got != "" && !strings.Contains(one(t, results, got).Seen, c.seen) {
				t.Errorf("%s", one(t, results, got).Seen)
			}
		})
	}
}

// A condition that only AWS can decide is neither ok nor wrong.
func TestActorUndecided(t *testing.T) {
	given := good()
	given["GetApplicationAuthenticationMethod"] = strings.Replace(given["GetApplicationAuthenticationMethod"], `"Resource":"*"`,
		`"Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorg"}}`, 1)
	results, _ := looked(t, given)
	if r := one(t, results, "center.actor.unread"); r.Status != finding.Unknown || !strings.Contains(r.Seen, "aws:PrincipalOrgID") || wrong(results) != "" {
		t.Errorf("%+v, and wrong: %q", r, wrong(results))
	}
}

// Whatever AWS answers, the section says something of each check, and nothing that
// was not told is ok.
func TestHostileAnswers(t *testing.T) {
	hostile := []string{
		`{}`, `null`, `[]`, `"text"`, `{"Status":null}`, `{"Status":["ENABLED"]}`, `not JSON`, ``, strings.Repeat(`{"Grants":[`, 2000), `InternalServerException!broken`, `ThrottlingException!slowly`,
		`AccessDeniedException!no`, `ResourceNotFoundException!no`, `ValidationException!no`, `ConflictException!no`, `ExpiredTokenException!no`, "\x00\xff",
	}
	from := map[string][]string{
		"DescribeApplication": {"center.application", "center.enabled", "center.provider"}, "DescribeInstance": {"center.instance"}, "ListApplicationGrants": {"center.grant", "center.issuer", "center.audience", "center.user"},
		"DescribeTrustedTokenIssuer": {"center.issuer", "center.audience", "center.user"}, "GetApplicationAuthenticationMethod": {"center.actor"}, "GetUserId": {"center.user"},
		"DescribeUser": {"center.user"}, "GetApplicationAssignmentConfiguration": {"center.assignment"}, "ListApplicationAccessScopes": {"center.scopes"},
	}
	special := map[string][]string{
		"ListApplicationGrants": {
			`{"Grants":[null,{},{"GrantType":"urn:ietf:params:oauth:grant-type:jwt-bearer"},{"GrantType":"urn:ietf:params:oauth:grant-type:jwt-bearer","Grant":{"Other":{}}}]}`,
			`{"Grants":[{"GrantType":"urn:ietf:params:oauth:grant-type:jwt-bearer","Grant":{"JwtBearer":{"AuthorizedTokenIssuers":[null,{},{"TrustedTokenIssuerArn":""},{"AuthorizedAudiences":null}]}}}]}`,
		},
		"DescribeTrustedTokenIssuer":         {`{"TrustedTokenIssuerConfiguration":{"Other":{}}}`, `{"TrustedTokenIssuerConfiguration":{"OidcJwtConfiguration":{"IssuerUrl":"` + issuerURL + `"}}}`},
		"GetApplicationAuthenticationMethod": {`{"AuthenticationMethod":{"Iam":{}}}`, `{"AuthenticationMethod":{"Iam":{"ActorPolicy":[]}}}`, `{"AuthenticationMethod":{"Iam":{"ActorPolicy":{"Statement":[1,null,{"Principal":7}]}}}}`, `{"AuthenticationMethod":{"Other":{}}}`},
		"DescribeUser":                       {`{"Emails":[null],"ExternalIds":[null,{}],"UserStatus":""}`},
		"ListApplicationAccessScopes":        {`{"Scopes":[null,{},{"Scope":"s3:access_grants:read_write","AuthorizedTargets":[null,""]}]}`},
	}
	for operation := range good() {
		if operation == "ListGroupMembershipsForMember" {
			continue // which nothing hangs on here
		}
		for n, answer := range append(special[operation], hostile...) {
			given := good()
			given[operation] = answer
			given["ListUsers"] = answer
			results, _ := looked(t, given)
			for i := range results {
				if r := &results[i]; n >= len(special[operation]) && r.Status == finding.OK && slices.Contains(from[operation], r.Check) {
					t.Errorf("%s %q: %s is ok: %s", operation, answer, r.ID, r.Seen)
				}
				if r := &results[i]; r.Seen == "" || strings.Contains(r.Seen, "%!") {
					t.Errorf("%s %q: %s: %q", operation, answer, r.ID, r.Seen)
				}
			}
		}
	}
}

// A list that never ends is not followed for ever.
func TestEndlessPages(t *testing.T) {
	given := good()
	given["ListApplicationGrants"] = `{"Grants":[],"NextToken":"again"}`
	given["ListApplicationAccessScopes"] = `{"Scopes":[],"NextToken":"again"}`
	given["ListGroupMembershipsForMember"] = `{"GroupMemberships":[{"GroupId":"x"}],"NextToken":"again"}`
	results, requests := looked(t, given)
	if requests > 400 {
		t.Errorf("%d requests", requests)
	}
	if r := one(t, results, "center.grant.unread"); !strings.Contains(r.Seen, "more than 100 pages") {
		t.Errorf("%s", r.Seen)
	}
}

// Claims of a JWT whose signature nobody has verified are no part of commands.
func TestStranger(t *testing.T) {
	const theirs = "https://idp.example.net"
	unverified := func(c *chain.Chain) { c.Token.Verified = false }
	absent := good()
	absent["GetUserId"] = "ResourceNotFoundException!USER not found."
	for name, c := range map[string]struct {
		given answers
		id    string
		edit  func(*chain.Chain)
	}{
		"issuer":   {good(), "center.no-issuer", func(c *chain.Chain) { c.Token.Issuer = theirs }},
		"audience": {good(), "center.audience-not-authorized", func(c *chain.Chain) { c.Token.Audience = []string{"theirs"} }},
		"user":     {absent, "center.no-user", func(c *chain.Chain) { c.Token.Claims["email"] = "intruder@example.net" }},
	} {
		t.Run(name, func(t *testing.T) {
			results, _ := looked(t, c.given, c.edit)
			if f := one(t, results, c.id).Fixes[0]; f.Command == "" {
				t.Errorf("verified: %+v", f)
			}
			results, _ = looked(t, c.given, c.edit, unverified)
			for _, f := range one(t, results, c.id).Fixes {
				if f.Command != "" {
					t.Errorf("not verified: %+v", f)
				}
			}
		})
	}
}

// What a token says cannot become an option, a file or a second command.
func TestCommandsAreQuoted(t *testing.T) {
	given := good()
	given["GetUserId"] = "ResourceNotFoundException!USER not found."
	hostile := "x'; touch pwned; '$(touch pwned)`\n@example.com"
	results, _ := looked(t, given, func(c *chain.Chain) {
		c.Token.Claims = map[string]any{"email": hostile, "name": "file:///etc/passwd", "given_name": "--endpoint-url=http://127.0.0.1", "family_name": "{{issuer}}"}
	})
	command := one(t, results, "center.no-user").Fixes[0].Command
	const want = `aws identitystore create-user --cli-input-json '{"DisplayName":"file:///etc/passwd","Emails":[{"Primary":true,"Type":"work","Value":"x'\''; touch pwned; '\''$(touch pwned)` + "`" + `\n@example.com"}],` +
		`"IdentityStoreId":"d-1234567890","Name":{"FamilyName":"{{issuer}}","GivenName":"--endpoint-url=http://127.0.0.1"},"UserName":"x'\''; touch pwned; '\''$(touch pwned)` + "`" + `\n@example.com"}' --region eu-west-1`
	if command != want {
		t.Errorf("%s\nnot\n%s", command, want)
	}
}

// Where there is no token yet, what the configured sign-in leads to is looked for.
func TestWithoutToken(t *testing.T) {
	results, _ := looked(t, good(), func(c *chain.Chain) { c.Token = nil })
	for id, status := range map[string]finding.Status{"center.issuer": finding.OK, "center.audience": finding.OK, "center.mapping": finding.Skipped, "center.user": finding.Skipped} {
		if r := one(t, results, id); r.Status != status {
			t.Errorf("%s: %s: %s", id, r.Status, r.Seen)
		}
	}
	other := good()
	other["DescribeTrustedTokenIssuer"] = strings.ReplaceAll(other["DescribeTrustedTokenIssuer"], issuerURL, issuerURL+"/")
	results, _ = looked(t, other, func(c *chain.Chain) { c.Token = nil })
	if r := one(t, results, "center.issuer-mismatch"); !strings.Contains(r.Seen, "with a slash at the end") {
		t.Errorf("%s", r.Seen)
	}
}

// Other partitions have their own ARNs.
func TestPartition(t *testing.T) {
	given := good()
	for operation, answer := range given {
		given[operation] = strings.ReplaceAll(answer, "arn:aws:", "arn:aws-us-gov:")
	}
	govern := func(c *chain.Chain) {
		c.Asked.ApplicationARN = strings.Replace(c.Asked.ApplicationARN, "arn:aws:", "arn:aws-us-gov:", 1)
		c.Config.OIDCRoleARN = strings.Replace(role, "arn:aws:", "arn:aws-us-gov:", 1)
	}
	results, _ := looked(t, given, govern)
	if got := wrong(results); got != "" {
		t.Errorf("found %s", got)
	}
	results, _ = looked(t, good(), func(c *chain.Chain) { c.Config.OIDCRoleARN = strings.Replace(role, "arn:aws:", "arn:aws-us-gov:", 1) })
	if r := one(t, results, "center.actor-not-admitted"); !strings.Contains(r.Seen, "another partition") {
		t.Errorf("%s", r.Seen)
	}
}

// A mapping by external ids finds the user by the issuer of the token, or in the list.
func TestExternalID(t *testing.T) {
	given := good()
	given["DescribeTrustedTokenIssuer"] = strings.NewReplacer("emails.value", "externalIds.value", `"email"`, `"sub"`).Replace(given["DescribeTrustedTokenIssuer"])
	subject := func(c *chain.Chain) { c.Token.Claims["sub"] = "00uAnalystEXAMPLE" }
	results, _ := looked(t, given, subject)
	if got := wrong(results); got != "" {
		t.Errorf("found %s", got)
	}
	given["GetUserId"] = "ResourceNotFoundException!USER not found."
	given["ListUsers"] = `{"Users":[{"UserId":"other"},{"UserId":"` + labtest.AnalystID + `","ExternalIds":[{"Issuer":"https://scim.example.com/","Id":"00uAnalystEXAMPLE"}]}]}`
	results, _ = looked(t, given, subject)
	if r := one(t, results, "center.user"); r.Status != finding.OK {
		t.Errorf("%s: %s", r.Status, r.Seen)
	}
	given["ListUsers"] = "AccessDeniedException!no"
	results, _ = looked(t, given, subject)
	if r := one(t, results, "center.user.unread"); len(r.Missing) != 1 || r.Missing[0] != "identitystore:ListUsers" {
		t.Errorf("%+v", r)
	}
}

// Who may not list the issuers is told what is certain, and not that there is none.
func TestIssuersNotListed(t *testing.T) {
	given := good()
	given["DescribeTrustedTokenIssuer"] = strings.ReplaceAll(given["DescribeTrustedTokenIssuer"], issuerURL, "https://other.example.com")
	results, _ := looked(t, given)
	if got := wrong(results); got != "center.no-issuer" {
		t.Errorf("found %s", got)
	}
	given["ListTrustedTokenIssuers"] = "AccessDeniedException!no"
	results, _ = looked(t, given)
	r := one(t, results, "center.issuer-not-authorized")
	if !strings.Contains(r.Seen, "sso:ListTrustedTokenIssuers is not allowed") || !strings.Contains(r.Fixes[0].Does, "if there is one already") {
		t.Errorf("%+v", r)
	}
}

// Another claim is proposed if it finds a user, or if that may not be asked: then as such.
func TestOtherClaim(t *testing.T) {
	for name, c := range map[string]struct{ user, want string }{
		"found":   {good()["GetUserId"], "claim email and the attribute emails.value; have the"},
		"nobody":  {"ResourceNotFoundException!no user", "have the"},
		"refused": {"AccessDeniedException!not authorized", "which may not be read; have the"},
	} {
		t.Run(name, func(t *testing.T) {
			given := good()
			given["DescribeTrustedTokenIssuer"] = strings.Replace(given["DescribeTrustedTokenIssuer"], `"ClaimAttributePath":"email"`, `"ClaimAttributePath":"upn"`, 1)
			given["GetUserId"] = c.user
			results, _ := looked(t, given)
			var does []string
			for _, fix := range one(t, results, "center.claim-missing").Fixes {
				does = append(does, fix.Does)
				if strings.Contains(fix.Command, "update-trusted-token-issuer") != (name == "found") && fix.Who == finding.CenterAdmin {
					t.Errorf("%+v", fix)
				}
			}
			if got := strings.Join(does, "; "); !strings.Contains(got, c.want) || name == "nobody" && len(does) > 1 {
				t.Error(got)
			}
		})
	}
}
