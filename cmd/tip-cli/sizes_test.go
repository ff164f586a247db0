package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// opaque is a value of n characters as AWS makes them: base64 with what needs
// escaping in forms, headers and XML.
func opaque(prefix string, n int) string {
	const alphabet = "AZaz09+/"
	return prefix + strings.Repeat(alphabet, n/len(alphabet)+1)[:n-len(prefix)-2] + "=="
}

// giant is AWS with the largest values that its models admit, none of which the
// lab could make: the whole exchange and GetDataAccess, without the lab.
type giant struct {
	// web and enhanced are session tokens, context is the identity context.
	web, enhanced, context string
	// idToken is Identity Center's, details whether awsAdditionalDetails is there.
	idToken string
	details bool
	mu      sync.Mutex
	// problems are what the client got wrong.
	problems []string
}

func (g *giant) serve(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	switch proxytest.Of(r) {
	case "AssumeRoleWithWebIdentity":
		g.session(w, "AssumeRoleWithWebIdentity", "tip-oidc-role/tip-cli", g.web)
	case "CreateTokenWithIAM":
		g.expect("the session token of CreateTokenWithIAM", r.Header.Get("X-Amz-Security-Token"), g.web)
		g.token(w)
	case "AssumeRole":
		g.expect("the session token of AssumeRole", r.Header.Get("X-Amz-Security-Token"), g.web)
		form := formIn(r)
		g.expect("the context assertion", form.Get("ProvidedContexts.member.1.ContextAssertion"), g.context)
		g.expect("the session name", form.Get("RoleSessionName"), "tip-"+analystID)
		g.session(w, "AssumeRole", "tip-id-enhanced-role/tip-"+analystID, g.enhanced)
	case "GetDataAccess":
		g.expect("the session token of GetDataAccess", r.Header.Get("X-Amz-Security-Token"), g.enhanced)
		w.Header().Set("Content-Type", "application/xml")
		_, _ = fmt.Fprintf(w, "<GetDataAccessResult>%s<MatchedGrantTarget>s3://tip-demo-data/reports/*</MatchedGrantTarget></GetDataAccessResult>", keys(g.enhanced))
	default:
		forward(w, r)
	}
}

// formIn reads a form that nobody else will read.
func formIn(r *http.Request) url.Values {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body)) // what is missing shows in the comparison
	return form
}

func (g *giant) expect(what, got, want string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if got != want {
		g.problems = append(g.problems, fmt.Sprintf("%s has %d characters, want %d", what, len(got), len(want)))
	}
}

