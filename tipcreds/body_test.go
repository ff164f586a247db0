package tipcreds_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// early is an HTTP client that has the answer before net/http has looked for the
// end of the request's body: smithy-go closes the body then.
type early struct{ err error }

// Do implements aws.HTTPClient.
func (e *early) Do(r *http.Request) (*http.Response, error) {
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	_, e.err = io.Copy(io.Discard, r.Body) // what net/http does to find more than Content-Length
	return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// An answer that comes early must not make net/http close the connection under
// it: neither with clients of the provider nor with the caller's own.
func TestAnswerBeforeTheRequestEnded(t *testing.T) {
	for name, own := range map[string]bool{"AssumeRoleWithWebIdentity": false, "CreateTokenWithIAM": true} {
		t.Run(name, func(t *testing.T) {
			client := &early{err: errors.New("was not asked")}
			cfg := aws.Config{Region: "eu-west-1", HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", "")}
			token := func(context.Context) (string, error) { return webToken, nil }
			p, err := tipcreds.New(accessRole, application, token, func(o *tipcreds.Options) {
				o.AWSConfig = cfg
				if o.ApplicationRoleARN = applicationRole; own {
					o.ApplicationRoleARN, o.STSClient, o.SSOOIDCClient = "", sts.NewFromConfig(cfg), ssooidc.NewFromConfig(cfg)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Exchange(t.Context(), webToken); err == nil {
				t.Error("the exchange succeeded")
			}
			if client.err != nil {
				t.Errorf("the body of a request that has its answer: %v", client.err)
			}
		})
	}
}
