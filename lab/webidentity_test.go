package lab_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
)

const noKey = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"

func invalidToken(message string) answer { return answer{400, "InvalidIdentityToken", message} }

func notAuthorized() answer {
	return answer{403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
}

// trusting is a trust policy for the Okta-like issuer under a condition, with further actions.
func trusting(condition any, actions ...any) map[string]any {
	s := statement("Allow", append([]any{"sts:AssumeRoleWithWebIdentity"}, actions...), "Principal", map[string]any{"Federated": provider})
	if condition != nil {
		s["Condition"] = condition
	}
	return policyOf(s)
}

func equals(key string, values ...any) map[string]any {
	return map[string]any{"StringEquals": map[string]any{strings.TrimPrefix(okta, "https://") + ":" + key: values}}
}

// audiences are those of a token.
func audiences(list ...string) func(*lab.IDToken) {
	return func(o *lab.IDToken) { o.Audience = list }
}

// webIdentityWorld has a role for each trust policy that the tests need.
func webIdentityWorld(w *lab.World) {
	strict(w)
	addRole(w, 1, "any", trusting(nil), nil)
	addRole(w, 1, "sub", trusting(equals("sub", "00uAnalystEXAMPLE")), nil)
	addRole(w, 1, "email", trusting(equals("email", "analyst@example.com")), nil)
	addRole(w, 1, "aud", trusting(equals("aud", "other")), nil)
	addRole(w, 1, "aud-client", trusting(equals("aud", clientID)), nil)
	addRole(w, 1, "provider", trusting(map[string]any{"StringEquals": map[string]any{"aws:FederatedProvider": provider}}), nil)
	addRole(w, 1, "oaud", trusting(equals("oaud", clientID)), nil)
	addRole(w, 1, "amr", trusting(map[string]any{"ForAnyValue:StringEquals": equals("amr", "mfa")["StringEquals"]}), nil)
	addRole(w, 1, "name", trusting(map[string]any{"StringEquals": map[string]any{"sts:RoleSessionName": "session"}}), nil)
	addRole(w, 1, "team", trusting(nil), nil).Path = "/team/"
	addRole(w, 1, "source", trusting(nil, "sts:SetSourceIdentity"), nil)
	addRole(w, 1, "tags", trusting(map[string]any{"StringEquals": map[string]any{"aws:RequestTag/team": "data"}}, "sts:TagSession"), nil)
	addRole(w, 1, "anytags", trusting(nil, "sts:TagSession"), nil)
	addRole(w, 1, "denied", policyOf(
		statement("Allow", "sts:AssumeRoleWithWebIdentity", "Principal", map[string]any{"Federated": provider}),
		statement("Deny", "sts:AssumeRoleWithWebIdentity", "Principal", "*", "Condition", equals("sub", "00uEngineerEXAMPLE"))), nil)
	addRole(w, 1, "elsewhere", policyOf(statement("Allow", "sts:AssumeRoleWithWebIdentity",
		"Principal", map[string]any{"Federated": strings.Replace(provider, "dev-123456789", "dev-987654321", 1)})), nil)
	addRole(w, 1, "long", trusting(nil), nil).MaxSessionDuration = 7200
	// The provider of this role is in the other account.
	addRole(w, 0, "far", policyOf(statement("Allow", "sts:AssumeRoleWithWebIdentity", "Principal", map[string]any{"Federated": provider})), nil)
	w.Accounts[1].OIDCProviders[0].ClientIDs = append(w.Accounts[1].OIDCProviders[0].ClientIDs, "other")
}

func TestWebIdentityToken(t *testing.T) {
	b := start(t, webIdentityWorld)
	now := time.Now()
	id := func(o *lab.IDToken) { *o = lab.IDToken{} }
	alg := func(name string) func(*lab.IDToken) { return func(o *lab.IDToken) { o.Algorithm = name } }
	audience := func(list ...string) func(*lab.IDToken) { return func(o *lab.IDToken) { o.Audience = list } }
	malformed := invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	for name, c := range map[string]struct {
		edit func(*lab.IDToken)
		want answer
	}{
		"good":               {id, answer{}},
		"RS384":              {alg("RS384"), answer{}},
		"RS512":              {alg("RS512"), answer{}},
		"ES256, published":   {alg("ES256"), answer{}},
		"ES512, published":   {alg("ES512"), answer{}},
		"PS256":              {alg("PS256"), invalidToken("The ID Token's signing algorithm PS256 is not supported")},
		"none":               {alg("none"), malformed},
		"HS256":              {alg("HS256"), malformed},
		"foreign key":        {func(o *lab.IDToken) { o.ForeignKey = true }, invalidToken("The ID Token's signature is invalid")},
		"foreign EC key":     {func(o *lab.IDToken) { o.ForeignKey, o.Algorithm = true, "ES384" }, invalidToken("The ID Token's signature is invalid")},
		"unknown kid":        {func(o *lab.IDToken) { o.KeyID = aws.String("unknown") }, invalidToken("The ID Token's signature is invalid")},
		"no kid":             {func(o *lab.IDToken) { o.KeyID = aws.String("") }, answer{}},
		"no iss":             {claims("iss", nil), invalidToken("Missing a required claim: iss")},
		"iss is a number":    {claims("iss", 1), invalidToken("Missing a required claim: iss")},
		"other iss":          {claims("iss", "https://dev-987654321.okta.com"), invalidToken("No OpenIDConnect provider found in your account for https://dev-987654321.okta.com")},
		"iss with a slash":   {claims("iss", okta+"/"), invalidToken("No OpenIDConnect provider found in your account for " + okta + "/")},
		"no aud":             {claims("aud", nil), invalidToken("Missing a required claim: aud")},
		"aud is empty":       {claims("aud", []string{}), invalidToken("Missing a required claim: aud")},
		"aud has a number":   {claims("aud", []any{clientID, 1}), invalidToken("Missing a required claim: aud")},
		"wrong aud":          {claims("aud", "wrong"), invalidToken("Incorrect token audience")},
		"aud list":           {audience("wrong", clientID), answer{}},
		"aud list, none":     {audience("wrong", "false"), invalidToken("Incorrect token audience")},
		"azp instead of aud": {claims("aud", "api://some", "azp", clientID), answer{}},
		"azp unknown":        {claims("azp", "wrong"), invalidToken("Incorrect token audience")},
		"no sub":             {claims("sub", nil), invalidToken("The ID Token's subject must have 6 to 255 characters")},
		"short sub":          {claims("sub", "12345"), invalidToken("The ID Token's subject must have 6 to 255 characters")},
		"longest sub":        {claims("sub", strings.Repeat("s", 255)), answer{}},
		"long sub":           {claims("sub", strings.Repeat("s", 256)), invalidToken("The ID Token's subject must have 6 to 255 characters")},
		"no exp":             {claims("exp", nil), invalidToken("Missing a required claim: exp")},
		"exp with fraction":  {claims("exp", float64(now.Unix())+3600.5), invalidToken("Missing a required claim: exp")},
		"exp as text":        {claims("exp", "4102444800"), invalidToken("Missing a required claim: exp")},
		"no iat":             {claims("iat", nil), invalidToken("Missing a required claim: iat")},
		"no jti":             {claims("jti", nil), answer{}},
		"expired":            {func(o *lab.IDToken) { o.Expires = now.Add(-time.Minute) }, answer{400, "ExpiredTokenException", "Token expired: current date/time ..."}},
		"old but unexpired": {func(o *lab.IDToken) { o.IssuedAt, o.Expires = now.Add(-23*time.Hour), now.Add(time.Hour) },
			answer{}},
		"too old":     {func(o *lab.IDToken) { o.IssuedAt, o.Expires = now.Add(-25*time.Hour), now.Add(time.Hour) }, answer{400, "ExpiredTokenException", "Token too old: 900..."}},
		"nbf past":    {claims("nbf", now.Add(-time.Minute).Unix()), answer{}},
		"nbf future":  {claims("nbf", now.Add(time.Minute).Unix()), invalidToken("The ID Token is not yet valid")},
		"nbf as text": {claims("nbf", "soon"), invalidToken("The ID Token is not yet valid")},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst", c.edit))
			expect(t, c.want, err)
		})
	}
}

