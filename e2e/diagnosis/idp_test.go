package diagnosis_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const wellKnown = oktaIssuer + "/.well-known/openid-configuration"

// struck is a mistake at the provider that a fault of the lab makes after the sign-in;
// its administrators mend it.
func struck(id, name, what, culprit, says string, faults ...lab.Fault) mistake {
	return mistake{
		id: id, name: name, what: what, culprit: culprit, says: says,
		make: func(b *bench) { b.strike(faults...) },
		mend: func(b *bench) { b.Lab.ClearFaults() },
	}
}

func (b *bench) strike(faults ...lab.Fault) {
	b.Helper()
	for i := range faults {
		faults[i].Service, faults[i].Issuer = "idp", labtest.Okta
	}
	if _, err := b.Lab.AddFaults(faults...); err != nil {
		b.Fatal(err)
	}
}

// discovery is a mistake in the discovery document: members replace its own, nil ones
// take away.
func discovery(id, name, what, culprit, says string, members map[string]any) mistake {
	m := struck(id, name, what, culprit, says)
	m.make = func(b *bench) {
		doc := b.document(wellKnown)
		maps.Copy(doc, members)
		maps.DeleteFunc(doc, func(_ string, value any) bool { return value == nil })
		b.strike(lab.Fault{Operation: "discovery", Do: lab.FaultGarbage, Body: text(b, doc), ContentType: "application/json"})
	}
	return m
}

// document is a document of the provider.
func (b *bench) document(address string) map[string]any {
	b.Helper()
	resp, err := b.Lab.HTTPClient().Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var doc map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		b.Fatal(err)
	}
	return doc
}

