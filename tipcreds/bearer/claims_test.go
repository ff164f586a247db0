package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// signText signs a payload as it is.
func signText(tb testing.TB, payload string) string {
	tb.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: signingKey(), KeyID: "key-1"}}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		tb.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// TestClaimCase: a claim whose name differs in case from one that decides does not
// stand for it, and neither does it beside it.
func TestClaimCase(t *testing.T) {
	exp, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	whole := fmt.Sprintf(`"iss":%q,"sub":"mallory","aud":%q,"exp":%d`, issuer, audience, exp)
	tests := []struct {
		name, payload string
		status        int
	}{
		{"nothing else", whole, 200},
		{"other claims", whole + `,"SUBJECT":"alice","Groups":["a"],"ISS_":1,"":""`, 200},
		{"sub in capitals behind", whole + `,"SUB":"alice"`, 401},
		{"sub in capitals before", `"SUB":"alice",` + whole, 401},
		{"sub in capitals alone", strings.Replace(whole, `"sub"`, `"SUB"`, 1), 401},
		{"sub with a long s", whole + `,"ſub":"alice"`, 401},
		{"sub in an escape", whole + `,"\u0053ub":"alice"`, 401},
		{"iss", strings.Replace(whole, issuer, "https://liar.example.com", 1) + `,"Iss":"` + issuer + `"`, 401},
		{"aud", strings.Replace(whole, audience, "another", 1) + `,"AUD":"` + audience + `"`, 401},
		{"exp", strings.Replace(whole, fmt.Sprint(exp), fmt.Sprint(past), 1) + fmt.Sprintf(`,"EXP":%d`, exp), 401},
		{"nbf", fmt.Sprintf(`%s,"nbf":%d,"NBF":%d`, whole, exp, past), 401},
		{"iat", whole + `,"Iat":1`, 401},
		{"nonce", whole + `,"Nonce":"n"`, 401},
		{"at_hash", whole + `,"AT_hash":"n"`, 401},
		{"at_hash with a long s", whole + `,"at_haſh":"n"`, 401},
	}
	for verifier, v := range map[string]bearer.Verifier{"one issuer": staticVerifier(), "issuers": bearer.Issuers{issuer: staticVerifier()}} {
		for _, tt := range tests {
			t.Run(verifier+", "+tt.name, func(t *testing.T) {
				got := seen(t, get(protected(t, fakePool(t, &clients{}), v, who), "Bearer "+signText(t, "{"+tt.payload+"}")))
				if got.Status != tt.status || got.Status == 200 && !strings.HasPrefix(got.Body, "mallory ") || got.Status != 200 && got.Challenge != invalid {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

// TestIssuersChoose: the verifier is chosen by the claim of that very name.
func TestIssuersChoose(t *testing.T) {
	asked := verifierFunc(func(context.Context, string) (*oidc.IDToken, error) {
		t.Error("the verifier was asked")
		return nil, nil
	})
	for _, payload := range []string{
		`{"ISS":"` + issuer + `"}`, `{"iss":"https://liar.example.com","ISS":"` + issuer + `"}`, `{"iss":"` + issuer + `","ISS":"x"}`,
		`{"iss":"` + issuer + `","sub":1}`, `null`, `[]`,
	} {
		_, err := (bearer.Issuers{issuer: asked}).Verify(t.Context(), signText(t, payload))
		if unknown := errors.Is(err, bearer.ErrIssuerUnknown); err == nil || unknown != (payload == "null") { // which names none
			t.Errorf("%s: %v", payload, err)
		}
	}
}

// TestAlteredToken: a verifier that renames whom go-oidc verified is not believed.
func TestAlteredToken(t *testing.T) {
	for name, alter := range map[string]func(*oidc.IDToken){
		"subject": func(token *oidc.IDToken) { token.Subject = "alice" },
		"issuer":  func(token *oidc.IDToken) { token.Issuer = "https://liar.example.com" },
	} {
		altering := verifierFunc(func(ctx context.Context, raw string) (*oidc.IDToken, error) {
			token, err := staticVerifier().Verify(ctx, raw)
			if err == nil {
				alter(token)
			}
			return token, err
		})
		if got := seen(t, get(protected(t, fakePool(t, &clients{}), altering, who), "Bearer "+mint(t, "mallory", nil))); got.Challenge != invalid {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
