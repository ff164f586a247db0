package local

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
)

// Whether a proxy is used depends on NO_PROXY and on where AWS is: in China elsewhere.
func TestProxiedInChina(t *testing.T) {
	for region, want := range map[string]bool{"cn-north-1": false, "eu-west-1": true} {
		environ := map[string]string{"HTTPS_PROXY": "http://proxy.example.com:3128", "NO_PROXY": ".amazonaws.com.cn"}
		c := &chain.Chain{Getenv: func(name string) string { return environ[name] }}
		c.Regions.Region = region
		s := &section{Chain: c}
		if got := s.proxied("HTTPS_PROXY"); got != want {
			t.Errorf("%s: %t, not %t", region, got, want)
		}
	}
}
