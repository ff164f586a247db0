package tlsca_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/tlsca"
)

func newCA(t *testing.T) *tlsca.CA {
	t.Helper()
	ca, err := tlsca.New()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func leaf(t *testing.T, ca *tlsca.CA, host, sni string) *x509.Certificate {
	t.Helper()
	c, err := ca.Config(host).GetCertificate(&tls.ClientHelloInfo{ServerName: sni})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestLeavesAreForOneHost(t *testing.T) {
	ca := newCA(t)
	for name, c := range map[string]struct{ host, sni, want, foreign string }{
		"SNI":    {"a.example.com", "b.example.com", "b.example.com", "a.example.com"},
		"no SNI": {"a.example.com", "", "a.example.com", "b.example.com"},
		"IPv4":   {"127.0.0.1", "", "127.0.0.1", "127.0.0.2"},
		"IPv6":   {"::1", "", "::1", "::2"},
	} {
		t.Run(name, func(t *testing.T) {
			cert := leaf(t, ca, c.host, c.sni)
			for host, ok := range map[string]bool{c.want: true, c.foreign: false} {
				opts := x509.VerifyOptions{DNSName: host, Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
				if _, err := cert.Verify(opts); (err == nil) != ok {
					t.Errorf("for %s: %v", host, err)
				}
			}
			if _, err := cert.Verify(x509.VerifyOptions{Roots: newCA(t).Pool()}); err == nil {
				t.Error("another CA vouches for it")
			}
		})
	}
}

func TestNoNameNoLeaf(t *testing.T) {
	ca := newCA(t)
	for _, name := range []string{"", strings.Repeat("a", 254)} {
		if _, err := ca.Config(name).GetCertificate(&tls.ClientHelloInfo{}); err == nil {
			t.Errorf("a certificate for %q", name)
		}
	}
}

func TestCA(t *testing.T) {
	ca := newCA(t)
	block, rest := pem.Decode(ca.PEM())
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Fatal("PEM does not hold one certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !cert.IsCA || !cert.MaxPathLenZero || time.Until(cert.NotAfter) > 31*24*time.Hour {
		t.Errorf("CA %t, path length zero %t, until %v", cert.IsCA, cert.MaxPathLenZero, cert.NotAfter)
	}
	pin, err := ca.LeafSPKI()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"a.example.com", "b.example.com"} {
		sum := sha256.Sum256(leaf(t, ca, host, "").RawSubjectPublicKeyInfo)
		if pin != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("the pin is not that of the leaf for %s", host)
		}
	}
	if p := ca.Config("a.example.com").NextProtos; len(p) != 1 || p[0] != "http/1.1" {
		t.Errorf("protocols %v", p)
	}
}

// More names than are kept, from many goroutines.
func TestManyNames(t *testing.T) {
	ca := newCA(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 300 {
				if _, err := ca.Config(fmt.Sprintf("h%d-%d.example.com", i, j)).GetCertificate(&tls.ClientHelloInfo{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
