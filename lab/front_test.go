package lab_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// raw sends bytes to the lab's port and reads one answer.
func raw(t *testing.T, l *lab.Lab, request string) (*http.Response, string) {
	t.Helper()
	conn := dial(t, l)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func dial(t *testing.T, l *lab.Lab) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address(l))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func address(l *lab.Lab) string { return strings.TrimPrefix(l.Endpoint(), "http://") }

func TestForeignHostsAreRefused(t *testing.T) {
	b := start(t, strict)
	own := address(b.lab)
	_, port, _ := net.SplitHostPort(own)
	line := func(method, target, host string) string {
		return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", method, target, host)
	}
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"CONNECT elsewhere":          {line("CONNECT", "example.com:443", "example.com:443"), 403},
		"CONNECT to another issuer":  {line("CONNECT", "dev-987654321.okta.com:443", "dev-987654321.okta.com:443"), 403},
		"CONNECT to port 80":         {line("CONNECT", "sts.eu-west-1.amazonaws.com:80", "sts.eu-west-1.amazonaws.com:80"), 403},
		"CONNECT without port":       {line("CONNECT", "sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com"), 403},
		"CONNECT to loopback":        {line("CONNECT", "127.0.0.1:443", "127.0.0.1:443"), 403},
		"CONNECT to the metadata":    {line("CONNECT", "169.254.169.254:443", "169.254.169.254:443"), 403},
		"CONNECT to a look-alike":    {line("CONNECT", "sts.eu-west-1.amazonaws.com.example.com:443", "sts.eu-west-1.amazonaws.com.example.com:443"), 403},
		"CONNECT to a region of IAM": {line("CONNECT", "iam.eu-west-1.amazonaws.com:443", "iam.eu-west-1.amazonaws.com:443"), 403},
		"CONNECT to another service": {line("CONNECT", "ec2.eu-west-1.amazonaws.com:443", "ec2.eu-west-1.amazonaws.com:443"), 403},
		"absolute form elsewhere":    {line("GET", "http://example.com/", "example.com"), 403},
		"absolute form, metadata":    {line("GET", "http://169.254.169.254/latest/meta-data/", "169.254.169.254"), 403},
		"absolute form, STS":         {line("GET", "http://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "sts.eu-west-1.amazonaws.com"), 403},
		"host elsewhere":             {line("GET", "/_lab/health", "example.com"), 403},
		"host elsewhere, our port":   {line("GET", "/_lab/events", "example.com:"+port), 403},
		"host of another port":       {line("GET", "/_lab/events", "127.0.0.1:1"), 403},
		"localhost of another port":  {line("GET", "/_lab/events", "localhost:1"), 403},
		"host without port":          {line("GET", "/_lab/events", "127.0.0.1"), 403},
		"no host":                    {"GET /_lab/events HTTP/1.0\r\n\r\n", 403},
		"own":                        {line("GET", "/_lab/health", own), 200},
		"own by name":                {line("GET", "/_lab/health", "localhost:"+port), 200},
		"own, unknown":               {line("GET", "/_lab/secrets", own), 404},
		"own, not to be posted":      {line("POST", "/_lab/events", own), 405},
		"own through a name of AWS":  {line("GET", "http://sts.eu-west-1.amazonaws.com/_lab/events", "sts.eu-west-1.amazonaws.com"), 404},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := raw(t, b.lab, c.request)
			if name == "own through a name of AWS" {
				if strings.Contains(body, "Records") {
					t.Error("the trail is served under the name of STS")
				}
				return
			}
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d; %s", resp.StatusCode, c.status, body)
			}
			if name == "absolute form, STS" && !strings.Contains(body, "MissingAuthenticationToken") {
				t.Errorf("STS did not answer: %s", body)
			}
		})
	}
}

// The two hosts inside a tunnel count as they do outside.
func TestTunnels(t *testing.T) {
	b := start(t, strict)
	tunnel := func(t *testing.T, protocols ...string) *tls.Conn {
		t.Helper()
		conn := dial(t, b.lab)
		if _, err := io.WriteString(conn, "CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com:443\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("CONNECT: %v %v", resp, err)
		}
		_ = resp.Body.Close()
		config := b.client.Transport.(*http.Transport).TLSClientConfig.Clone()
		config.ServerName, config.NextProtos = "sts.eu-west-1.amazonaws.com", protocols
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return secured
	}
	t.Run("HTTP/2 is not offered", func(t *testing.T) {
		if p := tunnel(t, "h2", "http/1.1").ConnectionState().NegotiatedProtocol; p != "http/1.1" {
			t.Errorf("negotiated %q", p)
		}
	})
	t.Run("another host inside", func(t *testing.T) {
		conn := tunnel(t)
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("answer %v, %v", resp, err)
		}
	})
	t.Run("the certificate is the host's", func(t *testing.T) {
		if err := tunnel(t).ConnectionState().PeerCertificates[0].VerifyHostname("example.com"); err == nil {
			t.Error("the certificate is for any host")
		}
	})
	t.Run("others do not trust it", func(t *testing.T) {
		proxy, _ := url.Parse(b.lab.Endpoint())
		c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
		defer c.CloseIdleConnections()
		if resp, err := c.Get("https://sts.eu-west-1.amazonaws.com/"); err == nil {
			_ = resp.Body.Close()
			t.Error("a client without the lab's CA trusts it")
		}
	})
}

