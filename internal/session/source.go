package session

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// ErrSpentByOthers says that the program or the file gave a JWT that has been
// exchanged already. Identity Center takes each one once.
var ErrSpentByOthers = errors.New("it is the JWT that was exchanged before")

// fromSource gets a JWT from the program or the file of the configuration and
// stores it. It is verified if the identity provider is configured as well. The
// lock is held.
func (s *Session) fromSource(ctx context.Context, source config.TokenSource, held store.IDPToken) (store.IDPToken, error) {
	raw, err := s.read(ctx, source)
	if err != nil {
		return held, err
	}
	jwt, err := tokensource.JWT(raw)
	if err != nil {
		return held, err
	}
	fresh := store.IDPToken{
		Token: jwt, ObtainedAt: time.Now(), Fingerprint: s.signInFingerprint, SpentSHA256: held.SpentSHA256, SpentAt: held.SpentAt,
	}
	claims, err := oidclogin.Decode(jwt)
	if err != nil {
		return held, err
	}
	switch {
	case !fresh.Unspent():
		return held, sourceFails(source, ErrSpentByOthers.Error(), ErrSpentByOthers)
	case time.Until(claims.Expiry) < tokenMargin:
		return held, sourceFails(source, "its JWT expired at "+claims.Expiry.UTC().Format(time.RFC3339), nil)
	}
	if s.login != nil {
		if claims, err = s.login.Verify(ctx, jwt); err != nil {
			return held, err
		}
	}
	if err := s.unlessSamePerson(ctx, held, claims); err != nil {
		return held, err
	}
	return fresh, s.saveToken(ctx, fresh)
}

// unlessSamePerson drops what was obtained for somebody else than the token is for.
func (s *Session) unlessSamePerson(ctx context.Context, held store.IDPToken, now oidclogin.Claims) error {
	before, err := oidclogin.Decode(held.Token)
	if err == nil && before.Issuer == now.Issuer && before.Subject == now.Subject {
		return nil
	}
	return forgetCredentials(ctx, s.store)
}

func (s *Session) read(ctx context.Context, source config.TokenSource) (secret.Value, error) {
	if len(source.Command) > 0 {
		return tokensource.Command(ctx, source.Command, tokensource.Options{Stderr: s.env.Stderr, Setting: "token_command", State: s.store.Dir()})
	}
	value, note, err := tokensource.File(source.File)
	if note != "" {
		s.notice(note)
	}
	return value, err
}

// sourceFails is the request for another JWT.
func sourceFails(source config.TokenSource, reason string, err error) error {
	if len(source.Command) > 0 {
		return &SignInRequiredError{Reason: "token_command: " + reason, Fix: "sign in with the program behind token_command", Err: err}
	}
	return &SignInRequiredError{Reason: "token_file: " + reason, Fix: "write a fresh JWT to " + source.File, Err: err}
}
