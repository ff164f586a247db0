package oidclogin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// Claims are the claims of an ID token, or of an access token, that the exchange and its reports use
// (OpenID Connect Core 1.0 sections 2 and 5.1).
type Claims struct {
	Issuer          string
	Subject         string
	Audience        []string
	AuthorizedParty string // azp
	Expiry          time.Time
	IssuedAt        time.Time
	NotBefore       time.Time // zero when absent
	Nonce           string
	// ID is jti, or uti where the token has no jti (Entra ID). It may be empty.
	ID                string
	Email             string
	PreferredUsername string
	Name              string
}

// jwtKind is what a JWT is for, as errors call it.
type jwtKind string

const (
	anyJWT      jwtKind = "the token"
	idToken     jwtKind = "the ID token"
	accessToken jwtKind = "the access token"
)

// Decode reads the claims of a compact JWT, an ID token or an access token,
// without verifying anything. It is for tokens that were verified before they
// were stored.
func Decode(token secret.Value) (Claims, error) { return anyJWT.decode(token) }

func (t jwtKind) decode(token secret.Value) (Claims, error) {
	var raw rawClaims
	if err := t.unmarshal(token, &raw); err != nil {
		return Claims{}, err
	}
	return raw.claims(), nil
}

// unmarshal reads the claims of token into v.
func (t jwtKind) unmarshal(token secret.Value, v any) error {
	parts, err := t.split(token)
	if err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return fail(KindVerification, "the claims of %s are not base64url", t)
	}
	if err := json.Unmarshal(payload, v); err != nil {
		return fail(KindVerification, "the claims of %s are malformed", t)
	}
	return nil
}

// header is what a token's header says (RFC 7515 section 4.1).
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
}

func (t jwtKind) header(token secret.Value) (header, error) {
	parts, err := t.split(token)
	if err != nil {
		return header{}, err
	}
	var h header
	decoded, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(decoded, &h) != nil {
		return header{}, fail(KindVerification, "the header of %s is malformed", t)
	}
	return h, nil
}

// mediaType is typ in lower case and without the prefix that may be left out
// (RFC 7515 section 4.1.9).
func (h header) mediaType() string {
	return strings.TrimPrefix(strings.ToLower(h.Type), "application/")
}

// split returns header, payload and signature of a compact JWS.
func (t jwtKind) split(token secret.Value) ([]string, error) {
	parts := strings.SplitN(token.Reveal(), ".", 4)
	switch {
	case len(parts) == 3:
		return parts, nil
	case t == accessToken:
		return nil, fail(KindConfig, "the access token is opaque: it is not a JWT that AWS could verify").
			hint("Set assertion to id_token, or audience to an API whose access tokens are signed JWTs.")
	}
	return nil, fail(KindVerification, "%s is not a JWT of three parts", t)
}

type rawClaims struct {
	Issuer            string      `json:"iss"`
	Subject           string      `json:"sub"`
	Audience          audience    `json:"aud"`
	AuthorizedParty   string      `json:"azp"`
	Expiry            numericDate `json:"exp"`
	IssuedAt          numericDate `json:"iat"`
	NotBefore         numericDate `json:"nbf"`
	Nonce             string      `json:"nonce"`
	JWTID             string      `json:"jti"`
	UTI               string      `json:"uti"`
	Email             string      `json:"email"`
	PreferredUsername string      `json:"preferred_username"`
	Name              string      `json:"name"`
}

func (r rawClaims) claims() Claims {
	c := Claims{
		Issuer: r.Issuer, Subject: r.Subject, Audience: r.Audience, AuthorizedParty: r.AuthorizedParty,
		Expiry: time.Time(r.Expiry), IssuedAt: time.Time(r.IssuedAt), NotBefore: time.Time(r.NotBefore),
		Nonce: r.Nonce, ID: r.JWTID, Email: r.Email, PreferredUsername: r.PreferredUsername, Name: r.Name,
	}
	if c.ID == "" {
		c.ID = r.UTI
	}
	return c
}

// audience is one string or a list of them (RFC 7519 section 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// numericDate is seconds since 1970, perhaps with a fraction (RFC 7519 section 2).
type numericDate time.Time

func (d *numericDate) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	const year10000 = 253402300800
	if seconds < 0 || seconds >= year10000 {
		return errors.New("date out of range")
	}
	*d = numericDate(time.Unix(int64(seconds), 0).UTC())
	return nil
}
