package tlsca_test

import (
	"bytes"
	"encoding/pem"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/tlsca"
)

func TestMarshalAndParse(t *testing.T) {
	ca, err := tlsca.New()
	if err != nil {
		t.Fatal(err)
	}
	text, err := ca.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := tlsca.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := ca.LeafSPKI()
	if now, err := again.LeafSPKI(); err != nil || now != pin || !bytes.Equal(ca.PEM(), again.PEM()) {
		t.Errorf("another CA: %s, was %s, %v", now, pin, err)
	}
	other, err := tlsca.New()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	certificate, keys := pem.Decode(text)
	junk := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})
	for name, bad := range map[string][]byte{
		"empty": nil, "no keys": ca.PEM(), "keys of another": append(ca.PEM(), foreign[len(other.PEM()):]...),
		"no key": append(append(ca.PEM(), junk...), junk...), "no certificate": append(append(junk, junk...), junk...),
		"one key": pem.EncodeToMemory(certificate), "four parts": append(bytes.Clone(text), keys...),
	} {
		if _, err := tlsca.Parse(bad); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
