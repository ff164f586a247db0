package token_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/token"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

const (
	issuer   = "https://idp.example.com"
	clientID = "tip-cli-EXAMPLE"
	// canary is in every text that must not be repeated.
	canary = "CANARY7531"
)

// trusting takes any signature.
type trusting struct{}

func (trusting) Verify(secret.Value) error { return nil }

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signed is a JWT with a header and a payload, and a signature that only trusting takes.
func signed(header, payload string) string {
	return part(header) + "." + part(payload) + "." + part("signature "+canary)
}

const rs256 = `{"alg":"RS256","typ":"JWT","kid":"1"}`

// payload are good claims, with members added or replaced by JSON.
func payload(members ...string) string {
	claims := map[string]string{
		"iss": `"` + issuer + `"`, "sub": `"` + canary + `"`, "aud": `"` + clientID + `"`, "jti": `"` + canary + `"`,
		"iat": fmt.Sprint(time.Now().Unix()), "exp": fmt.Sprint(time.Now().Add(time.Hour).Unix()),
	}
	for i := 0; i < len(members); i += 2 {
		claims[members[i]] = members[i+1]
	}
	var all []string
	for name, value := range claims {
		if value != "" {
			all = append(all, fmt.Sprintf("%q:%s", name, value))
		}
	}
	slices.Sort(all)
	return "{" + strings.Join(all, ",") + "}"
}

func given(jwt string) *chain.Chain {
	return &chain.Chain{
		Asked:  chain.Asked{JWT: secret.New(jwt)},
		Login:  config.Login{Issuer: issuer, ClientID: clientID, Keys: config.LoginKeys{ClientID: "oidc_client_id"}, Assertion: config.AssertionIDToken},
		Issuer: &chain.Issuer{URL: issuer, Keys: trusting{}},
	}
}

