package s3agcreds_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// What passes is asked again: three times at most.
func TestPatience(t *testing.T) {
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html><body>busy"))
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   int32
	}{
		"429 without a code":             {html(http.StatusTooManyRequests), 3},
		"an answer that cannot be read":  {html(http.StatusOK), 3},
		"503":                            {html(http.StatusServiceUnavailable), 3},
		"a refusal that will not change": {denied, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); tt.answer(w, r) }))
			t.Cleanup(server.Close)
			client := s3control.New(s3control.Options{
				Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
				BaseEndpoint: aws.String(server.URL), HTTPClient: toServer(server),
			})
			p, err := s3agcreds.NewProvider(client, "111122223333", "s3://bucket/prefix/", types.PermissionRead)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Grant(t.Context()); err == nil || asked.Load() != tt.want {
				t.Errorf("asked %d times, want %d: %v", asked.Load(), tt.want, err)
			}
		})
	}
}

func denied(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte(`<ErrorResponse><Error><Code>AccessDenied</Code><Message>noise</Message></Error></ErrorResponse>`))
}

// toServer leads every host to a server, past the account in the host name.
func toServer(server *httptest.Server) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", server.Listener.Addr().String()
		return server.Client().Transport.RoundTrip(r)
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
