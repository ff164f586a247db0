// Package idp is the section "idp" of a diagnosis: whether the identity provider
// answers, and whether what it says of itself and of our client is what tip-cli, STS
// and Identity Center need.
//
// It asks for public documents, and sends two requests that cannot succeed: an
// authorization request with prompt=none and a made-up authorization code. Nobody is
// signed in by them. Redirects to the client are not followed.
package idp

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// section is one look at the provider.
type section struct {
	chain *chain.Chain
	log   *finding.Log
	http  *http.Client
	// login is nil where there is nothing to sign in to.
	login *config.Login
	// issuer that is asked, and setting, which holds it.
	issuer, setting string
	// doc is nil until the discovery document was read.
	doc document
}

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	s := &section{chain: c, log: finding.NewLog(finding.IdP, Checks())}
	if c.LoginErr == nil && !c.Asked.Foreign(&c.Config) {
		s.login = &c.Login
	}
	s.refresh()
	if c.HTTP == nil {
		s.rest(func(check string) { s.log.Unread(check, "no request can be made: "+text(c.HTTPErr), nil) })
		return s.inOrder()
	}
	client, done := newClient(c.HTTP)
	defer done()
	s.http = client
	reason := s.subject(ctx)
	if reason == "" {
		reason = s.provider(ctx)
	}
	s.signIn(ctx)
	s.rest(func(check string) { s.log.Skip(check, reason) })
	return s.inOrder()
}

// provider looks at what the issuer says of itself. It returns why there is no more to
// look at.
func (s *section) provider(ctx context.Context) string {
	if reason := s.discover(ctx); reason != "" {
		return reason
	}
	s.chain.Issuer = &chain.Issuer{URL: s.checkIssuer()}
	s.checkMetadata()
	s.checkAlgorithms()
	s.checkPKCE()
	s.checkKeys(ctx)
	return "tokens come from elsewhere: nobody signs in here"
}

// rest does something about every check that has no result yet.
func (s *section) rest(do func(check string)) {
	for _, check := range Checks() {
		if !s.log.Has(check.ID) {
			do(check.ID)
		}
	}
}

// inOrder puts the results in the order of the checks.
func (s *section) inOrder() []finding.Result {
	order := map[string]int{}
	for i, check := range Checks() {
		order[check.ID] = i
	}
	results := slices.Clone(s.log.Results())
	slices.SortStableFunc(results, func(a, b finding.Result) int { return cmp.Compare(order[a.Check], order[b.Check]) })
	return results
}

func text(err error) string {
	if err == nil {
		return "unknown"
	}
	return err.Error()
}
