// Package thumbprint finds the certificate by which IAM would know the host of an
// identity provider's keys: the top one of the chain that the host sends, which is the
// top intermediate where a public CA has issued it (IAM user guide, "Obtain the
// thumbprint for an OpenID Connect identity provider").
//
// It believes no certificate that the client it is given does not: a thumbprint is what
// IAM will trust from then on. It keeps no state and is safe for concurrent use.
package thumbprint

import (
	"context"
	"crypto/sha1" //nolint:gosec // no secret, a name
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// documentLimit is more than any discovery document has, and addressLimit than any
// address in one.
const (
	documentLimit = 1 << 20
	addressLimit  = 2048
)

// Chain is what there is to know about the certificates of an identity provider.
type Chain struct {
	// Issuer is what the discovery document calls itself.
	Issuer string
	// Host is the host of jwks_uri, whose certificates these are.
	Host string
	// Thumbprint is the SHA-1 fingerprint of the top certificate of the chain that is
	// sent, 40 lower-case hexadecimal digits.
	Thumbprint string
	// Alone says that the host sends its own certificate only, which it will replace.
	Alone bool
	// Public says that the roots of this system vouch for the chain.
	Public bool
}

// Look asks for the discovery document of an issuer, and then the host of its keys for
// its certificates. Errors are those of the client, or in words.
func Look(ctx context.Context, client *http.Client, issuer string) (Chain, error) {
	safe := *client
	safe.CheckRedirect = onlyTLS
	document, err := discover(ctx, &safe, issuer)
	if err != nil {
		return Chain{}, err
	}
	keys, err := url.Parse(document.JWKSURI)
	if err != nil || keys.Scheme != "https" || keys.Host == "" {
		return Chain{}, fmt.Errorf("the discovery document of %s has the jwks_uri %q, which is no https address", issuer, document.JWKSURI)
	}
	safe.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // its own certificates are wanted
	state, err := connection(ctx, &safe, keys.String())
	if err != nil {
		return Chain{}, fmt.Errorf("ask %s for its keys: %w", keys.Host, err)
	}
	return chainOf(document.Issuer, keys.Hostname(), state), nil
}

func onlyTLS(r *http.Request, via []*http.Request) error {
	if r.URL.Scheme != "https" || len(via) >= 5 {
		return errors.New("it is redirected to where nobody should be")
	}
	return nil
}

type discovery struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

func discover(ctx context.Context, client *http.Client, issuer string) (d discovery, err error) {
	const path = "/.well-known/openid-configuration"
	resp, err := get(ctx, client, strings.TrimSuffix(issuer, "/")+path)
	if err != nil {
		return d, fmt.Errorf("ask %s for its discovery document: %w", issuer, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return d, fmt.Errorf("%s answers HTTP status %d where its discovery document should be", issuer, resp.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, documentLimit)).Decode(&d); err != nil {
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		return d, fmt.Errorf("the discovery document of %s is malformed", issuer)
	}
	if max(len(d.Issuer), len(d.JWKSURI)) > addressLimit { // which would be repeated
		return d, fmt.Errorf("the discovery document of %s is malformed: it has an address of more than %d characters", issuer, addressLimit)
	}
	return d, nil
}

func connection(ctx context.Context, client *http.Client, address string) (*tls.ConnectionState, error) {
	resp, err := get(ctx, client, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // what it says is not needed
	if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return nil, errors.New("it has no certificate")
	}
	return resp.TLS, nil
}

func get(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	return client.Do(r)
}

func chainOf(issuer, host string, state *tls.ConnectionState) Chain {
	sent := state.PeerCertificates
	top := topOf(sent)
	sum := sha1.Sum(top.Raw) //nolint:gosec // no secret, a name
	return Chain{Issuer: issuer, Host: host, Thumbprint: hex.EncodeToString(sum[:]), Alone: top == sent[0], Public: public(host, sent)}
}

// topOf goes up from the host's own certificate to the last that it sends: some hosts
// send them in another order, or others beside them.
func topOf(sent []*x509.Certificate) *x509.Certificate {
	top, left := sent[0], slices.Clone(sent[1:])
	for {
		i := slices.IndexFunc(left, func(c *x509.Certificate) bool { return top.CheckSignatureFrom(c) == nil })
		if i < 0 {
			return top
		}
		top = left[i]
		left = slices.Delete(left, i, i+1)
	}
}

// public asks the roots of the system, without those that a client has beside them.
func public(host string, sent []*x509.Certificate) bool {
	between := x509.NewCertPool()
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	_, err := sent[0].Verify(x509.VerifyOptions{DNSName: host, Intermediates: between})
	return err == nil
}
