package idp

import (
	"encoding/json"
	"io"
	"net/http"
)

// metadata answers with the provider metadata (OpenID Connect Discovery 1.0, 3;
// RFC 8414, 2). IAM wants claims_supported, response_types_supported,
// subject_types_supported and id_token_signing_alg_values_supported in it.
func (p *provider) metadata(w http.ResponseWriter, _ *http.Request) {
	subjects := "public"
	if p.face.claims.pairwise {
		subjects = "pairwise"
	}
	m := map[string]any{
		"issuer":                                p.issuer.URL,
		"authorization_endpoint":                p.face.authorize,
		"token_endpoint":                        p.face.token,
		"jwks_uri":                              p.face.keys,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 p.grantTypes(),
		"subject_types_supported":               []string{subjects},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":                      p.face.scopes,
		"claims_supported":                      p.claimNames(),
		"prompt_values_supported":               []string{"none", "login", "consent", "select_account"},
		"token_endpoint_auth_methods_supported": p.authMethods(),
		"claims_parameter_supported":            false,
		"request_parameter_supported":           false,
		"request_uri_parameter_supported":       false,
	}
	p.addOptional(m)
	writePublic(w, m)
}

// addOptional names the endpoints that not every vendor has (RFC 8414, 2;
// RFC 8628, 4), and RFC 9207 and PKCE where the vendor's own metadata do.
func (p *provider) addOptional(m map[string]any) {
	if p.face.issParameter {
		m["authorization_response_iss_parameter_supported"] = true
	}
	if !p.face.silentPKCE {
		m["code_challenge_methods_supported"] = []string{"S256"}
	}
	if p.face.userInfo != "" {
		m["userinfo_endpoint"] = p.face.userInfo
	}
	if p.face.revoke != "" {
		m["revocation_endpoint"] = p.face.revoke
		m["revocation_endpoint_auth_methods_supported"] = p.authMethods()
	}
	if p.face.logout != "" {
		m["end_session_endpoint"] = p.face.logout
	}
	if p.face.device != nil {
		m["device_authorization_endpoint"] = p.face.device.endpoint
	}
}

func (p *provider) grantTypes() []string {
	types := []string{"authorization_code", "refresh_token"}
	if p.face.device != nil {
		types = append(types, deviceGrant)
	}
	return types
}

// newEncoder writes URLs as they are.
func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