// bad are the ids of what failed or is to be minded.
func bad(results []finding.Result) []string {
	var ids []string
	for _, r := range results {
		if r.Status == finding.Fail || r.Status == finding.Warn || r.Status == finding.Unknown {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// complete wants every check to have a result, and none to repeat the token.
func complete(t *testing.T, results []finding.Result) {
	t.Helper()
	for _, check := range token.Checks() {
		if !slices.ContainsFunc(results, func(r finding.Result) bool { return r.Check == check.ID }) {
			t.Errorf("%s has no result", check.ID)
		}
	}
	for _, r := range results {
		if strings.Contains(fmt.Sprintf("%+v", r), canary) {
			t.Errorf("%s repeats the token: %+v", r.ID, r)
		}
		if strings.Contains(r.Seen, "\n") || r.Seen == "" {
			t.Errorf("%s: seen is %q", r.ID, r.Seen)
		}
	}
}

func TestJWTs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 1<<20)
	tests := []struct{ name, jwt, id, seen string }{
		{"good", signed(rs256, payload()), "", ""},
		{"list of audiences", signed(rs256, payload("aud", `["other","`+clientID+`"]`, "azp", `"`+clientID+`"`)), "", ""},
		{"empty", " ", "token.malformed", "empty"},
		{"1 MB", long, "token.too-long", "1048576"},
		{"1 MB with dots", long[:1<<19] + "." + long[:1<<19] + ".", "token.too-long", "20000"},
		{"a million dots", strings.Repeat(".", 1<<20), "token.too-long", "20000"},
		{"opaque", canary, "token.malformed", "1 parts"},
		{"two parts", part(rs256) + "." + part(canary), "token.malformed", "2 parts"},
		{"dot behind", signed(rs256, payload()) + ".", "token.malformed", "dot behind"},
		{"empty parts", "..", "token.malformed", "empty"},
		{"JWE", strings.Repeat(part(canary)+".", 4) + "x", "token.encrypted", "five parts"},
		{"nested", signed(`{"alg":"RS256","cty":"JWT"}`, payload()), "token.encrypted", "cty"},
		{"enc", signed(`{"alg":"RS256","enc":"A256GCM"}`, payload()), "token.encrypted", "enc"},
		{"crit", signed(`{"alg":"RS256","crit":["x"]}`, payload()), "token.malformed", "crit"},
		{"b64", part(rs256) + ".*" + canary + "." + part("s"), "token.malformed", "base64url"},
		{"padding", base64.URLEncoding.EncodeToString([]byte(`{"alg":"RS256"}  `)) + "." + part(payload()) + ".AA", "token.malformed", "ordinary base64"},
		{"bad signature part", part(rs256) + "." + part(payload()) + ".A", "token.malformed", "signature"},
		{"no JSON", signed(rs256, canary), "token.malformed", "not JSON"},
		{"JSON and more", signed(rs256, payload()+"{}"), "token.malformed", "not JSON"},
		{"no object", signed(rs256, `["`+canary+`"]`), "token.malformed", "no object"},
		{"null", signed(rs256, `null`), "token.malformed", "no object"},
		{"not UTF-8", signed(rs256, "{\"iss\":\"\xff\"}"), "token.malformed", "UTF-8"},
		{"twice", signed(rs256, `{"iss":"a","iss":"b"}`), "token.malformed", "twice"},
		{"deep", signed(rs256, `{"a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`), "token.malformed", "nested"},
		{"no alg", signed(`{"typ":"JWT"}`, payload()), "token.malformed", "alg"},
		{"alg a list", signed(`{"alg":["RS256"]}`, payload()), "token.malformed", "alg"},
		{"bearer", "Bearer " + signed(rs256, payload()), "token.malformed", "Bearer"},
		{"arn", "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-" + canary, "token.malformed", "ARN"},
		{"path", "/home/" + canary + "/token.jwt", "token.malformed", "path"},
		{"windows path", `C:\` + canary + `\token.jwt`, "token.malformed", "path"},
		{"JSON document", `{"id_token":"` + canary + `"}`, "token.malformed", "id_token"},
		{"quotes", `"` + signed(rs256, payload()) + `"`, "token.malformed", "quote"},
		{"PEM", "-----BEGIN CERTIFICATE-----\n" + canary, "token.malformed", "PEM"},
		{"white space", signed(rs256, payload()) + "\n", "token.malformed", "white space"},
		{"escape", "eyJ\x1b[31m." + canary + ".x", "token.malformed", "control character"},
		{"huge number", signed(rs256, payload("exp", "1e400")), "token.bad-claim", "1e400"},
		{"many digits", signed(rs256, payload("exp", strings.Repeat("9", 5000))), "token.bad-claim", "5000 characters"},
		{"fraction", signed(rs256, payload("iat", "1.5")), "token.bad-claim", "integer"},
		{"negative", signed(rs256, payload("exp", "-1")), "token.bad-claim", "negative"},
		{"exp a text", signed(rs256, payload("exp", `"`+canary+`"`)), "token.bad-claim", "exp is a text"},
		{"exp null", signed(rs256, payload("exp", "null")), "token.bad-claim", "null"},
		{"iss a list", signed(rs256, payload("iss", `["`+canary+`"]`)), "token.bad-claim", "iss is a list"},
		{"sub too short", signed(rs256, payload("sub", `"x"`)), "token.bad-claim", "6 to 255"},
		{"sub too long", signed(rs256, payload("sub", `"`+strings.Repeat("x", 256)+`"`)), "token.bad-claim", "6 to 255"},
		{"jti empty", signed(rs256, payload("jti", `""`)), "", ""},
		{"session claims", signed(rs256, payload("https://aws.amazon.com/source_identity", `"me"`, "https://aws.amazon.com/tags", `{"principal_tags":{"a":["b"],"c":"d"},"transitive_tag_keys":["a"]}`, "https://aws.amazon.com/tags/principal_tags/e", `["f"]`)), "", ""},
		{"source identity", signed(rs256, payload("https://aws.amazon.com/source_identity", `"x"`)), "token.bad-claim", "2 to 64"},
		{"source identity a number", signed(rs256, payload("https://aws.amazon.com/source_identity", `7`)), "token.bad-claim", "a number"},
		{"tags empty", signed(rs256, payload("https://aws.amazon.com/tags", `{}`)), "token.bad-claim", "principal_tags"},
		{"tags a text", signed(rs256, payload("https://aws.amazon.com/tags", `"`+canary+`"`)), "token.bad-claim", "principal_tags"},
		{"tag of two", signed(rs256, payload("https://aws.amazon.com/tags", `{"principal_tags":{"a":["`+canary+`","c"]}}`)), "token.bad-claim", "a tag"},
		{"tag twice", signed(rs256, payload("https://aws.amazon.com/tags", `{"principal_tags":{"a":"b","A":"b"}}`)), "token.bad-claim", "each once"},
		{"tag of aws", signed(rs256, payload("https://aws.amazon.com/tags/principal_tags/AWS:x", `"b"`)), "token.bad-claim", "aws:"},
		{"transitive", signed(rs256, payload("https://aws.amazon.com/tags/transitive_tag_keys", `["a"]`)), "token.bad-claim", "transitive"},
		{"sub empty", signed(rs256, payload("sub", `""`)), "token.bad-claim", "empty"},
		{"aud an object", signed(rs256, payload("aud", `{"a":1}`)), "token.bad-claim", "aud is an object"},
		{"aud with a number", signed(rs256, payload("aud", `["a",1]`)), "token.bad-claim", "aud is a list"},
		{"aud empty", signed(rs256, payload("aud", `[]`)), "token.bad-claim", "an empty list"},
		{"nbf true", signed(rs256, payload("nbf", `true`)), "token.bad-claim", "nbf is true"},
		{"jti a number", signed(rs256, payload("jti", `7`)), "token.bad-claim", "jti is a number"},
		{"no exp", signed(rs256, payload("exp", "")), "token.missing-claim", "missing: exp"},
		{"none", signed(`{"alg":"none"}`, payload()), "token.unsigned", "none"},
		{"HS256", signed(`{"alg":"HS256"}`, payload()), "token.not-rs256", "both refuse"},
		{"ES256", signed(`{"alg":"ES256"}`, payload()), "token.not-rs256", "STS takes it"},
		{"slash", signed(rs256, payload("iss", `"`+issuer+`/"`)), "token.other-issuer", "trailing slash"},
		{"azp", signed(rs256, payload("azp", `"other"`)), "token.other-party", `azp is "other"`},
		{"Entra version 1", signed(rs256, payload("ver", `"1.0"`, "appid", `"x"`)), "token.access-token", "version 1.0"},
		{"at+jwt", signed(`{"alg":"RS256","typ":"at+jwt"}`, payload()), "token.access-token", "access token"},
		{"Cognito", signed(rs256, payload("token_use", `"access"`, "aud", "")), "token.access-token", "Cognito"},
		{"dpop", signed(`{"alg":"RS256","typ":"dpop+jwt"}`, payload()), "token.other-kind", "dpop"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			results := token.Run(t.Context(), given(test.jwt))
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
			complete(t, results)
			var want []string
			if test.id != "" {
				want = []string{test.id}
			}
			if diff := cmp.Diff(want, bad(results)); diff != "" {
				t.Errorf("(-want +got)\n%s%+v", diff, results)
			}
			for _, r := range results {
				if r.ID == test.id && !strings.Contains(r.Seen, test.seen) {
					t.Errorf("seen is %q, without %q", r.Seen, test.seen)
				}
			}
		})
	}
}

// What is stored is judged by what happens to it: with a refresh token nobody sends what
// has expired or was exchanged.
func TestStored(t *testing.T) {
	t.Parallel()
	expired := signed(rs256, payload("exp", fmt.Sprint(time.Now().Add(-time.Minute).Unix())))
	good := signed(rs256, payload())
	spent := store.IDPToken{Token: secret.New(good)}.MarkSpent(time.Now())
	with := func(t store.IDPToken) store.IDPToken {
		t.RefreshToken = secret.New(canary)
		return t
	}
	for name, test := range map[string]struct {
		held store.IDPToken
		want []string
	}{
		"good":                 {store.IDPToken{Token: secret.New(good)}, nil},
		"expired":              {store.IDPToken{Token: secret.New(expired)}, []string{"token.expired"}},
		"expired, refreshable": {with(store.IDPToken{Token: secret.New(expired)}), nil},
		"spent":                {spent, []string{"token.spent"}},
		"spent, refreshable":   {with(spent), nil},
		"refresh token only":   {with(store.IDPToken{}), nil},
		"other configuration":  {store.IDPToken{Token: secret.New(good), Fingerprint: "another"}, []string{"token.other-configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := given("")
			c.Store = store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
			if err := c.Store.SaveIDPToken(t.Context(), test.held); err != nil {
				t.Fatal(err)
			}
			results := token.Run(t.Context(), c)
			complete(t, results)
			if diff := cmp.Diff(test.want, bad(results)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A JWT of -j that was exchanged from here is recognized.
func TestGivenWasSpent(t *testing.T) {
	t.Parallel()
	jwt := signed(rs256, payload())
	c := given(jwt)
	c.Store = store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
	if err := c.Store.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New(jwt), RefreshToken: secret.New("r")}.MarkSpent(time.Now())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"token.spent"}, bad(token.Run(t.Context(), c))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A token file is read, and nothing is run for a token command.
func TestTokenSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) config.Config {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Config{TokenFile: path}
	}
	spent := signed(rs256, payload("jti", `"spent"`))
	for name, test := range map[string]struct {
		config config.Config
		want   []string
	}{
		"JWT":           {file("jwt", signed(rs256, payload())+"\n"), nil},
		"JSON document": {file("json", `{"id_token":"`+signed(rs256, payload())+`"}`), nil},
		"expired":       {file("expired", signed(rs256, payload("exp", "1"))), []string{"token.expired"}},
		"garbage":       {file("garbage", canary), []string{"token.malformed"}},
		"spent":         {file("spent", spent), []string{"token.spent"}},
		"no file":       {config.Config{TokenFile: filepath.Join(dir, "none")}, []string{"token.no-token"}},
		"command":       {config.Config{TokenCommand: []string{"false"}}, nil},
	} {
		c := given("")
		c.Config = test.config
		c.Store = store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil })
		if err := c.Store.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New(spent)}.MarkSpent(time.Now())); err != nil {
			t.Fatal(err)
		}
		results := token.Run(t.Context(), c)
		complete(t, results)
		if diff := cmp.Diff(test.want, bad(results)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// What cannot be looked at is unknown or left out, and never ok.
func TestNothingToLookAt(t *testing.T) {
	t.Parallel()
	nowhere := given("")
	nowhere.StoreErr = errors.New("no home")
	keyless := given(signed(rs256, payload()))
	keyless.Issuer = nil
	foreign := given(signed(rs256, payload("iss", `"https://other.example.com"`, "aud", `"other"`)))
	foreign.Asked.ApplicationARN = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-other"
	foreign.Issuer = &chain.Issuer{URL: "https://other.example.com", Keys: trusting{}}
	for name, test := range map[string]struct {
		c    *chain.Chain
		want []string
	}{
		"no state directory":        {nowhere, []string{"token.present.unread"}},
		"no keys":                   {keyless, []string{"token.signature.unread"}},
		"for another application":   {foreign, nil},
		"not configured":            {&chain.Chain{LoginErr: errors.New("none"), Store: store.New(t.TempDir()), Failed: []string{"local.not-configured"}}, nil},
		"no configuration, nothing": {&chain.Chain{LoginErr: errors.New("none"), Store: store.New(t.TempDir())}, []string{"token.no-token"}},
	} {
		results := token.Run(t.Context(), test.c)
		complete(t, results)
		if diff := cmp.Diff(test.want, bad(results)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func FuzzRun(f *testing.F) {
	for _, seed := range []string{signed(rs256, payload()), "", "..", "a.b.c", signed(rs256, `{"exp":1e400,"aud":[null],"azp":{}}`), signed("null", "[]"), "Bearer x"} {
		f.Add(seed)
	}
	empty := store.New(f.TempDir())
	f.Fuzz(func(t *testing.T, jwt string) {
		c := given(jwt)
		c.Store = empty
		results := token.Run(t.Context(), c)
		for _, check := range token.Checks() {
			if !slices.ContainsFunc(results, func(r finding.Result) bool { return r.Check == check.ID }) {
				t.Errorf("%s has no result", check.ID)
			}
		}
	})
}

// The claims themselves are fuzzed apart: hardly a random text is a JWT.
func FuzzClaims(f *testing.F) {
	f.Add(rs256, payload())
	f.Add(`{"alg":"RS256","typ":7,"kid":[]}`, `{"iss":null,"aud":[[]],"exp":-1,"iat":"x","azp":1,"nbf":{},"ver":1,"appid":[],"token_use":2}`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		results := token.Run(t.Context(), given(signed(header, claims)))
		for _, r := range results {
			if r.Seen == "" {
				t.Errorf("%s says nothing", r.ID)
			}
		}
	})
}
