package sigv4_test

import (
	"net/http/httptest"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

func TestClaimedScope(t *testing.T) {
	sts := awswire.Scope{Region: "eu-west-1", Service: "sts"}
	for name, c := range map[string]struct {
		query, header string
		want          awswire.Scope
	}{
		"header":            {"", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/sts/aws4_request, SignedHeaders=host", sts},
		"presigned":         {"?X-Amz-Credential=AKIA%2F20260101%2Feu-west-1%2Fsts%2Faws4_request", "", sts},
		"header over query": {"?X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/sts/aws4_request", sts},
		"unsigned":          {"", "", awswire.Scope{}},
		"bearer":            {"", "Bearer x/y/z/a/b", awswire.Scope{}},
		"too short":         {"", "AWS4-HMAC-SHA256 Credential=AKIA/eu-west-1/sts/aws4_request", awswire.Scope{}},
	} {
		r := httptest.NewRequest("GET", "http://lab.example/"+c.query, nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		if got := sigv4.ClaimedScope(r); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
