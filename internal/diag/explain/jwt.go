package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// longestForSTS is the most that STS takes as a WebIdentityToken, in characters
// (STS API: AssumeRoleWithWebIdentity).
const longestForSTS = 20000

var (
	compact = lazyregexp.New(`^eyJ[A-Za-z0-9_=+/-]*(\.[A-Za-z0-9_=+/-]*){1,4}$`)
	within  = lazyregexp.New(`eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*`)
)

// explainToken knows a JWT that stands alone.
func explainToken(text string, k Knowledge) []Explanation {
	token := text
	for _, prefix := range []string{"authorization:", "bearer "} {
		if len(token) > len(prefix) && strings.EqualFold(token[:len(prefix)], prefix) {
			token = strings.TrimSpace(token[len(prefix):])
		}
	}
	token = strings.Join(strings.Fields(token), "") // a terminal has broken the line
	if !compact().MatchString(token) {
		return nil
	}
	e := aboutToken(token, k.Now)
	if token != text {
		e.Verdicts = append(e.Verdicts, Verdict{By: "everybody", Problem: true,
			Says: "what is handed over must be the JWT alone: without Bearer in front, spaces or line breaks, which stand in this text"})
	}
	return []Explanation{e}
}

// explainWithin finds a JWT inside another text, such as a log or an address.
func explainWithin(text string, k Knowledge) []Explanation {
	token := within().FindString(text)
	if token == "" {
		return nil
	}
	e := aboutToken(token, k.Now)
	e.Title += ", found within the text"
	return []Explanation{e}
}

// broken is a JWT that is none.
func broken(means string) Explanation {
	return Explanation{
		Kind: JWT, ID: "jwt.broken", Title: "a JWT that cannot be decoded", Means: means, Source: "RFC 7519 section 7.2",
		Verdicts: []Verdict{
			{By: "STS", Problem: true, Says: "refuses it: InvalidIdentityToken"},
			{By: "Identity Center", Problem: true, Says: "refuses it: InvalidGrantException"},
		},
		Causes: []Cause{
			{Why: "it was cut off when it was copied, or a program has wrapped it"},
			{Why: "it is another kind of token, which only its issuer can read"},
			{Why: "it was encoded twice", Check: "token.form"},
		},
	}
}

func aboutToken(token string, now time.Time) Explanation {
	parts := strings.Split(token, ".")
	switch {
	case len(parts) == 5:
		e := broken("It has five parts: a JWT that is encrypted (JWE, RFC 7516). Only whom it was made for can read it; AWS cannot.")
		e.ID, e.Title = "jwt.encrypted", "an encrypted JWT"
		e.Causes = []Cause{{Why: "the identity provider is set to encrypt the ID tokens of this application: switch it off", Check: "token.form"}}
		return e
	case len(parts) != 3:
		return broken(fmt.Sprintf("It has %s, and a signed JWT has three: header, claims and signature.", plural(len(parts), "part", "parts")))
	}
	header, err := object(parts[0])
	if err != nil {
		return broken("Its header " + err.Error() + ".")
	}
	claims, err := object(parts[1])
	if err != nil {
		return broken("Its claims " + err.Error() + ".")
	}
	return aboutClaims(&jwt{header: header, claims: claims, size: len(token), signed: parts[2] != "", now: now})
}

// object decodes a part of a JWT.
func object(part string) (map[string]any, error) {
	text, err := decoded(part)
	if err != nil {
		return nil, errors.New("is not base64url")
	}
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o); err != nil || o == nil {
		return nil, errors.New("is no JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something behind its JSON object")
	}
	return o, nil
}

// decoded is lenient: what AWS makes of padding is not what was asked.
func decoded(part string) ([]byte, error) {
	part = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(part, "="))
	return base64.RawURLEncoding.DecodeString(part)
}

// jwt is a decoded token.
type jwt struct {
	header, claims map[string]any
	size           int // 0 if only its claims are known
	signed         bool
	now            time.Time
}

