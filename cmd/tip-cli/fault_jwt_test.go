package main

import (
	"slices"
	"testing"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// sent says which JWTs CreateTokenWithIAM got, by the order of their first
// sight: AAB is one twice and then another.
func (m *machine) sent(t *testing.T) string {
	t.Helper()
	var known []string
	text := ""
	for _, jwt := range m.assertions(t) {
		if !slices.Contains(known, jwt) {
			known = append(known, jwt)
		}
		text += string(rune('A' + slices.Index(known, jwt)))
	}
	return text
}

func withoutRefreshToken(w *lab.World) { w.Issuers[0].Clients[0].RefreshToken = false }

const create proxytest.Operation = "CreateTokenWithIAM"

// notSent opens no tunnel to Identity Center: no byte of the JWT leaves.
func notSent(m *machine) { m.Refuse("oidc.") }

func meddling(hook proxytest.Hook) func(*machine) { return func(m *machine) { m.Meddle(hook) } }

// jwtCase is a way in which CreateTokenWithIAM goes wrong.
type jwtCase struct {
	name string
	// fault meddles; before it the ID token is unspent.
	fault func(*machine)
	// code is the exit code, sent what Identity Center got.
	code int
	sent string
	// refreshes is how often the identity provider was asked.
	refreshes int
}

// A JWT works once, and an answer that does not come leaves it in doubt. With a
// refresh token a fresh one settles that. (docs/decisions/0008)
var withRefreshToken = []jwtCase{
	{"throttled", meddling(proxytest.Strike(proxytest.Throttled, create, 1)), 0, "AA", 0},
	{"throttled in the service's words", meddling(proxytest.Deny(create, 1, 400, "SlowDownException", "Rate exceeded")), 0, "AA", 0},
	{"throttled by whatever stands before it", meddling(proxytest.Strike(proxytest.TooManyRequests, create, 1)), 0, "AA", 0},
	{"lost before the service has it", meddling(proxytest.Strike(proxytest.Reset, create, 1)), 0, "AB", 1},
	{"lost after the service has spent it", meddling(proxytest.Lose(proxytest.Reset, create, 1)), 0, "AB", 1},
	{"cut off after the service has spent it", meddling(proxytest.Lose(proxytest.Truncated, create, 1)), 0, "AB", 1},
	{"500 after the service has spent it", meddling(proxytest.Lose(proxytest.ServerError, create, 1)), 0, "AB", 1},
	{"a page after the service has spent it", meddling(proxytest.Lose(proxytest.HTML, create, 1)), 0, "AB", 1},
	{"spent by somebody else", func(m *machine) {
		m.Meddle(proxytest.Deny(create, 1, 400, "InvalidGrantException", "Invalid grant"))
	}, 0, "AB", 1},
}

// Without one the same JWT is sent once more. Only the refusal of a spent one
// then leads to a sign-in.
var withNoRefreshToken = []jwtCase{
	{"throttled", meddling(proxytest.Strike(proxytest.Throttled, create, 1)), 0, "AA", 0},
	{"lost before the service has it", meddling(proxytest.Strike(proxytest.Reset, create, 1)), 0, "AA", 0},
	{"lost after the service has spent it", meddling(proxytest.Lose(proxytest.Reset, create, 1)), 3, "AA", 0},
	{"cut off after the service has spent it", meddling(proxytest.Lose(proxytest.Truncated, create, 1)), 3, "AA", 0},
	{"a page after the service has spent it", meddling(proxytest.Lose(proxytest.HTML, create, 1)), 3, "AA", 0},
	{"lost twice", meddling(proxytest.Strike(proxytest.Reset, create, 2)), 6, "AA", 0},
	{"500 for good", meddling(proxytest.Strike(proxytest.ServerError, create, proxytest.Always)), 6, "AA", 0},
}

func TestAJWTInDoubt(t *testing.T) {
	long(t)
	t.Parallel()
	var rows []row
	for _, c := range withRefreshToken {
		rows = append(rows, row{"with a refresh token, " + c.name, func(t *testing.T) { c.check(t, ready(t)) }})
	}
	for _, c := range withNoRefreshToken {
		rows = append(rows, row{"without a refresh token, " + c.name, func(t *testing.T) { c.check(t, ready(t, withoutRefreshToken)) }})
	}
	together(t, 8, rows)
}

func (c jwtCase) check(t *testing.T, m *machine) {
	c.fault(m)
	m.check(t, m.run(t, credentials), c.code)
	if got := m.sent(t); got != c.sent {
		t.Errorf("Identity Center got the JWTs %s, want %s", got, c.sent)
	}
	if n := m.times(proxytest.Token); n != c.refreshes {
		t.Errorf("%d refreshes, want %d", n, c.refreshes)
	}
}

// A JWT of which no byte was written, or that was throttled to the end, is as
// good as new: the next run exchanges it without a refresh.
func TestAJWTThatStaysUnspent(t *testing.T) {
	long(t)
	t.Parallel()
	rows := []row{}
	for name, fault := range map[string]func(*machine){
		"not sent":  notSent,
		"throttled": meddling(proxytest.Strike(proxytest.Throttled, create, proxytest.Always)),
	} {
		rows = append(rows, row{name, func(t *testing.T) {
			for _, edits := range [][]func(*lab.World){nil, {withoutRefreshToken}} {
				m := ready(t, edits...)
				fault(m)
				m.check(t, m.run(t, credentials), 6)
				m.Meddle(nil)
				m.Refuse("")
				m.Forget()
				m.check(t, m.run(t, credentials), 0)
				if m.sent(t) != "A" || m.times(proxytest.Token) != 0 {
					t.Errorf("afterwards %v", m.Seen())
				}
			}
		}})
	}
	together(t, 4, rows)
}

// A JWT that was in doubt is never sent again by a later run that has a refresh token.
func TestAJWTInDoubtIsNotSentLater(t *testing.T) {
	long(t)
	t.Parallel()
	m := ready(t)
	m.Meddle(proxytest.Lose(proxytest.ServerError, create, proxytest.Always))
	m.check(t, m.run(t, credentials), 6)
	before := m.assertions(t)
	m.Meddle(nil)
	m.Forget()
	m.check(t, m.run(t, credentials), 0)
	for _, jwt := range m.assertions(t) {
		if slices.Contains(before, jwt) {
			t.Error("a JWT that may be spent was sent again")
		}
	}
}