func text(b *bench, value any) string {
	b.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

const keysURL = oktaIssuer + "/v1/keys"

// keys is a mistake in the key set; change is handed the provider's own keys.
func keys(id, what, says string, change func(own []any) []any) mistake {
	m := struck(id, "", what, keysURL, says)
	m.make = func(b *bench) {
		doc := b.document(keysURL)
		own, _ := doc["keys"].([]any)
		doc["keys"] = change(own)
		b.strike(lab.Fault{Operation: "keys", Do: lab.FaultGarbage, Body: text(b, doc), ContentType: "application/json"})
	}
	return m
}

// rsaKeys are n keys, all with the same modulus.
func rsaKeys(n int, ids bool) []any {
	modulus := make([]byte, 256)
	modulus[0], modulus[255] = 0x80, 1
	all := make([]any, n)
	for i := range all {
		key := map[string]any{"kty": "RSA", "use": "sig", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(modulus)}
		if ids {
			key["kid"] = fmt.Sprintf("key-%d", i)
		}
		all[i] = key
	}
	return all
}

func idpMistakes() []mistake {
	return slices.Concat(documentMistakes(), jwksMistakes(), clientMistakes(), refreshMistakes())
}

func documentMistakes() []mistake {
	return []mistake{
		struck("idp.unreachable", "", "the provider is out of order", wellKnown, "reachable", lab.Fault{Operation: "discovery", Do: lab.FaultUnavailable}),
		struck("idp.slow", "", "the provider takes six seconds to answer", wellKnown, "5 seconds",
			lab.Fault{Operation: "discovery", Do: lab.FaultDelay, Delay: lab.FaultDuration(5200 * time.Millisecond)}),
		struck("idp.no-discovery", "page", "a log-in page of the network answers in the provider's place", wellKnown, "issuer",
			lab.Fault{Operation: "discovery", Do: lab.FaultGarbage}),
		struck("idp.no-discovery", "path", "the issuer has no discovery document", wellKnown, "issuer",
			lab.Fault{Operation: "discovery", Do: lab.FaultRefuse, Code: "not_found", Status: 404}),
		{
			id: "idp.issuer-mismatch", name: "slash", what: "the configured issuer ends in a slash, and the provider's does not",
			stranger: true, culprit: "oidc_issuer", also: []string{"token.no-token"},
			make: func(b *bench) {
				b.must("tip-cli", "configure", "idp", "--provider", "oidc", "--config",
					text(b, map[string]any{"oidc_issuer": oktaIssuer + "/", "oidc_client_id": labtest.ClientID}))
				b.browse()
			},
		},
		discovery("idp.issuer-mismatch", "other", "the provider was moved, and names itself by another host", "okta_url", "",
			map[string]any{"issuer": "https://dev-987654321.okta.com/oauth2/default"}).byHand(),
		discovery("idp.metadata-incomplete", "", "the discovery document lacks claims_supported", wellKnown, "claims_supported", map[string]any{"claims_supported": nil}),
		discovery("idp.no-rs256", "", "the provider signs with ES256 only", wellKnown, "RS256", map[string]any{"id_token_signing_alg_values_supported": []string{"ES256"}}),
		discovery("idp.no-s256", "", "the provider offers plain PKCE only", wellKnown, "S256", map[string]any{"code_challenge_methods_supported": []string{"plain"}}),
		discovery("idp.endpoint-missing", "", "the discovery document lacks the token endpoint", wellKnown, "token_endpoint", map[string]any{"token_endpoint": nil}),
		discovery("idp.endpoint-insecure", "", "a proxy has the discovery document say http", "http://dev-123456789.okta.com", "https",
			map[string]any{"token_endpoint": "http://dev-123456789.okta.com/oauth2/default/v1/token"}),
		struck("idp.endpoint-unreachable", "", "the token endpoint is out of order", oktaIssuer+"/v1/token", "token_endpoint",
			lab.Fault{Operation: "token", Do: lab.FaultInternalError}),
	}
}

func jwksMistakes() []mistake {
	return []mistake{
		struck("idp.keys-unreachable", "", "the keys are not where the discovery document says", keysURL, "publish",
			lab.Fault{Operation: "keys", Do: lab.FaultRefuse, Code: "not_found", Status: 404}),
		keys("idp.no-rsa-key", "the key set has an EC key only", "RS256", func([]any) []any {
			return []any{map[string]any{
				"kty": "EC", "crv": "P-256", "kid": "ec", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
			}}
		}),
		keys("idp.too-many-keys", "the provider never retires a key", "sign nothing", func(own []any) []any { return append(own, rsaKeys(100, true)...) }),
		keys("idp.keys-without-id", "some keys have no id", "kid", func(own []any) []any { return append(own, rsaKeys(2, false)...) }),
	}
}

func clientMistakes() []mistake {
	return []mistake{
		struck("idp.unknown-client", "", "the application was deleted at the provider", "okta_client_id", "client id",
			lab.Fault{Operation: "token", Do: lab.FaultRefuse, Code: "invalid_client", Status: 401},
			lab.Fault{Operation: "authorize", Do: lab.FaultRefuse, Code: "invalid_request", Status: 400}),
		struck("idp.client-authentication", "", "the application was made as a web application, with a secret", labtest.ClientID, "public",
			lab.Fault{Operation: "token", Do: lab.FaultRefuse, Code: "invalid_client", Status: 401, Message: "Client authentication failed."}),
		struck("idp.grant-not-allowed", "", "the application may not use authorization codes", labtest.ClientID, "grant",
			lab.Fault{Operation: "token", Do: lab.FaultRefuse, Code: "unauthorized_client", Message: "The grant type is not allowed for the application."}),
		{
			id: "idp.redirect-not-registered", what: "the port of the redirect was changed, and not registered", culprit: ":18097/callback", says: "register",
			make: func(b *bench) { b.must("tip-cli", "configure", "idp", "--config", `{"redirect_port":18097}`) },
			mend: func(b *bench) {
				b.must("tip-cli", "configure", "idp", "--config", fmt.Sprintf(`{"redirect_port":%d}`, b.port))
			},
		},
		{
			id: "idp.scope-refused", what: "a scope is asked for that the provider does not have", culprit: "scopes",
			make: func(b *bench) {
				b.must("tip-cli", "configure", "idp", "--config", `{"scopes":["openid","email","profile","offline_access","groups"]}`)
			},
		},
		discovery("idp.scope-unlisted", "", "the provider does not list the scope email", "scopes", "offer email",
			map[string]any{"scopes_supported": []string{"openid", "profile"}}),
	}
}

func refreshMistakes() []mistake {
	device := discovery("idp.no-device-grant", "", "the provider has no device grant, and sign_in_method is device", "sign_in_method", "",
		map[string]any{"device_authorization_endpoint": nil}).byCommand()
	device.keys = map[string]any{"sign_in_method": "browser"}
	faulty := device.make
	device.make = func(b *bench) {
		faulty(b)
		b.must("tip-cli", "configure", "idp", "--config", `{"sign_in_method":"device"}`)
	}
	return []mistake{
		{
			id: "idp.no-offline-access", what: "the scope offline_access is not asked for", culprit: "scopes",
			keys: map[string]any{"scopes": []string{"openid", "email", "profile"}}, make: func(b *bench) { b.browse() },
		},
		withoutRefresh(),
		device,
	}
}

// withoutRefresh has the provider changed, and somebody sign in once more.
func withoutRefresh() mistake {
	var good []byte
	change := func(b *bench, world []byte) {
		if err := b.Lab.Import(world); err != nil {
			b.Fatal(err)
		}
		b.administrators() // the old ones' sessions have ended
		b.signIn("analyst")
	}
	return mistake{
		id: "idp.no-refresh-token", what: "the application may not have refresh tokens", culprit: "idp_token.json", says: "refresh tokens",
		make: func(b *bench) {
			var err error
			if good, err = b.Lab.Export(); err != nil {
				b.Fatal(err)
			}
			change(b, bytes.ReplaceAll(good, []byte("refreshToken: true"), []byte("refreshToken: false")))
		},
		mend: func(b *bench) { change(b, good) },
	}
}

// byHand says that administrators of the provider mend a mistake, byCommand that the
// command of the fix does.
func (m mistake) byHand() mistake {
	m.mend = func(b *bench) { b.Lab.ClearFaults() }
	return m
}

func (m mistake) byCommand() mistake {
	m.mend = nil
	return m
}
