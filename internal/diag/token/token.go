// Package token is the section "token" of a diagnosis: whether the JWT that is sent to
// AWS has what STS and Identity Center want of one.
//
// It looks at the JWT of -j, else at the stored one, and spends none. What it reports
// has claims in it that name parties (iss, aud, azp, kid), and never the token, its
// signature or its subject.
package token

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// section is one look at a token.
type section struct {
	chain *chain.Chain
	log   *finding.Log
	now   time.Time
	// login is nil where there is no identity provider.
	login *config.Login
	// held is what is stored, if it could be read.
	held store.IDPToken
	// token is the one that is looked at; its culprit in findings is where it is from.
	token *chain.Token
	// from is where it is from.
	from origin
}

type origin int

const (
	given origin = iota // -j
	file                // token_file
	stored
)

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	s := &section{chain: c, log: finding.NewLog(finding.Token, Checks()), now: time.Now()}
	if c.LoginErr == nil && !c.Asked.Foreign(&c.Config) {
		s.login = &c.Login
	}
	reason := s.source(ctx)
	if reason == "" {
		reason = s.look()
	}
	for _, check := range Checks() {
		if !s.log.Has(check.ID) {
			s.log.Skip(check.ID, reason)
		}
	}
	return s.log.Results()
}

// source finds the token. It returns why there is none to look at.
func (s *section) source(ctx context.Context) string {
	heldErr := store.ErrNotFound
	if s.chain.Store != nil {
		s.held, heldErr = s.chain.Store.LoadIDPToken(ctx)
	}
	switch source := s.chain.Config.TokenSource(); {
	case !s.chain.Asked.JWT.IsZero():
		return s.take(given, "-j", s.chain.Asked.JWT)
	case source.File != "":
		return s.fromFile(source.File)
	case len(source.Command) > 0:
		s.log.Skip("token.present", "token_command prints one when it is needed, and is not run for a diagnosis: its output goes to tip-cli diag -j -")
		return "token_command was not run, see token.present"
	case s.chain.Store == nil:
		s.log.Unread("token.present", "there is no state directory, see local", nil)
		return "needs a token, see token.present"
	}
	return s.fromStore(heldErr)
}

func (s *section) take(from origin, where string, raw secret.Value) string {
	s.from, s.token = from, &chain.Token{From: where, Raw: raw}
	s.log.OK("token.present", "from "+where)
	return ""
}

func (s *section) fromFile(path string) string {
	s.from = file
	content, _, err := tokensource.File(path)
	if err != nil {
		s.log.Found("token.no-token", path, err.Error(), s.renew())
		return "needs a token, see token.present"
	}
	if jwt, err := tokensource.JWT(content); err == nil {
		content = jwt
	}
	return s.take(file, path, content)
}

func (s *section) fromStore(err error) string {
	const needs = "needs a token, see token.present"
	s.from = stored
	path := s.chain.Store.Path(store.IDPTokenFile)
	switch {
	case errors.Is(err, store.ErrNotFound) && s.login == nil && slices.ContainsFunc(s.chain.Failed, ofConfiguration):
		s.log.Skip("token.present", "nobody can sign in before it is configured where, see local")
	case errors.Is(err, store.ErrNotFound):
		s.log.Found("token.no-token", path, "nobody has signed in", s.renew())
	case err != nil:
		s.log.Unread("token.present", "the stored token cannot be read, see local: "+err.Error(), nil, s.renew())
	case s.login != nil && s.held.Fingerprint != "" && s.held.Fingerprint != signInFingerprint(s.chain.Config):
		s.log.Found("token.other-configuration", path, "identity provider or client have changed since it was made", s.renew())
	case s.held.Token.IsZero():
		s.log.OK("token.present", "only a refresh token is stored, which gets the next one")
		return "there is only a refresh token"
	default:
		return s.take(stored, path, s.held.Token)
	}
	return needs
}

// ofConfiguration reports whether a finding is about the configuration.
func ofConfiguration(id string) bool {
	return id == "local.not-configured" || strings.HasPrefix(id, "local.configuration-")
}

// signInFingerprint is the part of a configuration's fingerprint that tokens depend on,
// as internal/session writes it.
func signInFingerprint(c config.Config) string {
	c.TokenExchangeApplicationARN, c.OIDCRoleARN, c.IDEnhancedRoleARN = "", "", ""
	return c.Fingerprint()
}

// look takes the token apart and judges it. It returns why there is no more to look at.
func (s *section) look() string {
	t := s.token
	parsed, d := parse(t.Raw)
	if d != nil {
		s.log.Found(d.kind, t.From, d.seen, s.renew())
		return "needs a JWT, see token.form"
	}
	s.log.OK("token.form", "a JWT in three parts")
	t.Header, t.Claims = parsed.header, parsed.claims
	bad, missing := read(t)
	t.Spent = s.spent()
	if !s.checkKind() {
		return "it is a token of another kind, see token.kind"
	}
	s.checkClaims(bad, missing)
	s.checkSignature(s.checkAlgorithm(parsed.unsigned) && s.checkIssuer())
	s.checkAudience()
	s.checkParty()
	s.handOver()
	s.checkTimes()
	s.checkUnspent()
	return "the claim is not there or cannot be read, see token.claims"
}

// handOver lets the sections behind have the token, unless what AWS compares of it is
// wrong already: they would only find the same once more.
func (s *section) handOver() {
	wrong := []string{"token.bad-claim", "token.missing-claim", "token.other-issuer", "token.other-audience", "token.other-party"}
	if !slices.ContainsFunc(wrong, s.log.Has) {
		s.chain.Token = s.token
	}
}

// spent reports whether the token was sent to Identity Center.
func (s *section) spent() bool {
	if s.from == stored {
		return !s.held.Unspent()
	}
	sum := sha256.Sum256([]byte(s.token.Raw.Reveal()))
	return s.held.SpentSHA256 == hex.EncodeToString(sum[:])
}

// stale reports whether nobody will send the token any more, because there is a refresh
// token that gets another one.
func (s *section) stale() bool {
	if s.from != stored || s.held.RefreshToken.IsZero() {
		return false
	}
	return s.token.Spent || !s.token.Expiry.IsZero() && !s.token.Expiry.After(s.now)
}

// renew gets another token.
func (s *section) renew() finding.Fix {
	switch {
	case s.from == stored && s.login != nil:
		return finding.Fix{Who: finding.You, Does: "sign in again", Command: s.chain.TipCLI("auth")}
	case s.from == stored:
		return finding.Fix{Who: finding.You, Does: "configure an identity provider, then sign in", Console: s.chain.TipCLI("configure", "idp") + ", then " + s.chain.TipCLI("auth")}
	case s.from == file:
		return finding.Fix{Who: finding.You, Does: "have a fresh ID token written to the file", Console: "what writes " + s.chain.Config.TokenFile}
	}
	return finding.Fix{Who: finding.You, Does: "get a fresh ID token and give it on standard input", Console: "what gave the JWT; then: GET-THE-JWT | " + s.chain.TipCLI("diag", "-j", "-")}
}

// atProvider is for what another token of the same provider would have as well.
func (s *section) atProvider(does, where string) []finding.Fix {
	name := "the provider's administration"
	if s.login != nil {
		if preset, ok := config.PresetFor(s.login.Provider); ok && preset.Name != config.OIDC {
			name = preset.Title
		}
	}
	return []finding.Fix{{Who: finding.IdPAdmin, Does: does + "; then get a fresh token", Console: name + ": " + where}, s.renew()}
}

func join(texts []string) string { return strings.Join(texts, ", ") }
