package lab_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// Under the host name of a bucket, every path is a key of that bucket.
func TestABucketsHostHasNoOwnPaths(t *testing.T) {
	b := start(t, strict)
	_, port, _ := net.SplitHostPort(address(b.lab))
	resp, body := raw(t, b.lab, fmt.Sprintf("GET /_lab/health HTTP/1.1\r\nHost: tip-demo-data.localhost:%s\r\nConnection: close\r\n\r\n", port))
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("status %d, %s", resp.StatusCode, body)
	}
}

// Host names have no case.
func TestOwnPathsUnderAnyCase(t *testing.T) {
	b := start(t, strict)
	_, port, _ := net.SplitHostPort(address(b.lab))
	for _, host := range []string{"localhost", "LocalHost", "LOCALHOST"} {
		resp, body := raw(t, b.lab, fmt.Sprintf("GET /_lab/health HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", host, port))
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, `"status": "ok"`) {
			t.Errorf("%s: status %d, %s", host, resp.StatusCode, body)
		}
	}
}

// These names look like S3's, but belong to other services.
func TestHostsBesideS3AreRefused(t *testing.T) {
	b := start(t, strict)
	for _, host := range []string{
		"tip-demo-data.s3-website-eu-west-1.amazonaws.com", "tip-demo-data.s3-website.eu-west-1.amazonaws.com",
		"s3-control-eu-west-1.amazonaws.com", "point-444455556666.s3-accesspoint.eu-west-1.amazonaws.com", "s3-outposts.eu-west-1.amazonaws.com",
		"sts.nowhere.amazonaws.com", "oidc.nowhere.amazonaws.com", "444455556666.s3-control.nowhere.amazonaws.com",
	} {
		if resp, _ := raw(t, b.lab, fmt.Sprintf("CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", host)); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", host, resp.StatusCode)
		}
	}
}

// An object that a browser shows at the endpoint door is no page of the lab's origin.
func TestObjectsOpenInASandbox(t *testing.T) {
	b := start(t, strict)
	for dest, want := range map[string]string{"document": "sandbox", "iframe": "sandbox", "empty": "", "": ""} {
		resp, _ := raw(t, b.lab, fmt.Sprintf("GET /tip-demo-data/page.html HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Dest: %s\r\nConnection: close\r\n\r\n", address(b.lab), dest))
		if got := resp.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%q: policy %q, want %q", dest, got, want)
		}
	}
}

// The proxy door answers for both hosts of a Cognito user pool.
func TestBothHostsOfAUserPool(t *testing.T) {
	b := start(t, strict, func(w *lab.World) {
		pool := w.Issuers[0]
		pool.Name, pool.Face, pool.URL, pool.RotationGrace = "pool", "cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", 0
		pool.Domain = "people.auth.eu-west-1.amazoncognito.com"
		w.Issuers = append(w.Issuers, pool)
	})
	for address, want := range map[string]int{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123/.well-known/openid-configuration": http.StatusOK,
		"https://people.auth.eu-west-1.amazoncognito.com/oauth2/token":                                     http.StatusMethodNotAllowed,
	} {
		resp, err := b.client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", address, resp.StatusCode, want)
		}
	}
	if resp, err := b.client.Get("https://other.auth.eu-west-1.amazoncognito.com/oauth2/token"); err == nil {
		_ = resp.Body.Close()
		t.Error("a domain of nobody is answered")
	}
}
