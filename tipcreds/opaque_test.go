package tipcreds_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// opaque is a value as AWS makes them: long, base64, with a known beginning.
func opaque(t *testing.T, size int) string {
	t.Helper()
	raw := make([]byte, size)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	return ("IQoJb3JpZ2luX2VjE" + base64.StdEncoding.EncodeToString(raw))[:size]
}

// fullSTSAnswer is a whole answer, with elements that older SDKs do not know.
func fullSTSAnswer(op, arn, token string, expires time.Time) string {
	return fmt.Sprintf(`<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <%[1]sResult>
    <SubjectFromWebIdentityToken>00u1a2b3c4d5e6f7g8h9</SubjectFromWebIdentityToken>
    <Audience>0oa1a2b3c4d5e6f7g8h9</Audience>
    <AssumedRoleUser>
      <Arn>%[2]s</Arn>
      <AssumedRoleId>AROAEXAMPLEID12345678:s</AssumedRoleId>
    </AssumedRoleUser>
    <SessionTokenSize>1400</SessionTokenSize>
    <SessionTokenUtilization>34</SessionTokenUtilization>
    <Unknown><Nested>1</Nested></Unknown>
    <Credentials>
      <AccessKeyId>%[3]s</AccessKeyId>
      <SecretAccessKey>%[4]s</SecretAccessKey>
      <SessionToken>%[5]s</SessionToken>
      <Expiration>%[6]s</Expiration>
    </Credentials>
    <Provider>https://dev-123456789.okta.com/oauth2/default</Provider>
    <PackedPolicySize>6</PackedPolicySize>
  </%[1]sResult>
  <ResponseMetadata>
    <RequestId>6b4e3cd9-0f5c-4b5e-8f8c-0a4b2d8b7f11</RequestId>
  </ResponseMetadata>
</%[1]sResponse>
`, op, arn, enhancedKey, enhancedPlain, token, expires.Format(time.RFC3339))
}

func body(status int, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// es384 is a JWT signed with a key that nobody publishes.
func es384(t *testing.T, claims map[string]any) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding
	input := b64.EncodeToString([]byte(`{"alg":"ES384","kid":"key-9","typ":"JWT"}`)) + "." + b64.EncodeToString(payload)
	digest := sha512.Sum384([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...))
}

// identityCenterClaims are the claims of Identity Center's ID token.
func identityCenterClaims(identityContext string) map[string]any {
	return map[string]any{
		"iss": "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", "sub": userID,
		"aud": "ZXhhbXBsZS1jbGllbnQtaWQ", "sts:identity_context": identityContext, "sts:audit_context": "AQoJb3JpZ2luX2VjEaudit",
		"aws:identity_store_id": "d-1234567890", "aws:identity_store_arn": storeARN,
		"aws:instance_arn": instanceARN, "aws:instance_account": "111122223333", "aws:application_arn": application,
		"aws:credential_id": "credential-1", "auth_time": "2026-01-01T00:00:00Z",
		"act": map[string]any{"sub": "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-1"},
		"iat": 1767225600, "exp": 1767229200,
	}
}

