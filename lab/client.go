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

// connectionsPerHost bounds the connections of a client of [Lab.HTTPClient]. Each
// costs two open files where client and lab are one process, of which a system
// may allow as few as 1,024, and more would not be any faster.
const connectionsPerHost = 128

// HTTPClient returns a client that reaches every host of the lab through the
// proxy door, and loopback directly. It reaches nothing else. It has at most 128
// connections to a host, which it keeps; further requests wait for one, so that
// thousands may be sent at once. Close its idle connections when it is done with.
func (l *Lab) HTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:               l.proxyFor,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: l.ca.Pool()},
		MaxConnsPerHost:     connectionsPerHost,
		MaxIdleConnsPerHost: connectionsPerHost,
	}}
}

func (l *Lab) proxyFor(r *http.Request) (*url.URL, error) {
	if loopbackHost(r.URL.Hostname()) {
		return nil, nil
	}
	return &url.URL{Scheme: "http", Host: l.addr}, nil
}
