package diagnosis_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	stolenClient = "0oaOtherEXAMPLE"
	// refreshless comes of planted tokens, which stand alone.
	refreshless = "idp.no-refresh-token"
)

// browse has a browser sign the analyst in when the bench runs tip-cli auth.
func (b *bench) browse() {
	b.environ = append(b.environ, fmt.Sprintf(`BROWSER="%s" sign-in --as analyst %%s`, filepath.Join(programs, "tip-lab")))
}

// stored changes what is stored of the sign-in.
func (b *bench) stored(change func(*store.IDPToken)) {
	b.Helper()
	st := store.New(b.state, func(o *store.Options) { o.Keyring = nil })
	held, err := st.LoadIDPToken(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	change(&held)
	if err := st.SaveIDPToken(context.Background(), held); err != nil {
		b.Fatal(err)
	}
}

// plant stores a JWT in the place of the sign-in's, without a refresh token.
func (b *bench) plant(jwt string) {
	b.Helper()
	b.stored(func(t *store.IDPToken) {
		*t = store.IDPToken{Token: secret.New(jwt), ObtainedAt: time.Now(), Fingerprint: t.Fingerprint}
	})
	b.browse()
}

// held has the stored ID token be another one; the refresh token is kept.
func (b *bench) held(edit func(*lab.IDToken)) {
	b.Helper()
	b.stored(func(t *store.IDPToken) { t.Token = secret.New(labtest.IDToken(b, b.Lab, labtest.Analyst, edit)) })
}

// planted is a mistake with an ID token of the provider that is not as it should be.
func planted(id, name, what string, edit func(*lab.IDToken)) mistake {
	return mistake{
		id: id, name: name, what: what, culprit: "idp_token.json", also: []string{refreshless},
		make: func(b *bench) { b.plant(labtest.IDToken(b, b.Lab, labtest.Analyst, edit)) },
	}
}

// written is one with text that nobody would sign.
func written(id, name, what string, jwt func(signed string) string) mistake {
	m := planted(id, name, what, unchanged)
	m.make = func(b *bench) { b.plant(jwt(labtest.IDToken(b, b.Lab, labtest.Analyst))) }
	return m
}

// atProvider says that the first fix is for the provider's administrators, who have the
// next token right.
func (m mistake) atProvider(says string) mistake {
	m.says, m.mend = says, func(b *bench) { b.signIn("analyst") }
	return m
}

func (m mistake) at(culprit string) mistake {
	m.culprit = culprit
	return m
}

func unchanged(*lab.IDToken) {}

func claim(name string, value any) func(*lab.IDToken) {
	return func(o *lab.IDToken) { o.Claims = map[string]any{name: value} }
}

func algorithm(name string) func(*lab.IDToken) {
	return func(o *lab.IDToken) { o.Algorithm = name }
}

func ago(issued, lifetime time.Duration) func(*lab.IDToken) {
	return func(o *lab.IDToken) {
		o.IssuedAt = time.Now().Add(-issued)
		o.Expires = o.IssuedAt.Add(lifetime)
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func tokenMistakes() []mistake {
	return slices.Concat(storedMistakes(), formMistakes(), claimMistakes())
}

func storedMistakes() []mistake {
	return []mistake{
		{
			id: "token.no-token", what: "nobody has signed in", stranger: true, culprit: "idp_token.json",
			make: func(b *bench) { b.browse() },
		},
		{
			id: "token.other-configuration", what: "the identity provider was configured anew after the sign-in", culprit: "idp_token.json",
			make: func(b *bench) {
				b.must("tip-cli", "configure", "idp", "--provider", "oidc", "--config",
					text(b, map[string]any{"oidc_issuer": oktaIssuer, "oidc_client_id": labtest.ClientID}))
				b.browse()
			},
		},
		planted("token.spent", "", "a JWT that was exchanged is to be used again, and there is no refresh token", unchanged).spent(),
		planted("token.expired", "", "the JWT has expired, and there is no refresh token", ago(2*time.Hour, time.Hour)),
		planted("token.too-old", "", "the JWT is valid for a week, and three days old", ago(72*time.Hour, 7*24*time.Hour)),
		planted("token.issued-in-future", "", "the provider's clock is ahead", ago(-time.Hour, 2*time.Hour)),
		planted("token.not-yet-valid", "", "the JWT is for later", claim("nbf", time.Now().Add(time.Hour).Unix())),
	}
}

func (m mistake) spent() mistake {
	plant := m.make
	m.make = func(b *bench) {
		plant(b)
		b.stored(func(t *store.IDPToken) { *t = t.MarkSpent(time.Now()) })
	}
	return m
}

func formMistakes() []mistake {
	return []mistake{
		written("token.malformed", "", "something else than a JWT was stored", func(string) string { return "opaque-access-token" }),
		written("token.encrypted", "", "the provider encrypts its ID tokens", func(string) string { return "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d" }),
		planted("token.too-long", "", "the groups of a person fill the token", claim("groups", strings.Repeat("group ", 5000))).wide(),
		planted("token.not-rs256", "", "the provider signs with ES256", algorithm("ES256")).atProvider("RS256"),
		planted("token.unsigned", "", "the token has alg none", algorithm("none")),
		planted("token.bad-signature", "", "somebody else signed the token", func(o *lab.IDToken) { o.ForeignKey = true }),
		planted("token.unknown-key", "", "the provider rotated its keys after the sign-in", unchanged).rotated(),
	}
}

// wide is for a token that no lab would sign: it is put together here.
func (m mistake) wide() mistake {
	m.make = func(b *bench) {
		parts := strings.Split(labtest.IDToken(b, b.Lab, labtest.Analyst), ".")
		b.plant(parts[0] + "." + encoded(`{"groups":"`+strings.Repeat("group ", 5000)+`"}`) + "." + parts[2])
	}
	return m
}

func (m mistake) rotated() mistake {
	plant := m.make
	m.make = func(b *bench) {
		plant(b)
		if err := b.Lab.RotateKeysNow(labtest.Okta); err != nil {
			b.Fatal(err)
		}
	}
	return m
}

func claimMistakes() []mistake {
	access := planted("token.access-token", "", "an access token of Cognito is sent in the place of the ID token", func(o *lab.IDToken) {
		o.Claims = map[string]any{"aud": nil, "token_use": "access", "client_id": labtest.ClientID}
	})
	return []mistake{
		planted("token.other-issuer", "slash", "the issuer of the token ends in a slash", claim("iss", oktaIssuer+"/")),
		planted("token.other-audience", "", "the token is for another client", func(o *lab.IDToken) { o.Audience = []string{stolenClient} }),
		planted("token.other-party", "", "the token was issued to another client for this one", claim("azp", stolenClient)),
		planted("token.missing-claim", "", "the provider leaves iat out", claim("iat", nil)).at("iat").atProvider("claims"),
		planted("token.bad-claim", "", "exp is a text", claim("exp", "tomorrow")).at("exp").atProvider("exp"),
		access,
		written("token.other-kind", "", "a logout token is sent in the place of the ID token", func(jwt string) string {
			parts := strings.Split(jwt, ".")
			return encoded(`{"alg":"RS256","typ":"logout+jwt"}`) + "." + parts[1] + "." + parts[2]
		}),
	}
}

// A JWT of -j is diagnosed in the place of the stored one, which is left alone.
func TestGivenJWT(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	if d := b.diag("-j", labtest.IDToken(t, b.Lab, labtest.Analyst)); d.code != 0 || d.String() != "" {
		t.Errorf("a good one: exit code %d\n%s", d.code, d)
	}
	d := b.diag("-j", labtest.IDToken(t, b.Lab, labtest.Analyst, ago(2*time.Hour, time.Hour)))
	found := d.with("fail", "warn")
	if len(found) != 1 || found[0].ID != "token.expired" || found[0].Culprit != "-j" {
		t.Errorf("an expired one:\n%s", d)
	}
}

// hostileJWTs are texts that somebody may paste, and what diag must say of them.
func hostileJWTs() map[string]struct{ text, id, seen string } {
	const canary = "CANARY7531"
	jwt := func(header, payload string) string {
		return encoded(header) + "." + encoded(payload) + "." + encoded(canary)
	}
	const rs256 = `{"alg":"RS256"}`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	return map[string]struct{ text, id, seen string }{
		"1 MB":           {strings.Repeat(canary, 100_000), "token.too-long", "20000"},
		"1 MB of dots":   {strings.Repeat(".", 1<<20), "token.too-long", "20000"},
		"1 MB of JSON":   {jwt(rs256, `{"a":"`+strings.Repeat("A", 1<<20)+`"}`)[:1<<20], "token.too-long", "20000"},
		"nested":         {jwt(`{"alg":"RS256","cty":"JWT"}`, canary), "token.encrypted", "another JWT"},
		"encrypted":      {strings.Repeat(canary+".", 4) + "x", "token.encrypted", "five parts"},
		"bad base64":     {encoded(rs256) + ".~~" + canary + "." + canary, "token.malformed", "base64url"},
		"no JSON":        {jwt(rs256, canary), "token.malformed", "not JSON"},
		"huge numbers":   {jwt(rs256, `{"iss":"`+oktaIssuer+`","sub":"`+canary+`","aud":"`+labtest.ClientID+`","iat":`+now+`,"exp":1e400}`), "token.bad-claim", "1e400"},
		"many digits":    {jwt(rs256, `{"iss":"`+oktaIssuer+`","sub":"subject","aud":"`+labtest.ClientID+`","iat":`+now+`,"exp":`+strings.Repeat("9", 9000)+`}`), "token.bad-claim", "9000 characters"},
		"a member twice": {jwt(rs256, `{"iss":"`+canary+`","iss":"b"}`), "token.malformed", "twice"},
		"null":           {jwt("null", "null"), "token.malformed", "no object"},
		"deep":           {jwt(rs256, strings.Repeat("[", 6000)+strings.Repeat("]", 6000)), "token.malformed", "nested"},
		"binary":         {"\xff\xfe" + canary, "token.malformed", "UTF-8"},
		"escapes":        {"\x1b]0;" + canary + "\a", "token.malformed", "control character"},
	}
}

// Whatever is pasted gets one clear line, soon, and is not repeated anywhere.
func TestHostileJWTs(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	usual := timed(func() { b.diag() })
	page := filepath.Join(b.home, "page.html")
	for name, test := range hostileJWTs() {
		t.Run(name, func(t *testing.T) {
			b.write("jwt", test.text)
			var r outcome
			took := timed(func() {
				r = b.run("/bin/sh", "-c", "tip-cli diag --output json --html '"+page+"' --profile center --app-profile app -j - <jwt")
			})
			if r.code != 1 || strings.Contains(r.stderr, "panic") {
				t.Fatalf("exit code %d\n%.2000s", r.code, r.stderr)
			}
			if took > usual+time.Second {
				t.Errorf("it took %s, and usually %s", took, usual)
			}
			var d diagnosis
			if err := json.Unmarshal([]byte(r.stdout), &d); err != nil {
				t.Fatal(err)
			}
			found := slices.DeleteFunc(d.with("fail", "warn"), func(f found) bool { return f.Section != "token" || f.ID == "token.bad-signature" })
			if len(found) != 1 || found[0].ID != test.id || !strings.Contains(found[0].Seen, test.seen) || len(found[0].Seen) > 300 {
				t.Errorf("found %+v, want %s with %q", found, test.id, test.seen)
			}
			html, err := os.ReadFile(page)
			if err != nil {
				t.Log(err) // the page may not be written by this version
			}
			if strings.Contains(r.stdout+r.stderr+string(html), "CANARY") {
				t.Error("the text is repeated")
			}
		})
	}
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}