func TestWebIdentityTokenText(t *testing.T) {
	b := start(t, webIdentityWorld)
	malformed := invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	good := b.jwt("analyst")
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"opaque":          "2YotnFZFEjr1zCsicMWpAA",
		"two parts":       parts[0] + "." + parts[1],
		"four parts":      good + ".x",
		"empty signature": parts[0] + "." + parts[1] + ".",
		"no base64":       parts[0] + ".%%%." + parts[2],
		"payload no JSON": parts[0] + ".aGVsbG8." + parts[2],
		"payload a list":  parts[0] + ".W10." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.on(t).webIdentity(roleIn(appl, "any"), token)
			want := malformed
			if name == "empty signature" { // a JWS all the same
				want = invalidToken("The ID Token's signature is invalid")
			}
			expect(t, want, err)
		})
	}
	t.Run("changed payload", func(t *testing.T) {
		other := strings.Split(b.jwt("engineer"), ".")
		_, err := b.on(t).webIdentity(roleIn(appl, "any"), parts[0]+"."+other[1]+"."+parts[2])
		expect(t, invalidToken("The ID Token's signature is invalid"), err)
	})
	t.Run("used twice", func(t *testing.T) { // STS does not spend a token
		for range 2 {
			_, err := b.on(t).webIdentity(roleIn(appl, "any"), good)
			expect(t, answer{}, err)
		}
	})
	t.Run("expires while it waits", func(t *testing.T) {
		b := start(t, webIdentityWorld)
		token := b.jwt("analyst")
		b.clock.Advance(time.Hour + time.Second)
		_, err := b.webIdentity(roleIn(appl, "any"), token)
		expect(t, answer{400, "ExpiredTokenException", "Token expired: current date/time ..."}, err)
	})
}

