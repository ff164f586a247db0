package idp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// subject finds out which issuer to ask: the configured one, else that of the token. It
// returns why there is none.
func (s *section) subject(ctx context.Context) string {
	switch {
	case s.login != nil && !s.login.IssuerUnknown:
		s.issuer, s.setting = s.login.Issuer, strings.Join(s.login.Keys.Issuer, " and ")
		return ""
	case s.login != nil:
		return s.learned(ctx)
	}
	if s.issuer = issuerOf(s.token(ctx)); s.issuer == "" {
		return "there is no identity provider to ask: " + s.why()
	}
	s.setting = "iss of the token"
	if !safe(s.issuer, true) {
		s.log.Found("idp.issuer-insecure", s.setting, "iss is "+shown(s.issuer), s.otherToken())
		return "the issuer of the token cannot be asked, see idp.issuer"
	}
	return ""
}

// why there is no login.
func (s *section) why() string {
	if s.chain.Asked.Foreign(&s.chain.Config) {
		return "the JWT of -j has no iss that can be read"
	}
	if source := s.chain.Config.TokenSource(); s.chain.Config.IdP == "" && !source.IsZero() {
		return "the tokens come from a program or a file; -j diagnoses one of them"
	}
	return "none is configured, see local"
}

// userPool is the issuer of a Cognito user pool.
var userPool = lazyregexp.New(`^https://(?:issuer[-.])?cognito-idp\.[a-z0-9-]+\.[a-z0-9.-]+/[a-z0-9-]+_[0-9A-Za-z]{1,55}$`)

// learned is the issuer of a user pool of which only the domain is configured.
func (s *section) learned(ctx context.Context) string {
	if s.chain.Store != nil {
		if pinned, err := s.chain.Store.LoadIssuer(); err == nil {
			s.issuer = pinned.Issuer
		}
	}
	if iss := issuerOf(s.token(ctx)); s.issuer == "" && userPool().MatchString(iss) {
		s.issuer = iss
	}
	s.setting = strings.Join(s.login.Keys.Issuer, " or ")
	if s.issuer == "" {
		return "the user pool is not known before the first sign-in: only cognito_domain is configured"
	}
	return ""
}

// token is that of -j, else the stored one.
func (s *section) token(ctx context.Context) secret.Value {
	if !s.chain.Asked.JWT.IsZero() || s.chain.Store == nil {
		return s.chain.Asked.JWT
	}
	held, err := s.chain.Store.LoadIDPToken(ctx)
	if err != nil {
		return secret.Value{}
	}
	return held.Token
}

// issuerOf peeks at iss, "" if it cannot be seen.
func issuerOf(token secret.Value) string {
	const longest = 100 << 10
	parts := strings.SplitN(token.Reveal(), ".", 4)
	if len(parts) != 3 || len(parts[1]) > longest {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// safe reports whether a URL is https, or where that is allowed http on loopback.
func safe(raw string, loopbackToo bool) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(raw, "#") {
		return false
	}
	return u.Scheme == "https" || loopbackToo && u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// plainIssuer reports whether the issuer is an http one on loopback.
func (s *section) plainIssuer() bool { return !safe(s.issuer, false) && safe(s.issuer, true) }

// endpoint is one of the login's own, else that of the discovery document, or "".
func (s *section) endpoint(name string) string {
	own := ""
	if s.login != nil {
		own = map[string]string{authorizationEndpoint: s.login.AuthorizationEndpoint, tokenEndpoint: s.login.TokenEndpoint}[name]
	}
	if own != "" {
		return own
	}
	return s.doc.text(name)
}

const (
	authorizationEndpoint = "authorization_endpoint"
	tokenEndpoint         = "token_endpoint"
	deviceEndpoint        = "device_authorization_endpoint"
)

// byDevice reports whether sign-ins go by device code only.
func (s *section) byDevice() bool { return s.login.Method == config.MethodDevice }