// The endpoint door tells services apart by the signature, or by what an unsigned request can be for.
func TestEndpointDoor(t *testing.T) {
	b := start(t)
	ctx := t.Context()
	b.door, b.send = b.lab.Endpoint(), http.DefaultClient
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	token, err := b.lab.IssueIDToken("loopback", "analyst", clientID)
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.webIdentity(oidcRole, token)
	expect(t, answer{}, err)
	if err != nil {
		return
	}
	created, err := b.createToken(static(out.Credentials), asserting(token))
	expect(t, answer{}, err)
	if err != nil {
		return
	}
	_, err = b.assume(static(out.Credentials), enhanced, providing(*created.AwsAdditionalDetails.IdentityContext))
	expect(t, answer{}, err)
	objects := s3.NewFromConfig(b.config(labtest.Admin()), func(o *s3.Options) { o.UsePathStyle = true })
	expect(t, answer{}, get(ctx, objects, "reports/summary.txt"))
	for name, c := range map[string]struct{ method, path, want string }{
		"unsigned STS":        {"POST", "/?Action=GetCallerIdentity&Version=2011-06-15", "MissingAuthenticationToken"},
		"unsigned token":      {"POST", "/token?aws_iam=t", "Missing Authentication Token"},
		"unsigned s3control":  {"GET", "/v20180820/accessgrantsinstance/caller/grants", "<ErrorResponse"},
		"unsigned object":     {"GET", "/tip-demo-data/reports/summary.txt", "<Code>AccessDenied</Code>"},
		"discovery":           {"GET", "/idp/.well-known/openid-configuration", "jwks_uri"},
		"unsigned, no object": {"GET", "/no-such-bucket/x", "<Error>"},
	} {
		t.Run(name, func(t *testing.T) {
			body := ""
			if c.method == "POST" && c.path[1] == '?' {
				body = c.path[2:]
				c.path = "/"
			}
			req, err := http.NewRequestWithContext(ctx, c.method, b.lab.Endpoint()+c.path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body != "" {
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if text, _ := io.ReadAll(resp.Body); !strings.Contains(string(text), c.want) {
				t.Errorf("%d %s, want %q", resp.StatusCode, text, c.want)
			}
		})
	}
}

func TestRegionsOfHosts(t *testing.T) {
	b := start(t, strict)
	for _, region := range []string{"eu-west-1", "us-east-1", "ap-southeast-2"} {
		config := b.config(labtest.Admin())
		config.Region = region
		_, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
		expect(t, answer{}, err)
	}
}

func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		opts lab.Options
		want string
	}{
		"every interface":   {lab.Options{Addr: "0.0.0.0:0"}, "loopback only"},
		"no host":           {lab.Options{Addr: ":0"}, "loopback only"},
		"another host":      {lab.Options{Addr: "example.com:0"}, "loopback only"},
		"no port":           {lab.Options{Addr: "127.0.0.1"}, "missing port"},
		"world":             {lab.Options{World: []byte("version: 2\nregion: eu-west-1\n")}, "this lab reads version 1"},
		"no YAML":           {lab.Options{World: []byte("{")}, "world file"},
		"unknown key":       {lab.Options{World: []byte("version: 1\nregoin: eu-west-1\n")}, "regoin"},
		"edited to nothing": {lab.Options{Edit: func(w *lab.World) { w.Accounts = nil }}, "at least one is needed"},
		"unknown partition": {lab.Options{Edit: func(w *lab.World) { w.Partition = "moon" }}, "partition"},
		"unknown operator": {lab.Options{Edit: func(w *lab.World) {
			w.Accounts[1].Roles[0].Policies = map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", "*", "Condition", map[string]any{"StringSort": map[string]any{"aws:userid": "x"}}))}
		}}, "StringSort"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := lab.Start(t.Context(), c.opts)
			if err == nil {
				_ = l.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to say %q", err, c.want)
			}
		})
	}
}

// A lab leaves nothing behind: no goroutine, no port, whatever its clients are doing.
func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	l, err := lab.Start(context.Background(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := l.HTTPClient()
	if _, err := sts.NewFromConfig(aws.Config{Region: "eu-west-1", HTTPClient: client, Credentials: labtest.Admin()}).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// A client that opens a tunnel and then says nothing.
	silentConn, err := net.Dial("tcp", address(l))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silentConn.Close() }()
	_, _ = io.WriteString(silentConn, "CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com:443\r\n\r\n")
	if _, err := bufio.NewReader(silentConn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("Close took %v", d)
	}
	client.CloseIdleConnections()
	if conn, err := net.DialTimeout("tcp", address(l), time.Second); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
	goleak.VerifyNone(t, before)
}

func TestTwoLabsKnowNothingOfEachOther(t *testing.T) {
	one, two := start(t, strict), start(t, strict)
	_, err := two.webIdentity(oidcRole, one.jwt("analyst"))
	expect(t, invalidToken("The ID Token's signature is invalid"), err)
	_, err = two.sts(one.session(oidcRole)).GetCallerIdentity(t.Context(), nil)
	expect(t, answer{403, "InvalidClientTokenId", "The security token included in the request is invalid."}, err)
	_, err = two.assume(two.session(oidcRole), enhanced, providing(one.context(analyst)))
	expect(t, answer{400, "ValidationError", "The provided context assertion is not valid."}, err)
}

func TestOwnPaths(t *testing.T) {
	b := start(t, strict)
	for path, want := range map[string]string{"health": `"status": "ok"`, "ca.pem": "BEGIN CERTIFICATE", "events": `"Records"`} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.lab.Endpoint()+"/_lab/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(text), want) || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("/_lab/%s: %s %v", path, text, resp.Header)
		}
		if strings.Contains(path, "events") && !json.Valid(text) {
			t.Error("the trail is no JSON")
		}
	}
}