func aboutClaims(t *jwt) Explanation {
	e := Explanation{
		Kind: JWT, ID: "jwt." + t.use(), Title: t.title(), Means: t.means(), Facts: t.facts(), Verdicts: t.verdicts(),
		Source: "IAM guide: OIDC federation; IAM Identity Center guide: trusted token issuers",
	}
	if t.size > 0 {
		e.Means += " Its signature was not verified: that takes the keys of its issuer."
		e.Causes = []Cause{{Why: "to have it verified against its issuer and your configuration", Check: "token.signature", Command: "tip-cli diag -j - < FILE-WITH-THE-JWT"}}
	}
	return e
}

// text is a claim that is a string, or "".
func (t *jwt) text(name string) string {
	s, _ := t.claims[name].(string)
	return s
}

func (t *jwt) has(name string) bool {
	_, ok := t.claims[name]
	return ok
}

// audience is aud as a list, without what is no string.
func (t *jwt) audience() []string {
	switch aud := t.claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var all []string
		for _, one := range aud {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

const (
	useCenter  = "identity-center"
	useAccess  = "access-token"
	useID      = "id-token"
	useRefresh = "refresh-token"
	useMachine = "machine-token"
)

// use tells what kind of token it is, by what providers put into theirs.
func (t *jwt) use() string {
	typ, _ := t.header["typ"].(string)
	own := strings.ToLower(t.text("typ")) // Keycloak
	switch {
	case t.has("sts:identity_context"), t.has("sts:audit_context"), strings.HasPrefix(t.text("iss"), "https://identitycenter.amazonaws.com/"):
		return useCenter
	case own == "refresh" || own == "offline":
		return useRefresh
	case t.text("iss") == "https://token.actions.githubusercontent.com", t.has("kubernetes.io"), t.has("namespace_path"):
		return useMachine
	case t.text("token_use") == "access", strings.EqualFold(typ, "at+jwt"), strings.EqualFold(typ, "application/at+jwt"), own == "bearer":
		return useAccess
	case t.text("token_use") == "id", own == "id":
		return useID
	case t.has("scp"), t.has("cid"), t.has("scope") && !t.has("nonce") && !t.has("at_hash"):
		return useAccess
	}
	return useID
}

func (t *jwt) title() string {
	titles := map[string]string{
		useCenter: "an ID token that Identity Center has issued", useAccess: "an access token of an identity provider (a JWT)",
		useRefresh: "a refresh token (a JWT)", useMachine: "a token of a machine and not of a person (a JWT)", useID: "an ID token of an identity provider (a JWT)",
	}
	if t.size == 0 {
		return "the claims of " + titles[t.use()]
	}
	return titles[t.use()]
}

func (t *jwt) means() string {
	switch t.use() {
	case useCenter:
		return "It is what CreateTokenWithIAM answers. Its sts:identity_context goes to AssumeRole as ProvidedContexts and makes the session one on behalf of the user; the token itself goes nowhere."
	case useAccess:
		return "It is meant for an API. As the assertion of the exchange it does only if its audience and claims are those that were set up; tip-cli sends the ID token."
	case useRefresh:
		return "Only the identity provider that has issued it takes it. Keep it secret: it lasts."
	case useMachine:
		return "It stands for a workload. STS may take it, but Identity Center maps tokens to people, and there is none behind it."
	}
	return "It says who has signed in. STS takes it for the application role, as often as it is valid, and Identity Center once, for an identity context."
}

// claimWords say claims in words, in the order in which they are shown.
var claimWords = []struct{ name, means string }{
	{"iss", "who issued it; must be, character by character, the URL of the OIDC provider in IAM and of the trusted token issuer"},
	{"sub", "whom it is about, as the issuer calls them"},
	{"aud", "whom it is for: the client id; both IAM's provider and the application's grant must list it"},
	{"azp", "the client that asked for it; where it stands, STS takes it in place of aud"},
	{"client_id", "the client that asked for it"},
	{"cid", "the client that asked for it (Okta)"},
	{"appid", "the client that asked for it (Entra ID, version 1)"},
	{"exp", "valid until"}, {"iat", "issued at"}, {"nbf", "not valid before"}, {"auth_time", "signed in at"},
	{"jti", "its number; Identity Center takes each once"},
	{"uti", "its number in Entra ID, which is not a jti"},
	{"email", "often the claim that is mapped to emails.value"}, {"email_verified", ""},
	{"preferred_username", "often the claim that is mapped to userName"}, {"upn", ""}, {"name", ""}, {"cognito:username", "cannot be mapped: a claim path has letters only"},
	{"tid", "tenant of Entra ID"}, {"ver", ""}, {"token_use", "of Cognito: id or access"}, {"scope", ""}, {"scp", "scopes"},
	{"aws:identity_store_id", "the directory"}, {"aws:identity_store_arn", "the directory"}, {"aws:instance_arn", "the instance of Identity Center"},
	{"aws:application_arn", "the application"}, {"aws:credential_id", "what CloudTrail shows for it"},
}

// hiddenClaims are for AWS alone.
var hiddenClaims = []string{"sts:identity_context", "sts:audit_context"}

func (t *jwt) facts() []Fact {
	var facts []Fact
	for _, name := range []string{"alg", "kid", "typ"} {
		if v, ok := t.header[name]; ok {
			facts = append(facts, Fact{Name: "header " + name, Value: plain(v)})
		}
	}
	known := slices.Clone(hiddenClaims)
	for _, c := range claimWords {
		known = append(known, c.name)
		if v, ok := t.claims[c.name]; ok {
			facts = append(facts, Fact{Name: c.name, Value: t.value(c.name, v), Means: c.means})
		}
	}
	if act, ok := t.claims["act"].(map[string]any); ok {
		known = append(known, "act")
		facts = append(facts, Fact{Name: "act", Value: plain(act["sub"]), Means: "the trusted token issuer that the user came by"})
	}
	for _, name := range hiddenClaims {
		if s, ok := t.claims[name].(string); ok {
			facts = append(facts, Fact{Name: name, Value: plural(len(s), "character", "characters"), Means: "opaque, for AssumeRole; not shown"})
		}
	}
	if rest := t.rest(known); rest != "" {
		facts = append(facts, Fact{Name: "other claims", Value: rest, Means: "nothing here depends on them"})
	}
	return facts
}

// rest names the claims that are not shown.
func (t *jwt) rest(known []string) string {
	var names []string
	for name := range t.claims {
		if !slices.Contains(known, name) {
			names = append(names, clipped(oneLine(name), 60))
		}
	}
	slices.Sort(names)
	const most = 20
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return Redact(strings.Join(names, ", "))
}

func (t *jwt) value(name string, v any) string {
	switch name {
	case "exp", "iat", "nbf", "auth_time":
		if at, ok := moment(v); ok {
			return at.Format(time.RFC3339) + " (" + distance(at, t.now) + ")"
		}
	}
	return plain(v)
}

// plain is a JSON value in one short line.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return clipped(oneLine(v), 200)
	case json.Number:
		return clipped(v.String(), 40)
	case []any:
		const most = 8
		var all []string
		for _, one := range v[:min(most, len(v))] {
			if _, nested := one.([]any); nested {
				return "a list of lists"
			}
			all = append(all, plain(one))
		}
		if len(v) > most {
			all = append(all, fmt.Sprintf("and %d more", len(v)-most))
		}
		return clipped(strings.Join(all, ", "), 400)
	case map[string]any:
		return "an object with " + plural(len(v), "member", "members")
	}
	return fmt.Sprint(v)
}

// moment is a NumericDate of RFC 7519; not ok for what is no time of this world.
func moment(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := n.Float64()
	const endOfTime = 253402300799 // in the year 9999
	if err != nil || seconds < 0 || seconds > endOfTime {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// distance says how far a time is from now.
func distance(at, now time.Time) string {
	d := at.Sub(now).Round(time.Second)
	past := d < 0
	if past {
		d = -d
	}
	text := d.String()
	switch {
	case d >= 48*time.Hour:
		text = fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= time.Hour:
		text = d.Round(time.Minute).String()
		text = strings.TrimSuffix(text, "0s")
	}
	if past {
		return text + " ago"
	}
	return "in " + text
}
