package lab_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Whatever a list is asked for, credentials for a prefix see nothing beside it.
func TestListsStayWithinTheTarget(t *testing.T) {
	b := start(t, reachWorld)
	client := b.vended(b.person(analyst), "s3://"+bucket+"/r/a/*", "READ")
	keys, err := client.Options().Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, query := range []string{
		"prefix=r/a/", "prefix=r%2Fa%2F", "list-type=2&prefix=r/a/&start-after=r/z", "versions&prefix=r/a/", "uploads&prefix=r/a/",
		"prefix=r/a/../", "prefix=r/a/&prefix=r/", "prefix=r/&prefix=r/a/", "prefix=r/a/&delimiter=r", "prefix=r/a/&delimiter=%2F&marker=p",
		"prefix=r/a/&marker=", "prefix=r/a/&encoding-type=url&delimiter=k", "versions&prefix=r/a/&key-marker=private/&version-id-marker=null",
		"uploads&prefix=r/a/&key-marker=a&upload-id-marker=x", "prefix=", "", "list-type=2", "versions", "uploads", "prefix=r/a", "prefix=%72", "prefix=r%252Fa%252F",
		"list-type=2&prefix=r/a/&continuation-token=MTpwcml2YXRlLw%3D%3D", "prefix=r/a/*", "Prefix=r/a/", "prefix=R/a/",
	} {
		status, body := b.sign(keys, http.MethodGet, "/"+bucket+"?"+query)
		if status == http.StatusOK {
			seen++
		}
		for rest := body; strings.Contains(rest, "<Key>"); {
			var key string
			_, rest, _ = strings.Cut(rest, "<Key>")
			if key, _, _ = strings.Cut(rest, "<"); !strings.HasPrefix(key, "r/a/") {
				t.Errorf("?%s lists %s", query, key)
			}
		}
		for _, foreign := range []string{"r/ab/", "r/other", "<Prefix>r/</Prefix>"} {
			if status == http.StatusOK && strings.Contains(body, foreign) {
				t.Errorf("?%s tells of %s: %s", query, foreign, body)
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d lists were answered", seen)
	}
}

// sign sends a request to S3 as it is written, signed.
func (b *bench) sign(keys aws.Credentials, method, target string) (status int, body string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, "https://s3.eu-west-1.amazonaws.com"+target, nil)
	if err != nil {
		b.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	hash := hex.EncodeToString(empty[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(b.Context(), keys, req, hash, "s3", "eu-west-1", time.Now()); err != nil {
		b.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