func keys(token string) string {
	return fmt.Sprintf("<Credentials><AccessKeyId>ASIAGIANTEXAMPLE0001</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>",
		opaque("secret", 40), token, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// session answers as STS does, with members that are newer than any SDK.
func (g *giant) session(w http.ResponseWriter, operation, who, token string) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <%[1]sResult>
    <AssumedRoleUser>
      <AssumedRoleId>AROAEXAMPLEID12345678:session</AssumedRoleId>
      <Arn>arn:aws:sts::444455556666:assumed-role/%[2]s</Arn>
    </AssumedRoleUser>
    %[3]s
    <SessionTokenSize>%[4]d</SessionTokenSize><SessionTokenUtilization>99</SessionTokenUtilization>
  </%[1]sResult>
  <ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>
</%[1]sResponse>`, operation, who, keys(token), len(token))
}

func (g *giant) token(w http.ResponseWriter) {
	answer := map[string]any{
		"accessToken": opaque("aoa", 1500), "tokenType": "Bearer", "expiresIn": 3600, "idToken": g.idToken,
		"issuedTokenType": "urn:ietf:params:oauth:token-type:access_token", "scope": []string{"openid", "aws", "sts:identity_context"},
	}
	if g.details {
		answer["awsAdditionalDetails"] = map[string]any{"identityContext": g.context}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// signed is an ID token of Identity Center with a header and a signature that
// nobody can check.
func signed(header, context string) string {
	claims := map[string]any{
		"iss": "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", "sub": analystID, "aud": "aBcDeFgHiJkLmNoPqRsTuV",
		"sts:identity_context": context, "sts:audit_context": opaque("AQoJb3JpZ2luX2Vj", 700),
		"auth_time": "2026-01-01T00:00:00Z", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"act": map[string]any{"sub": "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-00000000-0000-4000-8000-000000000000"},
	}
	text, _ := json.Marshal(claims) // strings and numbers
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(text) + "." + encode([]byte(strings.Repeat("s", 96)))
}

func TestSizes(t *testing.T) {
	long(t)
	t.Parallel()
	context := opaque("AQoJb3JpZ2luX2Vj", 2048)
	var rows []row
	for name, header := range map[string]string{
		"RS256": `{"alg":"RS256","kid":"unpublished"}`, "ES384": `{"alg":"ES384","kid":"unpublished","typ":"JWT"}`,
		"PS512": `{"alg":"PS512"}`, "an algorithm nobody knows": `{"alg":"ML-DSA-65","kid":"k"}`,
	} {
		for _, details := range []bool{true, false} {
			g := &giant{
				web: opaque("IQoJb3JpZ2luX2Vj", 1300), enhanced: opaque("IQoJb3JpZ2luX2Vj", 4096),
				context: context, idToken: signed(header, context), details: details,
			}
			rows = append(rows, row{fmt.Sprintf("%s, awsAdditionalDetails %v", name, details), func(t *testing.T) { g.exchange(t) }})
		}
	}
	together(t, 4, rows)
}

func (g *giant) exchange(t *testing.T) {
	m := ready(t)
	m.Meddle(g.serve)
	for _, args := range [][]string{credentials, credentials, dataAccess, dataAccess} {
		var printed struct{ SessionToken string }
		if err := json.Unmarshal([]byte(m.must(t, args).stdout), &printed); err != nil {
			t.Fatal(err)
		}
		g.expect("the session token printed", printed.SessionToken, g.enhanced)
	}
	for _, problem := range g.problems {
		t.Error(problem)
	}
	if n := len(m.exchanged()); n != 4 {
		t.Errorf("not one exchange and one question: %v", m.exchanged())
	}
}

// The awsAdditionalDetails of the lab's own answer are taken away, and an error
// in their place is none of the client's.
func TestAdditionalDetails(t *testing.T) {
	long(t)
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"absent":        func(a map[string]any) { delete(a, "awsAdditionalDetails") },
		"null":          func(a map[string]any) { a["awsAdditionalDetails"] = nil },
		"empty":         func(a map[string]any) { a["awsAdditionalDetails"] = map[string]any{} },
		"more than now": func(a map[string]any) { a["awsFutureDetails"] = map[string]any{"x": []int{1}} },
		"no ID token":   func(a map[string]any) { delete(a, "idToken") },
	} {
		t.Run(name, func(t *testing.T) {
			m := ready(t)
			m.Meddle(proxytest.Rewrite(nil, changeMembers("CreateTokenWithIAM", change)))
			m.must(t, credentials)
		})
	}
}

// changeMembers changes the JSON answers of an operation.
func changeMembers(o proxytest.Operation, change func(map[string]any)) func(*proxytest.Answer) {
	return func(a *proxytest.Answer) {
		var members map[string]any
		if a.Operation != o || json.Unmarshal(a.Body, &members) != nil {
			return
		}
		change(members)
		a.Body, _ = json.Marshal(members) // it was JSON
	}
}

// Neither place has the context: an error, and no credentials.
func TestNoContextAnywhere(t *testing.T) {
	t.Parallel()
	m := ready(t)
	g := &giant{web: opaque("IQoJb3JpZ2luX2Vj", 1300), idToken: signed(`{"alg":"RS256"}`, "")}
	m.Meddle(g.serve)
	o := m.run(t, credentials)
	m.check(t, o, o.code)
	if o.code == 0 {
		t.Error("credentials without a context")
	}
}

// ID tokens of the identity provider are as large as its groups make them; STS
// takes 20,000 characters.
func TestLargeIDToken(t *testing.T) {
	long(t)
	t.Parallel()
	var groups []any
	for i := range 300 {
		groups = append(groups, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	m := mainPath(t, "", func(w *lab.World) { w.Issuers[0].People[0].Claims["groups"] = groups })
	for value, name := range m.Secrets() {
		if name == "id_token" && len(value) < 12_000 {
			t.Errorf("the ID token has %d characters", len(value))
		}
		if name == "SessionToken" && len(value) < 1_000 {
			t.Errorf("the lab's session token has %d characters", len(value))
		}
	}
}
