package labtest

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Steady makes a client of aws-sdk-go-v2 that sends a copy of each request's body.
// [Config] has one already.
//
// The SDK closes the body as soon as the answer's head is there; if net/http is
// still looking for its end, it cuts the connection, and the rest of the answer is
// lost ("use of closed network connection", aws/aws-sdk-go-v2 issues 1825 and 2737).
// Loopback is fast enough for that to happen about once in a thousand requests.
func Steady(next aws.HTTPClient) aws.HTTPClient { return steady{next} }

type steady struct{ next aws.HTTPClient }

// Do implements aws.HTTPClient.
func (s steady) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return s.next.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := r.Clone(r.Context())
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return s.next.Do(c)
}
