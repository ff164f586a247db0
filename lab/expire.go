package lab

import (
	"fmt"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Expiring is something that ends by time, and can be ended sooner.
type Expiring string

// What [Lab.Expire] ends.
const (
	// ExpireCredentials: temporary credentials. Requests with them are answered that
	// they have expired.
	ExpireCredentials Expiring = "credentials"
	// ExpireIdentityContexts: what CreateTokenWithIAM gave out until now. AssumeRole
	// refuses them as expired; sessions that were made with one go on.
	ExpireIdentityContexts Expiring = "identity-contexts"
	// ExpireRefreshTokens: those of the OIDC providers, or of Identity Center.
	ExpireRefreshTokens Expiring = "refresh-tokens"
	// ExpireIDTokens: those of the OIDC providers, for STS and Identity Center of the
	// lab. Whoever else verifies them takes them until their exp.
	ExpireIDTokens Expiring = "id-tokens"
)

// Expiry says what ends now, and whose. What is left empty does not narrow it down.
type Expiry struct {
	What Expiring `json:"what"`
	// AccessKey and Role (its name or ARN) narrow credentials down.
	AccessKey string `json:"accessKey,omitempty"`
	Role      string `json:"role,omitempty"`
	// Person is an Identity Center user id: whose credentials carry it, whose identity
	// contexts, or whose refresh tokens of Identity Center.
	Person string `json:"person,omitempty"`
	// Issuer is the name of an OIDC provider: whose refresh tokens or ID tokens.
	Issuer string `json:"issuer,omitempty"`
	// Login of a person of the issuer.
	Login string `json:"login,omitempty"`
}

// Expire ends something now and returns how many things ended; of identity contexts,
// which nobody counts, 0. Of refresh tokens without an issuer, those of Identity
// Center end; of ID tokens without one, those of all issuers.
func (l *Lab) Expire(x Expiry) (int, error) {
	if err := x.check(); err != nil {
		return 0, err
	}
	f := l.current()
	switch x.What {
	case ExpireCredentials:
		return f.world.EndSessions(x.selects), nil
	case ExpireIdentityContexts:
		f.world.EndContexts(x.Person)
		return 0, nil
	case ExpireRefreshTokens:
		if x.Issuer == "" {
			return f.world.EndRefreshTokens(x.Person), nil
		}
		return f.idp.EndRefreshTokens(x.Issuer, x.Login)
	}
	return l.expireIDTokens(x)
}

func (l *Lab) expireIDTokens(x Expiry) (int, error) {
	f := l.current()
	if x.Issuer != "" {
		return f.idp.EndIDTokens(x.Issuer, x.Login)
	}
	total := 0
	for _, i := range f.world.Issuers() {
		n, err := f.idp.EndIDTokens(i.Name, x.Login)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// check refuses what would end something else than was asked for.
func (x *Expiry) check() error {
	given := map[string]bool{
		"accessKey": x.AccessKey != "", "role": x.Role != "", "person": x.Person != "", "issuer": x.Issuer != "", "login": x.Login != "",
	}
	var takes []string
	switch x.What {
	case ExpireCredentials:
		takes = []string{"accessKey", "role", "person"}
	case ExpireIdentityContexts:
		takes = []string{"person"}
	case ExpireRefreshTokens:
		takes = []string{"person"}
		if x.Issuer != "" {
			takes = []string{"issuer", "login"}
		}
	case ExpireIDTokens:
		takes = []string{"issuer", "login"}
	default:
		return fmt.Errorf("expire: %q is none of credentials, identity-contexts, refresh-tokens, id-tokens", x.What)
	}
	for _, name := range takes {
		delete(given, name)
	}
	for _, name := range []string{"accessKey", "role", "person", "issuer", "login"} {
		if given[name] {
			return fmt.Errorf("expire: %s cannot be told by %s, only by %s", x.What, name, strings.Join(takes, " or "))
		}
	}
	return nil
}

func (x *Expiry) selects(s *world.Session) bool {
	return (x.AccessKey == "" || x.AccessKey == s.AccessKeyID) &&
		(x.Role == "" || x.Role == s.RoleARN || strings.HasSuffix(s.RoleARN, "/"+x.Role)) &&
		(x.Person == "" || s.Identity != nil && s.Identity.UserID == x.Person)
}
