package tipcreds_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestProviderSubject: a provider that was told whose it is takes nobody else's JWT, in
// Retrieve and in Exchange.
func TestProviderSubject(t *testing.T) {
	c := &clients{life: time.Hour}
	p := retriever(t, c, token(userToken(2)), func(o *tipcreds.Options) { o.Subject = subjectOf(1) })
	_, err := p.Retrieve(t.Context())
	_, exchangeErr := p.Exchange(t.Context(), userToken(2))
	for _, err := range []error{err, exchangeErr} {
		if e := exchangeError(t, err); !errors.Is(err, tipcreds.ErrSubjectMismatch) || e.JWTSpent || c.exchanges.Load() != 0 {
			t.Error(err)
		}
	}
	if _, err := p.Exchange(t.Context(), userToken(1)); err != nil {
		t.Error(err)
	}
	for _, half := range []tipcreds.Subject{{Issuer: "https://idp.example.com"}, {ID: "user"}} {
		_, err := tipcreds.New(accessRole, application, token(""), func(o *tipcreds.Options) {
			o.STSClient, o.SSOOIDCClient, o.Subject = c, c, half
		})
		if !errors.Is(err, tipcreds.ErrNoSubject) {
			t.Errorf("%v: %v", half, err)
		}
	}
}

// TestProviderOfTheFirst: a provider whose source gives the tokens of several users, by
// mistake, is of the first; the others get no credentials.
func TestProviderOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		c := &clients{life: time.Hour}
		p := retriever(t, c, func(ctx context.Context) (string, error) {
			who, _ := ctx.Value(key{}).(int)
			return userToken(who), nil
		})
		request := func(who int) error {
			_, err := p.Retrieve(context.WithValue(t.Context(), key{}, who))
			return err
		}
		if err := request(1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if err := request(2); !errors.Is(err, tipcreds.ErrSubjectMismatch) || c.exchanges.Load() != 1 {
			t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
		}
		if err := request(1); err != nil {
			t.Error(err)
		}
	})
}

// TestClaimNames: claims have their exact names; encoding/json would take SUB for sub.
func TestClaimNames(t *testing.T) {
	s := subjectOf(1)
	mallory := idToken(map[string]any{"iss": s.Issuer, "sub": "mallory", "SUB": s.ID, "Sub": s.ID, "zub": "x"})
	if got, err := tipcreds.UnverifiedSubject(mallory); err != nil || got.ID != "mallory" {
		t.Errorf("%v: %v", got, err)
	}
	if _, err := tipcreds.UnverifiedSubject(idToken(map[string]any{"ISS": s.Issuer, "SUB": s.ID})); !errors.Is(err, tipcreds.ErrNoSubject) {
		t.Error(err)
	}
	c := &clients{life: time.Hour}
	if _, err := pool(t, c, c).For(s, token(mallory)).Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrSubjectMismatch) {
		t.Error(err)
	}
}

// TestSubjectIsOneLine: claims of an issuer are in errors and logs.
func TestSubjectIsOneLine(t *testing.T) {
	s := tipcreds.Subject{Issuer: "https://idp.example.com", ID: "a\r\nlevel=ERROR \x1b[31m"}
	if got, want := s.String(), "a  level=ERROR  [31m of https://idp.example.com"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
