package tlsca

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// oldAge is how long before its end a CA is not used again.
const oldAge = 24 * time.Hour

// Marshal is the CA with its private keys, in PEM, for [Parse].
func (c *CA) Marshal() ([]byte, error) {
	text := c.PEM()
	for _, key := range []*ecdsa.PrivateKey{c.key, c.leafKey} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("encode key: %w", err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	return text, nil
}

// Parse reads what [CA.Marshal] returned. The error is [ErrOld] for a CA that has
// ended or ends within a day.
func Parse(text []byte) (*CA, error) {
	var ders [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		ders = append(ders, block.Bytes)
	}
	if len(ders) != 3 {
		return nil, errors.New("not a CA with its keys")
	}
	certificate, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		key, err := x509.ParsePKCS8PrivateKey(ders[i+1])
		if err != nil {
			return nil, fmt.Errorf("key of the CA: %w", err)
		}
		var ok bool
		if keys[i], ok = key.(*ecdsa.PrivateKey); !ok {
			return nil, errors.New("key of the CA: not an elliptic curve")
		}
	}
	if !keys[0].PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("the key is not that of the CA certificate")
	}
	if time.Until(certificate.NotAfter) < oldAge {
		return nil, ErrOld
	}
	return &CA{certificate: certificate, der: ders[0], key: keys[0], leafKey: keys[1], leaves: map[string]*tls.Certificate{}}, nil
}
