package sigv4_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// rawRequest is a valid signed request as lines on the wire.
func rawRequest(t *testing.T) (lines []string, body string) {
	t.Helper()
	r, text := signedSTS(t)
	lines = []string{"POST / HTTP/1.1", "Host: " + r.Host, fmt.Sprintf("Content-Length: %d", len(text))}
	for _, name := range []string{"Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "Authorization"} {
		lines = append(lines, name+": "+r.Header.Get(name))
	}
	return lines, string(text)
}

// exchange sends lines and body over a connection of its own.
func exchange(t *testing.T, address string, lines []string, body string) int {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\nConnection: close\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Behind a real server: what another parser might read in another way either says
// the same or is refused, by net/http (400) or by the verifier (403).
func TestRawRequests(t *testing.T) {
	v := verifierAt(testTime)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = v.Verify(r, body, stsScope)
		}
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	replace := func(old, now string) func([]string, string) ([]string, string) {
		return func(lines []string, body string) ([]string, string) {
			return strings.Split(strings.Replace(strings.Join(lines, "\r\n"), old, now, 1), "\r\n"), body
		}
	}
	add := func(more ...string) func([]string, string) ([]string, string) {
		return func(lines []string, body string) ([]string, string) { return append(lines, more...), body }
	}
	const host = "Host: sts.eu-west-1.amazonaws.com"
	for name, c := range map[string]struct {
		change func(lines []string, body string) ([]string, string)
		want   int
	}{
		"unchanged":               {add(), 200},
		"HTTP/1.0":                {replace("HTTP/1.1", "HTTP/1.0"), 200},
		"names in capitals":       {replace("X-Amz-Date", "X-AMZ-DATE"), 200},
		"names in small letters":  {replace("Authorization", "authorization"), 200},
		"redundant slashes":       {replace("POST / ", "POST //./ "), 200},
		"absolute form":           {replace("POST / ", "POST http://sts.eu-west-1.amazonaws.com/ "), 200},
		"absolute form elsewhere": {replace("POST / ", "POST http://iam.amazonaws.com/ "), 403},
		"host elsewhere, absolute form right": {func(lines []string, body string) ([]string, string) {
			lines, body = replace(host, "Host: elsewhere")(lines, body)
			return replace("POST / ", "POST http://sts.eu-west-1.amazonaws.com/ ")(lines, body)
		}, 200},
		"another host":           {replace(host, "Host: sts.us-east-1.amazonaws.com"), 403},
		"host twice":             {add("Host: elsewhere"), 400},
		"encoded slash":          {replace("POST / ", "POST /%2F "), 403},
		"encoded dots":           {replace("POST / ", "POST /%2e%2e/ "), 403},
		"segment parameter":      {replace("POST / ", "POST /;a "), 403},
		"query":                  {replace("POST / ", "POST /?Action=AssumeRole "), 403},
		"signature in the query": {replace("POST / ", "POST /?X-Amz-Signature=a "), 403},
		"another method":         {replace("POST / ", "PUT / "), 403},
		"authorization twice": {func(lines []string, body string) ([]string, string) {
			return append(lines, lines[len(lines)-1]), body
		}, 403},
		"another scheme first":  {replace("Authorization: ", "Authorization: Basic YTpi\r\nAuthorization: "), 403},
		"another scheme behind": {add("Authorization: Basic YTpi"), 403},
		"date twice":            {add("X-Amz-Date: 20260801T120000Z"), 403},
		"token twice":           {add("X-Amz-Security-Token: x"), 403},
		"an unsigned header":    {add("x-AMZ-target: a"), 403},
		"a folded header":       {replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256\r\n "), 200},
		"a space before colon":  {replace("X-Amz-Date:", "X-Amz-Date :"), 400},
		"length twice":          {add("Content-Length: 1"), 400},
		"length and chunks": {func(lines []string, body string) ([]string, string) {
			return append(lines, "Transfer-Encoding: chunked"), fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		}, 403},
		"unknown transfer coding": {add("Transfer-Encoding: gzip"), 501},
		"another body": {func(lines []string, body string) ([]string, string) {
			return lines, strings.Replace(body, "Get", "get", 1)
		}, 403},
		"a second request's worth of body": {func(lines []string, body string) ([]string, string) {
			return lines, body + "&Action=AssumeRole"
		}, 200}, // Content-Length ends it
	} {
		t.Run(name, func(t *testing.T) {
			lines, body := rawRequest(t)
			lines, body = c.change(lines, body)
			if got := exchange(t, server.Listener.Addr().String(), lines, body); got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
}