func TestWebIdentityTrust(t *testing.T) {
	b := start(t, webIdentityWorld)
	source, tags := "https://aws.amazon.com/source_identity", "https://aws.amazon.com/tags"
	flat := tags + "/principal_tags/"
	team := func(name string) map[string]any {
		return map[string]any{"principal_tags": map[string]any{"team": []any{name}}}
	}
	many := map[string]any{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = []any{"v"}
	}
	for name, c := range map[string]struct {
		role string
		edit func(*lab.IDToken)
		want answer
	}{
		"no condition":              {"any", claims(), answer{}},
		"path":                      {"team/team", claims(), answer{}},
		"path left out":             {"team", claims(), notAuthorized()},
		"no such role":              {"nobody", claims(), notAuthorized()},
		"provider elsewhere":        {"elsewhere", claims(), notAuthorized()},
		"role for other principals": {"tip-id-enhanced-role", claims(), notAuthorized()},
		"sub":                       {"sub", claims(), answer{}},
		"other sub":                 {"sub", claims("sub", "00uEngineerEXAMPLE"), notAuthorized()},
		"email":                     {"email", claims(), answer{}},
		"no email":                  {"email", claims("email", nil), notAuthorized()},
		"aud":                       {"aud", claims("aud", "other"), answer{}},
		"other aud":                 {"aud", claims(), notAuthorized()},
		"azp as aud":                {"aud", claims("azp", "other"), answer{}},
		"oaud":                      {"oaud", claims("azp", "other"), answer{}},
		"no azp, no oaud":           {"oaud", claims(), notAuthorized()},
		"amr":                       {"amr", claims("amr", []any{"pwd", "mfa"}), answer{}},
		"other amr":                 {"amr", claims(), notAuthorized()},
		"no amr":                    {"amr", claims("amr", nil), notAuthorized()},
		"session name":              {"name", claims(), answer{}},
		"not denied":                {"denied", claims(), answer{}},
		"denied":                    {"denied", claims("sub", "00uEngineerEXAMPLE"), notAuthorized()},
		"source identity":           {"source", claims(source, "analyst"), answer{}},
		"source identity unallowed": {"any", claims(source, "analyst"), notAuthorized()},
		"source identity short":     {"source", claims(source, "a"), invalidToken("The claim " + source + " must have 2 to 64 characters")},
		"source identity number":    {"source", claims(source, 12), invalidToken("The claim " + source + " must have 2 to 64 characters")},
		"tags":                      {"tags", claims(tags, team("data")), answer{}},
		"other tags":                {"tags", claims(tags, team("sales")), notAuthorized()},
		"tags missing":              {"tags", claims(), notAuthorized()},
		"tags unallowed":            {"any", claims(tags, team("data")), notAuthorized()},
		"tags malformed":            {"anytags", claims(tags, "x"), invalidToken("The claim " + tags + " must hold up to 50 principal_tags")},
		"too many tags":             {"anytags", claims(tags, map[string]any{"principal_tags": many}), invalidToken("The claim " + tags + " must hold up to 50 principal_tags")},
		"tag with two values":       {"anytags", claims(tags, map[string]any{"principal_tags": map[string]any{"a": []any{"1", "2"}}}), invalidToken("The claim " + tags + " holds a malformed tag")},
		"system tag":                {"anytags", claims(tags, map[string]any{"principal_tags": map[string]any{"aws:a": []any{"1"}}}), invalidToken("The claim " + tags + " holds a malformed tag")},
		"tag twice in another case": {"anytags", claims(tags, map[string]any{"principal_tags": map[string]any{"a": []any{"1"}, "A": []any{"1"}}}), invalidToken("The claim " + tags + " holds a tag key twice")},
		"flat tag":                  {"tags", claims(flat+"team", "data"), answer{}},
		"flat tag in a list":        {"tags", claims(flat+"team", []any{"data"}), answer{}},
		"other flat tag":            {"tags", claims(flat+"team", "sales"), notAuthorized()},
		"flat tag unallowed":        {"any", claims(flat+"team", "data"), notAuthorized()},
		"flat and nested tags":      {"tags", claims(tags, team("data"), flat+"stage", "prod"), answer{}},
		"flat tag twice":            {"anytags", claims(tags, team("data"), flat+"Team", "data"), invalidToken("The claim " + tags + " holds a tag key twice")},
		"flat tag of two values":    {"anytags", claims(flat+"team", []any{"a", "b"}), invalidToken("The claim " + tags + " holds a malformed tag")},
		"flat tag without key":      {"anytags", claims(flat, "data"), invalidToken("The claim " + tags + " holds a malformed tag")},
		"flat transitive key":       {"tags", claims(flat+"team", "data", tags+"/transitive_tag_keys", []any{"team"}), answer{}},
		"flat transitive unknown":   {"tags", claims(flat+"team", "data", tags+"/transitive_tag_keys", "stage"), invalidToken("The claim " + tags + " names transitive_tag_keys that are no principal_tags")},
		"provider":                  {"provider", claims(), answer{}},
		"two audiences":             {"aud-client", audiences("https://example.com/api", clientID), answer{}},
		"two audiences, not either": {"aud", audiences("https://example.com/api", clientID), notAuthorized()},
		"tag value too long":        {"anytags", claims(tags, map[string]any{"principal_tags": map[string]any{"a": []any{strings.Repeat("v", 257)}}}), invalidToken("The claim " + tags + " holds a malformed tag")},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.webIdentity(roleIn(appl, c.role), b.jwt("analyst", c.edit))
			expect(t, c.want, err)
		})
	}
	t.Run("provider in another account", func(t *testing.T) {
		_, err := b.on(t).webIdentity(roleIn(center, "far"), b.jwt("analyst"))
		expect(t, invalidToken("No OpenIDConnect provider found in your account for "+okta), err)
	})
	t.Run("other session name", func(t *testing.T) {
		_, err := b.on(t).webIdentity(roleIn(appl, "name"), b.jwt("analyst"), func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String("other") })
		expect(t, notAuthorized(), err)
	})
}

