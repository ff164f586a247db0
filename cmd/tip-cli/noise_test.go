package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// noise is no text of AWS or of an identity provider.
const noise = "qx vorpal 7731 mimsy; zzz"

// textMembers are where services put words for people.
var (
	textMembers = []string{"message", "Message", "error_description", "errorSummary"}
	textElement = regexp.MustCompile(`<(Message|message)>[^<]*</`)
)

// drown puts noise in the place of every text of an error. Codes and statuses stay.
func drown(a *proxytest.Answer) {
	drownRedirect(a.Header)
	if a.Status < 400 {
		return
	}
	var members map[string]any
	if json.Unmarshal(a.Body, &members) != nil {
		a.Body = textElement.ReplaceAll(a.Body, []byte("<${1}>"+noise+"</"))
		return
	}
	for _, name := range textMembers {
		if _, there := members[name]; there {
			members[name] = noise
		}
	}
	a.Body, _ = json.Marshal(members) // it was JSON
}

// drownRedirect does so where an identity provider answers through the browser.
func drownRedirect(h http.Header) {
	location, err := url.Parse(h.Get("Location"))
	if err != nil || !location.Query().Has("error_description") {
		return
	}
	q := location.Query()
	q.Set("error_description", noise)
	location.RawQuery = q.Encode()
	h.Set("Location", location.String())
}

// situation is a way to be refused.
type situation struct {
	name string
	// edits change the world.
	edits []func(*lab.World)
	// spent is whether the ID token was exchanged before.
	spent bool
	// before comes last before the command.
	before func(*testing.T, *machine)
	// hook answers in place of the lab, nil for the lab itself.
	hook func() proxytest.Hook
	// args of the command, credentials if nil.
	args []string
	code int
	// unclear is asked only where the words are not understood: AWS has no other way to
	// tell a denial by IAM from a missing grant, which another account may have.
	unclear proxytest.Operation
}

func edited(names ...string) []func(*lab.World) {
	var all []func(*lab.World)
	for _, name := range names {
		all = append(all, edits[name])
	}
	return all
}

func world(change func(*lab.World)) []func(*lab.World) { return []func(*lab.World){change} }

func denying(o proxytest.Operation, status int, code, text string) func() proxytest.Hook {
	return func() proxytest.Hook { return proxytest.Deny(o, proxytest.Always, status, code, text) }
}

// answering answers the token endpoint as OAuth 2.0 says.
func answering(status int, code, text string) func() proxytest.Hook {
	return func() proxytest.Hook {
		return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
			if proxytest.Of(r) != proxytest.Token {
				forward(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, text)
		}
	}
}

// turnedAway answers at the page where people sign in, through their browser.
func turnedAway() proxytest.Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != proxytest.Authorize {
			forward(w, r)
			return
		}
		q := r.URL.Query()
		back := url.Values{"error": {"access_denied"}, "error_description": {"You are not assigned to this application."}, "state": {q.Get("state")}, "iss": {issuer}}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	}
}

// unspend forgets that the ID token was exchanged, as the original may do.
func unspend(t *testing.T, m *machine) {
	t.Helper()
	m.plain(t, func(held *store.IDPToken) { held.RequiresRefresh = false })
}

// refuseRefresh replaces the refresh token by one that nobody has given out.
func refuseRefresh(t *testing.T, m *machine) {
	t.Helper()
	m.plain(t, func(held *store.IDPToken) { held.RefreshToken = secret.New("refresh-token-of-long-ago") })
}

// plain changes the tokens and stores them as the original does.
func (m *machine) plain(t *testing.T, change func(*store.IDPToken)) {
	t.Helper()
	held, err := m.tokens()
	if err != nil {
		t.Fatal(err)
	}
	change(&held)
	if err := m.writePlain(held.Token, held.RefreshToken, held.RequiresRefresh); err != nil {
		t.Fatal(err)
	}
}

func configured(text string) func(*testing.T, *machine) {
	return func(t *testing.T, m *machine) {
		t.Helper()
		m.must(t, []string{"configure", "idp", "--config", text})
	}
}

// foreignSession spoils the role session in a way that only AWS notices.
func foreignSession(t *testing.T, m *machine) {
	t.Helper()
	m.must(t, credentials)
	if err := m.edit(store.RoleFile, func(f map[string]any) { f["session_token"] = "of another machine" }); err != nil {
		t.Fatal(err)
	}
}

