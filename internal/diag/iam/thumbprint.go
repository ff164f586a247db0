package iam

import (
	"context"
	"crypto/sha1" //nolint:gosec // IAM identifies certificates by it; nothing rests on it here
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// lookAtThumbprint compares the OIDC provider's thumbprints with the certificates of the
// host of its keys. AWS looks at thumbprints only where it does not know the certificate
// authority itself (IAM user guide, "Obtain the thumbprint for an OpenID Connect identity
// provider"). What AWS knows is not published: what this machine trusts stands for it.
func (s *section) lookAtThumbprint(ctx context.Context) {
	switch {
	case s.provider == nil:
		s.Skip(checkThumbprint, "the OIDC provider was not read, see "+checkProvider)
		return
	case !strings.HasPrefix(s.claims.issuer, "https://"):
		s.Skip(checkThumbprint, "the issuer has no certificate")
		return
	case len(s.provider.thumbprints) == 0:
		s.OK(checkThumbprint, "there are none, and none are needed where AWS knows the certificate authority")
		return
	}
	connection, err := s.keysConnection(ctx)
	if err != nil {
		s.Unread(checkThumbprint, "the certificates of the identity provider could not be seen: "+err.Error(), nil)
		return
	}
	certificates := connection.PeerCertificates
	top := fingerprint(certificates[len(certificates)-1])
	switch {
	case publiclyTrusted(connection):
		s.OK(checkThumbprint, "this machine trusts the certificate authority without further ado: if AWS does, it does not look at thumbprints")
	case s.fits(certificates):
		s.OK(checkThumbprint, top)
	default:
		s.Found("iam.thumbprint-mismatch", s.providerARN(), "the OIDC provider has "+strings.Join(s.provider.thumbprints, ", ")+", the topmost certificate of "+connection.ServerName+" has "+top, finding.Fix{
			Who: finding.AppAdmin, Does: "give the OIDC provider the thumbprint of that certificate, if it is the identity provider's and not a proxy's on the way",
			Command: s.aws("update-open-id-connect-provider-thumbprint", "--open-id-connect-provider-arn", s.providerARN(), "--thumbprint-list", top),
		})
	}
}

// fits reports whether a thumbprint is that of a certificate above the host's own.
func (s *section) fits(certificates []*x509.Certificate) bool {
	above := certificates
	if len(certificates) > 1 {
		above = certificates[1:]
	}
	return slices.ContainsFunc(above, func(c *x509.Certificate) bool {
		return slices.ContainsFunc(s.provider.thumbprints, func(t string) bool { return strings.EqualFold(t, fingerprint(c)) })
	})
}

func fingerprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// publiclyTrusted reports whether the roots of this machine, without those that are
// configured for tip-cli, vouch for a connection.
func publiclyTrusted(connection *tls.ConnectionState) bool {
	intermediates := x509.NewCertPool()
	for _, c := range connection.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	_, err := connection.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: connection.ServerName, Intermediates: intermediates})
	return err == nil
}

// Bounds of what is read of an identity provider.
const (
	longestMetadata = 1 << 20
	keysPatience    = 15 * time.Second
)

// keysConnection is the connection to the host of the keys, which STS makes, too.
func (s *section) keysConnection(ctx context.Context) (*tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, keysPatience)
	defer cancel()
	var metadata struct {
		JWKSURI string `json:"jwks_uri"`
	}
	_, body, err := s.get(ctx, chain.Discovery(s.claims.issuer))
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(body, &metadata) != nil || metadata.JWKSURI == "" {
		return nil, errors.New("the discovery document names no jwks_uri")
	}
	connection, _, err := s.get(ctx, metadata.JWKSURI)
	if err == nil && (connection == nil || len(connection.PeerCertificates) == 0) {
		err = errors.New("jwks_uri is not reached by TLS")
	}
	return connection, err
}

// get makes one request. Only a URL of https is asked: what it is comes from elsewhere.
func (s *section) get(ctx context.Context, address string) (*tls.ConnectionState, []byte, error) {
	if s.c.HTTP == nil {
		return nil, nil, errors.New("there is no HTTP client")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, nil, errors.New("a URL of the discovery document is not https")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	response, err := s.c.HTTP.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, nil, errors.New(u.Host + " answers " + response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, longestMetadata))
	return response.TLS, body, err
}
