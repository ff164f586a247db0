package idp

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// metadata answers with the provider metadata (OpenID Connect Discovery 1.0, 3;
// RFC 8414, 2). IAM wants claims_supported, response_types_supported,
// subject_types_supported and id_token_signing_alg_values_supported in it.
func (p *provider) metadata(w http.ResponseWriter, _ *http.Request) {
	base := strings.TrimSuffix(p.issuer.URL, "/")
	writePublic(w, map[string]any{
		"issuer":                                         p.issuer.URL,
		"authorization_endpoint":                         base + p.face.authorize,
		"token_endpoint":                                 base + p.face.token,
		"userinfo_endpoint":                              base + p.face.userInfo,
		"jwks_uri":                                       base + p.face.keys,
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"scopes_supported":                               scopesSupported(),
		"claims_supported":                               p.claimsSupported(),
		"prompt_values_supported":                        []string{"none", "login", "consent", "select_account"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported":                     false,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
	})
}

func scopesSupported() []string {
	return []string{"openid", "profile", "email", "address", "phone", "offline_access"}
}

// newEncoder writes URLs as they are.
func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
