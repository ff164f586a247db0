package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// dialPatience bounds a connection to the proxy.
const dialPatience = 3 * time.Second

// authorities looks at the CA bundle, which was read when the HTTP client was made.
func (s *section) authorities() {
	const check = "local.authorities"
	path := s.Getenv(transport.CAVariable)
	ca, ok := errors.AsType[*transport.CAError](s.HTTPErr)
	switch {
	case ok:
		s.log.Found("local.ca-bundle-unusable", transport.CAVariable+" "+ca.Path, ca.Err.Error(), set(transport.CAVariable, "set it to a file with PEM certificates, or unset it"))
	case s.HTTPErr != nil:
		s.log.Unread(check, s.HTTPErr.Error(), nil)
	case path != "":
		s.log.OK(check, "those of the system, and those of "+path)
	default:
		s.log.OK(check, "those of the system")
	}
}

// proxySettings are the variables of a proxy for https, and of one for http.
func (s *section) proxySettings() map[string]string {
	found := map[string]string{}
	for _, names := range [][2]string{{"HTTPS_PROXY", "https_proxy"}, {"HTTP_PROXY", "http_proxy"}} {
		for _, name := range names {
			if value := s.Getenv(name); value != "" {
				found[name] = value
				break
			}
		}
	}
	return found
}

// proxy looks at the proxy of each kind of request. Where it cannot be, there is no HTTP for
// the sections to come.
func (s *section) proxy(ctx context.Context) {
	const check = "local.proxy"
	settings := s.proxySettings()
	if len(settings) == 0 {
		s.log.OK(check, "none is set")
		return
	}
	var seen []string
	before := len(s.log.Results())
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		address, err := proxyAddress(settings[name])
		if err == nil && s.proxied(name) {
			err = s.reach(ctx, name, address)
		} else if err != nil {
			s.log.Found("local.proxy-invalid", name, err.Error(), set(name, "set it to the address of the proxy, such as http://proxy.example.com:3128, or unset it"))
		}
		if err != nil {
			s.withoutHTTP(name, err)
			continue
		}
		seen = append(seen, name+" "+address.Redacted())
	}
	if len(s.log.Results()) == before {
		s.log.OK(check, strings.Join(seen, ", "))
	}
}

// proxied reports whether any request goes through the proxy of a variable: what leads to
// AWS and to the identity provider is https, unless an endpoint is set.
func (s *section) proxied(name string) bool {
	through := (&httpproxy.Config{
		HTTPSProxy: s.proxySettings()[name], HTTPProxy: s.proxySettings()[name],
		NoProxy: cmp.Or(s.Getenv("NO_PROXY"), s.Getenv("no_proxy")), CGI: s.Getenv("REQUEST_METHOD") != "",
	}).ProxyFunc()
	for _, target := range []string{s.Login.Issuer, config.Endpoint("sts", cmp.Or(s.Regions.Region, "us-east-1"))} {
		u, err := url.Parse(target)
		if err != nil || u.Host == "" || !strings.EqualFold(u.Scheme, strings.TrimSuffix(strings.ToLower(name), "_proxy")) {
			continue
		}
		if proxy, err := through(u); err == nil && proxy != nil {
			return true
		}
	}
	return false
}

// withoutHTTP has the sections to come say that there is no HTTP, instead of finding the
// same again.
func (s *section) withoutHTTP(name string, err error) {
	if s.HTTP = nil; s.HTTPErr == nil {
		s.HTTPErr = fmt.Errorf("%s: %w", name, err)
	}
	s.Center.Config, s.Center.Reason = nil, s.HTTPErr.Error()
	if s.Application.Config != nil {
		s.Application.Config, s.Application.Reason = nil, s.HTTPErr.Error()
	}
}

// proxyAddress reads the address of a proxy. The HTTP client takes one without a scheme
// for one with http, and makes something else of what is none.
func proxyAddress(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Hostname() == "":
		return nil, errors.New("it is no address of a proxy")
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, address.Scheme):
		return nil, fmt.Errorf("%s is no kind of proxy that can be used (http, https, socks5, socks5h)", address.Scheme)
	}
	return address, nil
}

func (s *section) reach(ctx context.Context, name string, address *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	port := cmp.Or(address.Port(), map[string]string{"http": "80", "https": "443"}[address.Scheme], "1080")
	conn, err := s.dial(ctx, "tcp", net.JoinHostPort(address.Hostname(), port))
	if err != nil {
		reason := innermost(err)
		s.log.Found("local.proxy-unreachable", name+" "+address.Redacted(), reason, set(name, "set it to a proxy that answers, or unset it where there is none; NO_PROXY names hosts that are reached without it"))
		return errors.New("the proxy does not answer: " + reason)
	}
	return conn.Close()
}

// innermost is the innermost error, which says most in the fewest words.
func innermost(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
