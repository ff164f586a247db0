package thumbprint_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/thumbprint"
)

// signed is a certificate and its key.
type signed struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// issue makes a certificate; by is nil for one that signs itself.
func issue(t *testing.T, name string, ca bool, by *signed) *signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent := &signed{c, key}
	if by != nil {
		parent = by
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent.Certificate, &key.PublicKey, parent.key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return &signed{c, key}
}

// What counts is the top of the chain, in whatever order the host sends it and whatever
// it sends beside it.
func TestLookKnowsTheTopOfTheChain(t *testing.T) {
	root := issue(t, "root", true, nil)
	upper := issue(t, "upper", true, root)
	lower := issue(t, "lower", true, upper)
	own := issue(t, "host", false, lower)
	stranger := issue(t, "upper", true, nil) // by name alone
	for name, tt := range map[string]struct {
		sent []*signed
		want *signed
	}{
		"in order":            {[]*signed{own, lower, upper}, upper},
		"with the root":       {[]*signed{own, lower, upper, root}, root},
		"in another order":    {[]*signed{own, upper, lower}, upper},
		"the root in between": {[]*signed{own, root, lower, upper}, root},
		"twice":               {[]*signed{own, lower, lower, upper, upper}, upper},
		"a stranger behind":   {[]*signed{own, lower, upper, stranger}, upper},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(nil)
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": "%s/keys"}`, s.URL, s.URL)
			})
			var chain tls.Certificate
			for _, c := range tt.sent {
				chain.Certificate = append(chain.Certificate, c.Raw)
			}
			chain.PrivateKey = own.key
			s.TLS = &tls.Config{Certificates: []tls.Certificate{chain}}
			s.StartTLS()
			t.Cleanup(s.Close)
			roots := x509.NewCertPool()
			roots.AddCert(root.Certificate)
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
			got, err := thumbprint.Look(t.Context(), client, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha1.Sum(tt.want.Raw)
			if got.Thumbprint != hex.EncodeToString(sum[:]) || got.Alone || got.Public {
				t.Errorf("%+v, want that of %s", got, tt.want.Subject.CommonName)
			}
		})
	}
}
