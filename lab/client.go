package lab

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// loopbackHost reports whether a host name or address is this machine.
func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// HTTPClient returns a client that reaches every host of the lab through the
// proxy door, and loopback directly. It reaches nothing else.
func (l *Lab) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:           l.proxyFor,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: l.ca.Pool()},
	}}
}

func (l *Lab) proxyFor(r *http.Request) (*url.URL, error) {
	if loopbackHost(r.URL.Hostname()) {
		return nil, nil
	}
	return &url.URL{Scheme: "http", Host: l.addr}, nil
}
