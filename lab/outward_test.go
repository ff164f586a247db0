package lab_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// dials records where a client connects to, and lets it reach loopback only.
type dials struct {
	mu    sync.Mutex
	hosts []string
}

func (d *dials) watch(c *http.Client) {
	c.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		d.mu.Lock()
		d.hosts = append(d.hosts, addr)
		d.mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
}

// Neither the lab itself nor its clients open a connection to anywhere but loopback.
func TestNothingIsDialledOutside(t *testing.T) {
	p := newIDP(t, map[string]func(*idp, *documents){"good": faults()["good"], "keys-elsewhere": faults()["keys-elsewhere"], "elsewhere": func(_ *idp, d *documents) {
		d.discovery["jwks_uri"] = "http://93.184.215.14/keys"
	}})
	issuers := map[string]string{"good": p.issuer("good"), "keys-elsewhere": p.issuer("keys-elsewhere"), "elsewhere": p.issuer("elsewhere"), "far": "https://idp.example.com"}
	b := start(t, trusted(issuers))
	var d dials
	d.watch(b.lab.Inner())
	d.watch(b.client)
	for name, issuer := range issuers {
		_, err := b.webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, "rsa", issuer, nil))
		if (err == nil) != (name == "good") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.webIdentity(oidcRole, b.jwt("analyst"))
	expect(t, answer{}, err)
	for _, address := range []string{"https://example.com/", "http://example.com/", "http://169.254.169.254/latest/meta-data/", "https://ec2.eu-west-1.amazonaws.com/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := b.client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s was answered with %d", address, resp.StatusCode)
			}
		}
	}
	if len(d.hosts) == 0 {
		t.Fatal("no connection was seen")
	}
	for _, addr := range d.hosts {
		host, _, err := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			t.Errorf("a connection to %s", addr)
		}
	}
}

// Nothing in the lab can open a connection but the one client that it hands to its key fetcher.
func TestOnlyOneClientCanDial(t *testing.T) {
	forbidden := map[string][]string{
		"net":  {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
		"tls":  {"Dial", "DialWithDialer", "Dialer"},
		"http": {"Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport"},
	}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := s.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, name := range forbidden[pkg.Name] {
				if s.Sel.Name == name {
					t.Errorf("%s uses %s.%s", path, pkg.Name, name)
				}
			}
			if pkg.Name == "http" && (s.Sel.Name == "Transport" || s.Sel.Name == "ProxyFromEnvironment") && path != "client.go" {
				t.Errorf("%s makes an http.Transport of its own", path)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