func TestWebIdentityParameters(t *testing.T) {
	b := start(t, webIdentityWorld)
	validation := func(message string) answer { return answer{400, "ValidationError", message} }
	seconds := func(n int32) func(*sts.AssumeRoleWithWebIdentityInput) {
		return func(in *sts.AssumeRoleWithWebIdentityInput) { in.DurationSeconds = &n }
	}
	document := func(text string) func(*sts.AssumeRoleWithWebIdentityInput) {
		return func(in *sts.AssumeRoleWithWebIdentityInput) { in.Policy = &text }
	}
	for name, c := range map[string]struct {
		role string
		edit func(*sts.AssumeRoleWithWebIdentityInput)
		want answer
	}{
		"provider id":           {"any", func(in *sts.AssumeRoleWithWebIdentityInput) { in.ProviderId = aws.String("www.amazon.com") }, validation("ProviderId must not be set for OpenID Connect ID tokens.")},
		"shortest":              {"any", seconds(900), answer{}},
		"too short":             {"any", seconds(899), validation("1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")},
		"too long for anything": {"long", seconds(43201), validation("1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")},
		"too long for the role": {"any", seconds(3601), validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")},
		"as long as the role":   {"long", seconds(7200), answer{}},
		"short name":            {"any", func(in *sts.AssumeRoleWithWebIdentityInput) { in.RoleSessionName = aws.String("a") }, validation("1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2")},
		"policy":                {"any", document(`{"Version":"2012-10-17","Statement":[]}`), answer{400, "MalformedPolicyDocument", "*"}},
		"policy no JSON":        {"any", document(`{`), answer{400, "MalformedPolicyDocument", "*"}},
		"policy unknown element": {"any", document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Actions":"*","Resource":"*"}]}`),
			answer{400, "MalformedPolicyDocument", "*"}},
		"policy too long": {"any", document(strings.Repeat(" ", 2049)), validation("1 validation error detected: Value '...")},
		"managed policy": {"any", func(in *sts.AssumeRoleWithWebIdentityInput) {
			in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")}}
		}, answer{404, "NoSuchEntity", "ARN arn:aws:iam::aws:policy/NoSuchPolicy does not exist or is not attachable."}},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.on(t)
			_, err := b.webIdentity(roleIn(appl, c.role), b.jwt("analyst"), c.edit)
			expect(t, c.want, err)
		})
	}
}