// TestOpaqueValues: what AWS gives is long, and signed by whom and how it likes.
func TestOpaqueValues(t *testing.T) {
	identity := opaque(t, 2048)
	claims := identityCenterClaims(identity)
	details := map[string]any{"identityContext": identity}
	tests := []struct {
		name     string
		idToken  any // nil: absent
		details  any
		wantUser string
	}{
		{"both", es384(t, claims), details, userID},
		{"context in the ID token only", es384(t, claims), nil, userID},
		{"RS256 by name", idToken(claims), nil, userID},
		{"no ID token", nil, details, ""},
		{"encrypted ID token", "eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXY.Y2lwaGVy.dGFn", details, ""},
		{"ID token with null claims", idToken(map[string]any{"sub": nil, "sts:identity_context": nil}), details, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.token["awsAdditionalDetails"], f.token["idToken"] = tt.details, tt.idToken
			f.token["accessToken"], f.token["refreshToken"] = opaque(t, 1500), opaque(t, 1600)
			application, enhanced := opaque(t, 1400), opaque(t, 1400)
			f.on(webIdentityCall, body(200, "text/xml", fullSTSAnswer(webIdentityCall, assumedRoleARN, application, f.expires)))
			f.on(assumeRoleCall, body(200, "text/xml", fullSTSAnswer(assumeRoleCall, assumedRoleARN, enhanced, f.expires)))
			s, err := f.provider(t).Exchange(t.Context(), webToken)
			if err != nil {
				t.Fatal(err)
			}
			calls := f.seen()
			got := []string{
				onWire(calls[1]).Token, onWire(calls[2]).Token, calls[2].Form.Get("ProvidedContexts.member.1.ContextAssertion"),
				s.Credentials.SessionToken, s.UserID, s.ApplicationRefreshToken, s.AssumedRoleARN,
			}
			want := []string{application, application, identity, enhanced, tt.wantUser, f.token["refreshToken"].(string), assumedRoleARN}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestContextTooLong: STS refuses more than 2,048 characters. It is asked, and its
// refusal names the length instead of the context.
func TestContextTooLong(t *testing.T) {
	identity := opaque(t, 2049)
	quoted := "1 validation error detected: Value '" + identity + "' at 'providedContexts.1.member.contextAssertion' " +
		"failed to satisfy constraint: Member must have length less than or equal to 2048"
	for _, text := range []string{quoted, "noise"} {
		f := newFakeAWS(t)
		f.token["awsAdditionalDetails"] = map[string]any{"identityContext": identity}
		f.on(assumeRoleCall, stsError(400, "ValidationError", text))
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		e := exchangeError(t, err)
		const want = "the identity context has 2049 characters, STS takes 2048"
		if e.Step != tipcreds.StepAssumeAccessRole || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), identity[:20]) {
			t.Errorf("step %s: %v", e.Step, err)
		}
		if !strings.Contains(e.Hint(), "support") || !e.JWTSpent || e.InDoubt {
			t.Errorf("spent %v, in doubt %v, hint %q", e.JWTSpent, e.InDoubt, e.Hint())
		}
	}
}

// TestTruncatedAnywhere cuts the good answers at every fifth byte: there is an error, or
// credentials that are whole, and never a panic or a part of a token.
func TestTruncatedAnywhere(t *testing.T) {
	const session = "IQoJb3JpZ2luX2VjEwhole"
	expires := time.Now().Add(time.Hour)
	whole := map[string]string{
		webIdentityCall: fullSTSAnswer(webIdentityCall, assumedRoleARN, session, expires),
		assumeRoleCall:  fullSTSAnswer(assumeRoleCall, assumedRoleARN, session, expires),
	}
	token, err := json.Marshal(tokenAnswer())
	if err != nil {
		t.Fatal(err)
	}
	whole[createTokenCall] = string(token)
	for op, text := range whole {
		f := newFakeAWS(t)
		for cut := 0; cut < len(text); cut += 5 {
			f.on(op, slices.Repeat([]http.HandlerFunc{body(200, "", text[:cut])}, 3)...) // some are asked again
			p := f.provider(t)
			s, err := p.Exchange(t.Context(), webToken)
			if err != nil {
				if e := exchangeError(t, err); op == createTokenCall && (!e.JWTSpent || !e.InDoubt) {
					t.Errorf("%s cut at %d: spent %v, in doubt %v: %v", op, cut, e.JWTSpent, e.InDoubt, err)
				}
				continue
			}
			if op == assumeRoleCall && s.Credentials.SessionToken != session || op == createTokenCall {
				t.Errorf("%s cut at %d is believed", op, cut)
			}
			if last := f.seen()[len(f.seen())-1]; op == webIdentityCall && onWire(last).Token != session {
				t.Errorf("%s cut at %d: signed with %q", op, cut, onWire(last).Token)
			}
		}
	}
}

// TestEndlessAnswer: an answer without end is given up.
func TestEndlessAnswer(t *testing.T) {
	chunk := strings.Repeat(" ", 1<<16)
	endless := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}
	}
	for _, status := range []int{200, 400} {
		f := newFakeAWS(t)
		f.on(createTokenCall, endless(status))
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		if e := exchangeError(t, err); !strings.Contains(err.Error(), tipcreds.ErrAnswerTooLong.Error()) || !e.InDoubt {
			t.Errorf("HTTP %d: in doubt %v: %v", status, e.InDoubt, err)
		}
	}
}
