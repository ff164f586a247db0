// Package tlsca is the lab's certificate authority: one CA and one leaf key per
// run, certificates minted for the host names that clients ask for.
//
// The CA's key does not leave memory, so that a trusted certificate is worthless
// once the lab has ended, unless somebody keeps what [CA.Marshal] returns. A [CA] is safe for concurrent use.
package tlsca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

const (
	lifetime = 30 * 24 * time.Hour
	// leafLimit bounds the certificates kept, one per host name.
	leafLimit = 1000
)

// ErrOld says that a CA ends soon or has ended.
var ErrOld = errors.New("the CA certificate has ended")

// CA signs server certificates.
type CA struct {
	certificate *x509.Certificate
	der         []byte
	key         *ecdsa.PrivateKey
	leafKey     *ecdsa.PrivateKey

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// New makes a CA with a fresh key.
func New() (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "tip-lab CA of " + now.UTC().Format(time.RFC3339)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &CA{certificate: certificate, der: der, key: key, leafKey: leafKey, leaves: map[string]*tls.Certificate{}}, nil
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

// PEM is the CA's certificate.
func (c *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.der})
}

// Pool holds the CA's certificate and nothing else.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.certificate)
	return pool
}

// LeafSPKI is the base64 SHA-256 of the leaf key's SubjectPublicKeyInfo, as
// Chromium's --ignore-certificate-errors-spki-list takes it. Every leaf has that key.
func (c *CA) LeafSPKI() (string, error) {
	der, err := x509.MarshalPKIXPublicKey(c.leafKey.Public())
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// Config is a TLS configuration whose certificate follows the client's SNI, or
// host where the client sends none. It offers HTTP/1.1 only.
func (c *CA) Config(host string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if name == "" {
				name = host
			}
			return c.leaf(name)
		},
	}
}

func (c *CA) leaf(name string) (*tls.Certificate, error) {
	if name == "" || len(name) > 253 {
		return nil, errors.New("no host name to make a certificate for")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if leaf, ok := c.leaves[name]; ok {
		return leaf, nil
	}
	if len(c.leaves) >= leafLimit {
		clear(c.leaves)
	}
	leaf, err := c.mint(name)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", name, err)
	}
	c.leaves[name] = leaf
	return leaf, nil
}

func (c *CA) mint(name string) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "tip-lab"},
		NotBefore: c.certificate.NotBefore, NotAfter: c.certificate.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.certificate, c.leafKey.Public(), c.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, c.der}, PrivateKey: c.leafKey}, nil
}
