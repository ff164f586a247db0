package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// A server in which every request calls AWS as the user who sent it. The lab stands
// for AWS and the identity provider.
func Example() {
	aLab, err := lab.Start(context.Background(), lab.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = aLab.Close() }()

	// In a program: awsConfig, err := config.LoadDefaultConfig(ctx)
	awsConfig := labtest.Config(aLab, nil)
	httpClient := aLab.HTTPClient()
	defer httpClient.CloseIdleConnections()
	awsConfig.HTTPClient = httpClient
	ctx := oidc.ClientContext(context.Background(), httpClient) // for the lab

	pool, err := tipcreds.NewPool(
		"arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(o *tipcreds.PoolOptions) {
			o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/tip-oidc-role"
			o.AWSConfig = awsConfig
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := bearer.NewVerifier(ctx, "https://dev-123456789.okta.com/oauth2/default", &oidc.Config{ClientID: "0oaTipCliEXAMPLE"})
	if err != nil {
		fmt.Println(err)
		return
	}
	authenticated, err := bearer.New(pool, verifier, func(o *bearer.Options) { o.Realm = "reports" })
	if err != nil {
		fmt.Println(err)
		return
	}

	client := sts.NewFromConfig(pool.Config(awsConfig)) // one for all users
	whoami := func(w http.ResponseWriter, r *http.Request) {
		user, _ := tipcreds.UserFrom(r.Context())
		out, err := client.GetCallerIdentity(r.Context(), nil, func(o *sts.Options) { o.Credentials = user })
		if err != nil {
			if !bearer.Error(w, r, err) {
				http.Error(w, "cannot tell", http.StatusInternalServerError)
			}
			return
		}
		_, _ = fmt.Fprint(w, aws.ToString(out.Arn))
	}
	server := httptest.NewServer(authenticated(http.HandlerFunc(whoami)))
	defer server.Close()

	for _, login := range []string{"analyst", "engineer", ""} {
		fmt.Println(exampleGet(server.URL, aLab, login))
	}
	// Output:
	// 200 arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa
	// 200 arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb
	// 401 Bearer realm="reports"
}

// exampleGet is the client of the example: somebody who has signed in, or nobody.
func exampleGet(url string, l *lab.Lab, login string) string {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	if login != "" {
		who, err := labtest.SignIn(l, "okta", login)
		if err != nil {
			return err.Error()
		}
		r.Header.Set("Authorization", "Bearer "+who.Token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	if challenge := res.Header.Get("Www-Authenticate"); challenge != "" {
		return fmt.Sprint(res.StatusCode, " ", challenge)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", string(body))
}

// Clients of several issuers, whose access tokens need a scope, and whose name for a
// user is exchanged for that of the ID tokens.
func ExampleNew_options() {
	options := func(o *bearer.Options) {
		o.Logger = slog.Default()
		o.Check = func(_ context.Context, token *oidc.IDToken) error {
			var claims struct {
				Scopes []string `json:"scp"` // as Okta has them
			}
			if err := token.Claims(&claims); err != nil {
				return err
			}
			if !slices.Contains(claims.Scopes, "reports:read") {
				return bearer.InsufficientScope("reports:read")
			}
			return nil
		}
		o.Subject = func(_ context.Context, token *oidc.IDToken) (tipcreds.Subject, error) {
			var claims struct {
				UserID string `json:"uid"` // the sub of Okta's ID tokens
			}
			err := token.Claims(&claims)
			return tipcreds.Subject{Issuer: token.Issuer, ID: claims.UserID}, err
		}
		o.TokenSource = func(_ *http.Request, _ *oidc.IDToken, rawToken string) tipcreds.WebTokenProvider {
			return func(ctx context.Context) (string, error) { return exchangeAtIssuer(ctx, rawToken) }
		}
	}
	_, err := bearer.New(nil, bearer.Issuers{}, options)
	fmt.Println(err)
	// Output: tipcreds: pool: a pool of users is required
}

// exchangeAtIssuer stands for a token exchange (RFC 8693) at the identity provider.
func exchangeAtIssuer(context.Context, string) (string, error) {
	return "", errors.New("not in this example")
}

// A browser's session cookie has the token; whoever comes without one is sent to sign
// in.
func ExampleFromCookie() {
	options := func(o *bearer.Options) {
		o.Token = bearer.FromCookie("__Host-id_token")
		o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
			if refusal.Status == http.StatusUnauthorized && strings.Contains(r.Header.Get("Accept"), "text/html") {
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
				return
			}
			refusal.ServeHTTP(w, r)
		}
	}
	var o bearer.Options
	options(&o)
	r := httptest.NewRequest(http.MethodGet, "/reports", nil)
	r.Header.Set("Accept", "text/html")
	_, err := o.Token(r)
	w := httptest.NewRecorder()
	o.ErrorHandler(w, r, &bearer.RefusalError{Status: http.StatusUnauthorized, Err: err})
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /sign-in
}