func TestWebIdentityAnswer(t *testing.T) {
	b := start(t, webIdentityWorld)
	source := "https://aws.amazon.com/source_identity"
	out, err := b.webIdentity(roleIn(appl, "source"), b.jwt("analyst", claims(source, "analyst")))
	if err != nil {
		t.Fatal(err)
	}
	role, _ := b.lab.State().Role(roleIn(appl, "source"))
	got := []string{*out.Provider, *out.Audience, *out.SubjectFromWebIdentityToken, *out.SourceIdentity, *out.AssumedRoleUser.Arn, *out.AssumedRoleUser.AssumedRoleId}
	want := []string{okta, clientID, "00uAnalystEXAMPLE", "analyst", "arn:aws:sts::444455556666:assumed-role/source/session", role.ID + ":session"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if out.PackedPolicySize != nil {
		t.Error("there is a PackedPolicySize without a session policy")
	}
	if d := time.Until(*out.Credentials.Expiration); d < 59*time.Minute || d > time.Hour {
		t.Errorf("the session lasts %v, want an hour", d)
	}
	if s, _ := b.lab.State().Session(*out.Credentials.AccessKeyId); s.SourceIdentity != "analyst" || s.WebIdentity.Subject != "00uAnalystEXAMPLE" {
		t.Errorf("session %+v", s)
	}
	out, err = b.webIdentity(roleIn(appl, "team/team"), b.jwt("analyst", func(o *lab.IDToken) { o.Audience = []string{"nobody", clientID} }))
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::444455556666:assumed-role/team/session" {
		t.Errorf("%s: the path must be dropped", *out.AssumedRoleUser.Arn)
	}
	if *out.Audience != clientID {
		t.Errorf("Audience %q, want the client id that the provider knows", *out.Audience)
	}
}
