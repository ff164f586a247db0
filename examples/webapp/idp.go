package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// errSessionOver means that no token can be had for a session any more: the person
// has to sign in again.
var errSessionOver = errors.New("the session is over at the identity provider")

// identityProvider signs people in.
type identityProvider struct {
	client     *http.Client
	oauth2     oauth2.Config
	verifier   *oidc.IDTokenVerifier
	issuer     string
	revocation string // RFC 7009; may be empty
}

func discover(ctx context.Context, s *settings, redirect string, client *http.Client) (*identityProvider, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, client), pageTime)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, s.issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Revocation string `json:"revocation_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // finding out by trying could cost the code
	if s.clientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &identityProvider{
		client: client, issuer: s.issuer, revocation: more.Revocation,
		oauth2: oauth2.Config{
			ClientID: s.clientID, ClientSecret: s.clientSecret, Endpoint: endpoint, RedirectURL: redirect, Scopes: strings.Fields(s.scopes),
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: s.clientID}),
	}, nil
}

// attempt is a sign-in under way. All of it is derived from a secret that only the
// browser has, in a cookie, so that the server keeps nothing for those who do not
// come back, and nobody can come back with an attempt of somebody else.
type attempt struct {
	secret string
	next   string // where to go afterwards
}

func newAttempt(next string) attempt { return attempt{secret: rand.Text(), next: next} }

func (t attempt) state() string    { return t.derive("state") }
func (t attempt) nonce() string    { return t.derive("nonce") }
func (t attempt) verifier() string { return t.derive("verifier") }

func (t attempt) derive(purpose string) string {
	m := hmac.New(sha256.New, []byte(t.secret))
	m.Write([]byte(purpose))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// cookieValue is read by readAttempt.
func (t attempt) cookieValue() string {
	return t.secret + "." + base64.RawURLEncoding.EncodeToString([]byte(t.next))
}

func readAttempt(cookie string) attempt {
	secret, encoded, _ := strings.Cut(cookie, ".")
	next, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		next = nil
	}
	return attempt{secret: secret, next: localPath(string(next))}
}

// attemptCookie is the name of the cookie of an attempt: each has its own, so that
// several may be under way in several tabs.
func attemptCookie(state string) string { return "sign-in-" + state[:min(len(state), 16)] }

// localPath keeps what leads to another site out of a redirect.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return next
}

// address is where the browser goes to sign in. With again, the identity provider
// asks for the password even if it remembers somebody.
func (p *identityProvider) address(t attempt, again bool) string {
	opts := []oauth2.AuthCodeOption{oidc.Nonce(t.nonce()), oauth2.S256ChallengeOption(t.verifier())}
	if again {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"))
	}
	return p.oauth2.AuthCodeURL(t.state(), opts...)
}

// redeem gets the tokens for the code of an attempt.
func (p *identityProvider) redeem(ctx context.Context, code string, t attempt) (*session, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	answer, err := p.oauth2.Exchange(ctx, code, oauth2.VerifierOption(t.verifier()))
	if err != nil {
		return nil, err
	}
	token, raw, err := p.verify(ctx, answer)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.nonce())) != 1 {
		return nil, errors.New("the ID token is of another sign-in")
	}
	var named struct{ Name, Email string }
	if err := token.Claims(&named); err != nil {
		return nil, err
	}
	s := &session{
		subject: tipcreds.Subject{Issuer: token.Issuer, ID: token.Subject}, name: token.Subject,
		idToken: raw, idTokenExpires: token.Expiry, refreshToken: answer.RefreshToken,
	}
	if named.Email != "" {
		s.name = named.Email
	}
	if named.Name != "" {
		s.name = named.Name
	}
	return s, nil
}

// verify verifies the ID token of an answer: signature, issuer, audience, time.
func (p *identityProvider) verify(ctx context.Context, answer *oauth2.Token) (*oidc.IDToken, string, error) {
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return nil, "", errors.New("the identity provider gave no ID token")
	}
	token, err := p.verifier.Verify(ctx, raw)
	return token, raw, err
}

// expiryMargin is how long an ID token must last to be handed out.
const expiryMargin = time.Minute

// webToken is asked by the pool when the credentials at hand do not last any more. It
// gives the ID token of the sign-in first, and fresh ones afterwards.
func (a *app) webToken(s *session) tipcreds.WebTokenProvider {
	return func(ctx context.Context) (string, error) {
		if err := s.turn.take(ctx); err != nil {
			return "", err
		}
		defer s.turn.give()
		held := s.idToken
		s.idToken = ""
		if held != "" && time.Until(s.idTokenExpires) > expiryMargin {
			return held, nil
		}
		return a.idp.refresh(ctx, s)
	}
}

// refresh gets a fresh ID token of the person whose session it is. Who calls it has
// the turn.
func (p *identityProvider) refresh(ctx context.Context, s *session) (string, error) {
	if s.refreshToken == "" {
		return "", errSessionOver
	}
	ctx = oidc.ClientContext(ctx, p.client)
	answer, err := p.oauth2.TokenSource(ctx, &oauth2.Token{RefreshToken: s.refreshToken}).Token()
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
		return "", fmt.Errorf("%w: %s", errSessionOver, refused.ErrorCode)
	}
	if err != nil {
		return "", err
	}
	// Before all else: many identity providers take the old one never again.
	s.refreshToken = answer.RefreshToken
	token, raw, err := p.verify(ctx, answer)
	if err != nil {
		return "", err
	}
	if (tipcreds.Subject{Issuer: token.Issuer, ID: token.Subject}) != s.subject {
		return "", errors.New("the refreshed ID token is of another person")
	}
	return raw, nil
}

// revoke tells the identity provider that a session is over (RFC 7009).
func (p *identityProvider) revoke(ctx context.Context, s *session) error {
	if err := s.turn.take(ctx); err != nil {
		return err
	}
	defer s.turn.give()
	token := s.refreshToken
	s.idToken, s.refreshToken = "", ""
	if token == "" || p.revocation == "" {
		return nil
	}
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}, "client_id": {p.oauth2.ClientID}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.oauth2.ClientSecret != "" {
		r.SetBasicAuth(url.QueryEscape(p.oauth2.ClientID), url.QueryEscape(p.oauth2.ClientSecret))
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("revocation: HTTP status %d", answer.StatusCode)
	}
	return nil
}
