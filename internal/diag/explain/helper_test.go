package explain_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/explain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var knowledge = explain.Knowledge{Now: now, Checks: []finding.Check{{
	ID: "center.assignment", Title: "assignment to the application", Why: "Without it there is no token.",
	Kinds: []finding.Kind{{ID: "center.not-assigned", Status: finding.Fail, Title: "the user is not assigned", Why: "CreateTokenWithIAM answers AccessDeniedException."}},
}}}

// token is a JWT with a signature that fits nothing.
func token(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	part := func(o map[string]any) string {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(header) + "." + part(claims) + "." + signature
}

const signature = "c2lnbmF0dXJlLXRoYXQtaXMtYS1zZWNyZXQtMTIzNDU2Nzg5MA"

// with is a copy of claims with some of them changed; nil takes one away.
func with(claims, changes map[string]any) map[string]any {
	all := map[string]any{}
	for _, from := range []map[string]any{claims, changes} {
		for name, v := range from {
			if all[name] = v; v == nil {
				delete(all, name)
			}
		}
	}
	return all
}

var good = map[string]any{
	"iss": "https://dev-123456789.okta.com/oauth2/default", "sub": "00u1", "aud": "0oa1", "exp": now.Unix() + 3600, "iat": now.Unix(), "jti": "ID.1",
	"email": "analyst@example.com", "nonce": "n-secret-nonce",
}

var rs256 = map[string]any{"alg": "RS256", "kid": "k1"}

// one explains a text that has one explanation.
func one(t *testing.T, text string) explain.Explanation {
	t.Helper()
	all, err := explain.Text(text, knowledge)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %d explanations of %.100q", err, len(all), text)
	}
	return all[0]
}

// fact is the value of a fact, "" if it is not there.
func fact(e explain.Explanation, name string) string {
	for _, f := range e.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}
