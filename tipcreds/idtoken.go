package tipcreds

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// idTokenClaims are the claims that are read from Identity Center's own ID
// token. Its signature is not checked: it came by TLS, in the answer to our
// signed request, from the party that issued it.
type idTokenClaims struct {
	Subject          string `json:"sub"`
	IdentityContext  string `json:"sts:identity_context"`
	IdentityStoreID  string `json:"aws:identity_store_id"`
	IdentityStoreARN string `json:"aws:identity_store_arn"`
	InstanceARN      string `json:"aws:instance_arn"`
	ApplicationARN   string `json:"aws:application_arn"`
	CredentialID     string `json:"aws:credential_id"`
	Actor            actor  `json:"act"`
}

// actor is the claim act (RFC 8693 section 4.1): who vouched for the user.
type actor struct {
	Subject string `json:"sub"`
}

// parseIDToken reads the claims of a JWT in compact form (RFC 7519 section 3).
// A token that cannot be read gives no claims, and a claim of the wrong type is
// left out: all that is needed from it has a second source or a default, and the
// JWT that bought it is spent.
func parseIDToken(token string) idTokenClaims {
	payload, ok := jwtPayload(token)
	if !ok {
		return idTokenClaims{}
	}
	var claims idTokenClaims
	var wrongType *json.UnmarshalTypeError // of one claim; the others are read
	if err := json.Unmarshal(payload, &claims); err != nil && !errors.As(err, &wrongType) {
		return idTokenClaims{}
	}
	return claims
}

// jwtPayload is the second part of a JWT in compact form, decoded. Padding, which RFC
// 7515 does not have, is overlooked.
func jwtPayload(token string) (payload []byte, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return payload, err == nil
}