// situations are refusals that nothing but a code tells apart.
var situations = []situation{
	{name: "no trust", edits: edited("no-trust"), code: 4},
	{name: "no OIDC provider", edits: edited("no-oidc-provider"), code: 5},
	{name: "no actor policy", edits: edited("no-actor"), code: 4},
	{name: "no sts:SetContext", edits: edited("no-set-context"), code: 4},
	{name: "no user", edits: edited("no-user"), code: 4},
	{name: "unassigned user", edits: edited("assignment"), code: 4},
	{name: "disabled user", edits: world(func(w *lab.World) { w.IdentityCenter[0].Users[0].Disabled = true }), code: 4},
	{name: "another audience", edits: world(func(w *lab.World) {
		w.IdentityCenter[0].Applications[0].JWTBearer[0].Audiences = []string{"somebody else"}
	}), code: 4},
	{name: "no jwt-bearer grant", edits: world(func(w *lab.World) { w.IdentityCenter[0].Applications[0].JWTBearer = nil }), code: 5},
	{name: "another region", before: configured(`{"identity_center_region": "us-east-1"}`), code: 5},
	{name: "another application", before: configured(`{"token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-ffffffffffffffff"}`), code: 5},
	{name: "another role", before: configured(`{"id_enhanced_role_arn": "arn:aws:iam::444455556666:role/nobody"}`), code: 4},
	{name: "spent JWT", spent: true, before: unspend, code: 0},
	{name: "spent JWT and no refresh token", edits: world(withoutRefreshToken), spent: true, before: unspend, code: 3},
	{name: "refused refresh token", spent: true, before: refuseRefresh, code: 3},
	{name: "refresh by an unknown client", spent: true, hook: answering(http.StatusUnauthorized, "invalid_client", "The client is unknown."), code: 5},
	{name: "refresh grant not enabled", spent: true, hook: answering(http.StatusBadRequest, "unauthorized_client", "The client may not use refresh_token."), code: 5},
	{name: "identity provider overloaded", spent: true, hook: answering(http.StatusServiceUnavailable, "temporarily_unavailable", "Try later."), code: 6},
	{name: "turned away at sign-in", hook: turnedAway, args: signInCommand, code: 4},
	{name: "keys out of reach", hook: denying("AssumeRoleWithWebIdentity", 400, "InvalidIdentityToken",
		"Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"), code: 5},
	{name: "provider out of reach", hook: denying("AssumeRoleWithWebIdentity", 400, "IDPCommunicationError", "The identity provider did not answer"), code: 6},
	{name: "JWT too old for STS", hook: denying("AssumeRoleWithWebIdentity", 400, "ExpiredTokenException", "Token too old: 441398"), code: anyCode},
	{name: "throttled at STS", hook: denying("AssumeRole", 400, "Throttling", "Rate exceeded"), code: 6},
	{name: "throttled at Identity Center", hook: denying("CreateTokenWithIAM", 400, "SlowDownException", "Rate exceeded"), code: 6},
	{name: "role chaining", hook: denying("AssumeRole", 400, "ValidationError",
		"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."), code: 5},
	{name: "no grant", args: []string{"s3ag", "get-data-access", "s3://tip-demo-data/pipelines/"}, code: 4},
	{name: "no policy for grants", edits: edited("no-policy"), args: dataAccess, code: 4, unclear: "GetAccessGrantsInstanceForPrefix"},
	{name: "no Access Grants instance", edits: edited("no-instance"), args: dataAccess, code: 5},
	{name: "location role denied", hook: denying("GetDataAccess", 403, "StsNotAuthorizedError", "Not authorized"), args: dataAccess, code: 4},
	{name: "throttled at Access Grants", hook: denying("GetDataAccess", 503, "SlowDown", "Please reduce your request rate."), args: dataAccess, code: 6},
	{name: "session that AWS does not know", before: foreignSession, args: dataAccess, code: anyCode},
}

// anyCode is for what no document settles: noise must not change it.
const anyCode = -1

// decided is what came of a situation.
type decided struct {
	Code int
	Seen []proxytest.Operation
}

// Nothing is decided by the words of an error: with noise in their place, exit
// codes and requests are the same.
func TestNoise(t *testing.T) {
	long(t)
	t.Parallel()
	var rows []row
	for _, s := range situations {
		rows = append(rows, row{s.name, func(t *testing.T) {
			m := placed(t, s.edits...)
			clear, drowned := s.decide(t, m, false), s.decide(t, m.neighbour(t), true)
			if s.unclear != "" {
				drowned.Seen = slices.DeleteFunc(drowned.Seen, func(o proxytest.Operation) bool { return o == s.unclear })
			}
			if diff := cmp.Diff(clear, drowned); diff != "" {
				t.Errorf("noise changes it (-text +noise):\n%s", diff)
			}
			if clear.Code != s.code && s.code != anyCode {
				t.Errorf("exit code %d, want %d; seen %v", clear.Code, s.code, clear.Seen)
			}
		}})
	}
	together(t, 6, rows)
}

func (s situation) decide(t *testing.T, m *machine, drowned bool) decided {
	args := s.args
	if args == nil {
		args = credentials
	}
	m.signIn(t)
	if s.spent {
		m.spend(t)
	}
	if s.before != nil {
		s.before(t, m)
	}
	m.Forget()
	var hook proxytest.Hook
	if s.hook != nil {
		hook = s.hook()
	}
	if drowned {
		hook = proxytest.Rewrite(hook, drown)
	}
	m.Meddle(hook)
	o := m.run(t, args)
	m.check(t, o, o.code)
	return decided{Code: o.code, Seen: m.Seen()}
}

// The noise itself: what it leaves alone and what it drowns.
func TestDrown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{200, `{"message":"hello"}`, `{"message":"hello"}`},
		{400, `{"error":"invalid_grant","error_description":"why"}`, `{"error":"invalid_grant","error_description":"` + noise + `"}`},
		{403, `{"Message":"User: x is not authorized"}`, `{"Message":"` + noise + `"}`},
		{403, `<Error><Code>AccessDenied</Code><Message>You do not</Message></Error>`, `<Error><Code>AccessDenied</Code><Message>` + noise + `</Message></Error>`},
	} {
		a := proxytest.Answer{Status: c.status, Header: http.Header{}, Body: []byte(c.body)}
		drown(&a)
		if diff := cmp.Diff(c.want, string(a.Body)); diff != "" {
			t.Error(diff)
		}
	}
	h := http.Header{"Location": {"http://localhost:8090/callback?error=access_denied&error_description=why&state=s"}}
	drownRedirect(h)
	if u, err := url.Parse(h.Get("Location")); err != nil || u.Query().Get("error_description") != noise || u.Query().Get("state") != "s" {
		t.Errorf("%v: %s", err, h.Get("Location"))
	}
}
