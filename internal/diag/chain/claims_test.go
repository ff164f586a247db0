package chain_test

import (
	"encoding/json"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

func TestSameIssuer(t *testing.T) {
	const iss = "https://idp.example.com/tenant"
	for other, want := range map[string]bool{
		iss: true, iss + "/": true, "HTTPS://IdP.example.com/Tenant//": true, "idp.example.com/tenant": true, " " + iss + "\n": true,
		"http://idp.example.com:80/tenant": true, "https://idp.example.com:443/tenant/": true, iss + "/.well-known/openid-configuration": true,
		iss + "/.well-known/openid-configuration/": true, "https://idp.example.com": false, "https://idp.example.com:8443/tenant": false,
		iss + "/v2.0": false, "https://tenant.idp.example.com/tenant": false, "": false,
	} {
		if got := chain.SameIssuer(iss, other); got != want || chain.SameIssuer(other, iss) != want {
			t.Errorf("%q: %v", other, got)
		}
	}
}

func TestKindOf(t *testing.T) {
	for want, value := range map[string]any{
		"null": nil, "a text": "", "true or false": false, "a number": json.Number("1"), "a list": []any{}, "an object": map[string]any(nil),
	} {
		if got := chain.KindOf(value); got != want {
			t.Errorf("%T is %s", value, got)
		}
	}
	if got := chain.KindOf(1.5); got != "a number" {
		t.Error(got)
	}
}
