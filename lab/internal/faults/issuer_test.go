package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	okta       = "https://dev-123456789.okta.com/oauth2/default"
	entra      = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0"
	oidcRole   = "arn:aws:iam::444455556666:role/tip-oidc-role"
	enhanced   = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	redirect   = "http://localhost:8090/callback"
	noProvider = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
)

// relyingParty is a client of Okta's face with oauth2.
type relyingParty struct {
	*oauth2.Config
	client *http.Client
	ctx    context.Context // carries the HTTP client, as oauth2 wants it
}

func party(t *testing.T, b *probe.Bench) *relyingParty {
	t.Helper()
	client := b.Lab.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &relyingParty{client: client, ctx: context.WithValue(t.Context(), oauth2.HTTPClient, client), Config: &oauth2.Config{
		ClientID: labtest.ClientID, RedirectURL: redirect, Scopes: []string{"openid", "offline_access"},
		Endpoint: oauth2.Endpoint{AuthURL: okta + "/v1/authorize", TokenURL: okta + "/v1/token", AuthStyle: oauth2.AuthStyleInParams},
	}}
}

// signIn signs the analyst in.
func (p *relyingParty) signIn() (*oauth2.Token, error) {
	verifier := oauth2.GenerateVerifier()
	page := p.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)) + "&lab_login=analyst&lab_password=analyst"
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return nil, errors.New(resp.Status)
	}
	return p.Exchange(p.ctx, to.Query().Get("code"), oauth2.VerifierOption(verifier))
}

// refresh uses a refresh token.
func (p *relyingParty) refresh(t *oauth2.Token) (*oauth2.Token, error) {
	return p.TokenSource(p.ctx, &oauth2.Token{RefreshToken: t.RefreshToken}).Token()
}

// TestTokenEndpoint: what oauth2 makes of the faults of a token endpoint. Okta has
// words of its own for too many requests.
func TestTokenEndpoint(t *testing.T) {
	b := probe.Start(t)
	p := party(t, b)
	token := p.mustSignIn(t)
	for _, c := range []struct {
		fault        lab.Fault
		status       int
		body, header string
	}{
		{lab.Fault{Do: lab.FaultThrottle}, 429, `"errorCode":"E0000047"`, "1"},
		{lab.Fault{Do: lab.FaultThrottle, RetryAfter: lab.FaultDuration(90 * time.Second)}, 429, `"errorCode":"E0000047"`, "90"},
		{lab.Fault{Do: lab.FaultInternalError}, 500, `"error":"server_error"`, ""},
		{lab.Fault{Do: lab.FaultUnavailable}, 503, `"error":"temporarily_unavailable"`, "1"},
		{lab.Fault{Do: lab.FaultDeny}, 403, `"error":"access_denied"`, ""},
		{lab.Fault{Do: lab.FaultRefuse, Code: "invalid_grant", Message: "gone", Status: 400}, 400, `{"error":"invalid_grant","error_description":"gone"}`, ""},
		{lab.Fault{Do: lab.FaultRefuse, Code: "invalid_client", Status: 401}, 401, `"error":"invalid_client"`, ""},
		{lab.Fault{Do: lab.FaultReset}, 0, "", ""},
		{lab.Fault{Do: lab.FaultTruncate}, 0, "", ""},
		{lab.Fault{Do: lab.FaultGarbage}, 0, "", ""},
		{lab.Fault{Do: lab.FaultExpire}, 400, "invalid_grant", ""},
	} {
		t.Run(string(c.fault.Do), func(t *testing.T) {
			c.fault.Name, c.fault.Service, c.fault.Operation, c.fault.Issuer, c.fault.Times = "one", "idp", "token", "okta", 1
			labtest.Fault(t, b.Lab, c.fault)
			_, err := p.refresh(token)
			var refused *oauth2.RetrieveError
			switch {
			case err == nil:
				t.Fatal("there is a token")
			case !errors.As(err, &refused) && c.status != 0:
				t.Fatal(err)
			case c.status == 0:
			case refused.Response.StatusCode != c.status || !strings.Contains(string(refused.Body), c.body) || refused.Response.Header.Get("Retry-After") != c.header:
				t.Errorf("status %d, Retry-After %q: %s", refused.Response.StatusCode, refused.Response.Header.Get("Retry-After"), refused.Body)
			}
			if n := labtest.Struck(t, b.Lab, "one"); n != 1 {
				t.Errorf("it struck %d times", n)
			}
			token = p.mustSignIn(t)
		})
	}
}

func (p *relyingParty) mustSignIn(t *testing.T) *oauth2.Token {
	t.Helper()
	token, err := p.signIn()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestThrottledProvider: providers without words of their own, and Okta's headers.
func TestThrottledProvider(t *testing.T) {
	b := probe.Start(t)
	labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultThrottle, Service: "idp", Operation: "keys"})
	read := func(address string) (http.Header, map[string]any) {
		resp := exchange(t, b, getting(t, address))
		if resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", address, resp.StatusCode)
		}
		text, err := io.ReadAll(resp.Body)
		probe.Must(t, text, err)
		var m map[string]any
		probe.Must(t, 0, json.Unmarshal(text, &m))
		return resp.Header, m
	}
	header, body := read(okta + "/v1/keys")
	if header.Get("X-Rate-Limit-Remaining") != "0" || header.Get("X-Rate-Limit-Reset") == "" || body["errorCode"] != "E0000047" {
		t.Errorf("Okta: %v, %v", header, body)
	}
	header, body = read(strings.TrimSuffix(entra, "/v2.0") + "/discovery/v2.0/keys")
	if header.Get("X-Rate-Limit-Remaining") != "" || body["error"] != "temporarily_unavailable" {
		t.Errorf("Entra ID: %v, %v", header, body)
	}
}

// TestEndpoints: each endpoint is struck under its name, and no other.
func TestEndpoints(t *testing.T) {
	b := probe.Start(t)
	for address, want := range map[string]string{
		okta + "/.well-known/openid-configuration":       "discovery",
		okta + "/.well-known/oauth-authorization-server": "discovery",
		okta + "/v1/keys":                         "keys",
		okta + "/v1/authorize":                    "authorize",
		okta + "/v1/userinfo":                     "userinfo",
		"https://dev-123456789.okta.com/activate": "device",
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE00/.well-known/x": "",
		okta + "/v1/nothing": "",
	} {
		t.Run(address, func(t *testing.T) {
			labtest.Fault(t, b.Lab, lab.Fault{Name: "none", Do: lab.FaultDelay, Delay: 1, Service: "idp", Operation: "logout"})
			labtest.Fault(t, b.Lab, lab.Fault{Name: "this", Do: lab.FaultDelay, Delay: 1, Service: "idp", Operation: cmpOr(want, "*")})
			exchange(t, b, getting(t, address))
			got := []int{labtest.Struck(t, b.Lab, "none"), labtest.Struck(t, b.Lab, "this")}
			if diff := cmp.Diff([]int{0, min(len(want), 1)}, got); diff != "" {
				t.Errorf("struck (-want +got):\n%s", diff)
			}
		})
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// webIdentity is AssumeRoleWithWebIdentity with a token.
func webIdentity(b *probe.Bench, token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return sts.NewFromConfig(b.Config(aws.AnonymousCredentials{})).AssumeRoleWithWebIdentity(b.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(oidcRole), RoleSessionName: aws.String("session"), WebIdentityToken: &token,
	})
}

func idToken(b *probe.Bench, login string) string {
	b.Helper()
	who, err := labtest.SignIn(b.Lab, "okta", login)
	return probe.Must(b, who, err).Token
}

// TestBrokenProvider: what STS answers while the provider behind a token is down,
// slow or broken. Each time the keys are not cached yet.
func TestBrokenProvider(t *testing.T) {
	down := probe.Answer{Status: 400, Code: "InvalidIdentityToken", Message: noProvider}
	broken := probe.Answer{Status: 400, Code: "InvalidIdentityToken", Message: "*"}
	for name, c := range map[string]struct {
		fault lab.Fault
		want  probe.Answer
	}{
		"down":                 {lab.Fault{Do: lab.FaultReset}, down},
		"unavailable":          {lab.Fault{Do: lab.FaultUnavailable}, down},
		"keys unavailable":     {lab.Fault{Do: lab.FaultUnavailable, Operation: "keys"}, down},
		"keys broken":          {lab.Fault{Do: lab.FaultGarbage, Operation: "keys"}, broken},
		"keys cut":             {lab.Fault{Do: lab.FaultTruncate, Operation: "keys"}, down},
		"no keys":              {lab.Fault{Do: lab.FaultGarbage, Body: `{"keys": []}`, Operation: "keys"}, broken},
		"discovery broken":     {lab.Fault{Do: lab.FaultGarbage, Operation: "discovery"}, broken},
		"slow, but not much":   {lab.Fault{Do: lab.FaultDelay, Delay: 1}, probe.Answer{}},
		"another content type": {lab.Fault{Do: lab.FaultContentType, ContentType: "text/plain"}, probe.Answer{}},
		"another issuer":       {lab.Fault{Do: lab.FaultReset, Issuer: "entra-id"}, probe.Answer{}},
		"another endpoint":     {lab.Fault{Do: lab.FaultReset, Operation: "token"}, probe.Answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := probe.Start(t)
			token := idToken(b, "analyst")
			c.fault.Service = "idp"
			labtest.Fault(t, b.Lab, c.fault)
			_, err := webIdentity(b, token)
			probe.Expect(t, c.want, err)
		})
	}
}

// TestRotatedKeys: tokens that were signed with the old keys verify as long as those
// are published; new tokens always do.
func TestRotatedKeys(t *testing.T) {
	for name, c := range map[string]struct {
		rotate func(*probe.Bench)
		old    string
	}{
		"at once":             {func(b *probe.Bench) { probe.Must(b, 0, b.Lab.RotateKeysNow("okta")) }, "InvalidIdentityToken"},
		"with the old one":    {func(b *probe.Bench) { probe.Must(b, 0, b.Lab.RotateKeys("okta")) }, ""},
		"by a fault":          {strikeOnce(lab.Fault{Do: lab.FaultRotateKeys, Service: "idp", Operation: "discovery"}), "InvalidIdentityToken"},
		"by a fault, kept":    {strikeOnce(lab.Fault{Do: lab.FaultRotateKeys, KeepOld: true, Service: "idp", Operation: "discovery"}), ""},
		"by a fault of STS":   {strikeOnce(lab.Fault{Do: lab.FaultRotateKeys, Issuer: "okta", Service: "sts"}), "InvalidIdentityToken"},
		"by another's fault":  {strikeOnce(lab.Fault{Do: lab.FaultRotateKeys, Issuer: "entra-id", Service: "sts"}), ""},
		"of another provider": {func(b *probe.Bench) { probe.Must(b, 0, b.Lab.RotateKeysNow("entra-id")) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := probe.Start(t)
			old := idToken(b, "analyst")
			c.rotate(b)
			_, err := webIdentity(b, idToken(b, "analyst"))
			probe.Expect(t, probe.Answer{}, err)
			_, err = webIdentity(b, old)
			if got := ended(err); got != c.old {
				t.Errorf("the old token: %q, want %q: %v", got, c.old, err)
			}
		})
	}
	b := probe.Start(t)
	if b.Lab.RotateKeysNow("nobody") == nil {
		t.Error("keys of nobody are rotated")
	}
	if _, err := b.Lab.AddFaults(lab.Fault{Do: lab.FaultRotateKeys, Issuer: "nobody"}); err == nil || !strings.Contains(err.Error(), `no issuer "nobody"`) {
		t.Errorf("a fault for nobody's keys: %v", err)
	}
}

// strikeOnce sets a fault that the next request strikes, and sends one.
func strikeOnce(f lab.Fault) func(*probe.Bench) {
	return func(b *probe.Bench) {
		f.Times = 1
		names := labtest.Fault(b, b.Lab, f)
		_, _ = webIdentity(b, idToken(b, "analyst")) // refused if its own key has gone meanwhile
		if n := labtest.Struck(b, b.Lab, names[0]); n != 1 {
			b.Fatalf("it struck %d times", n)
		}
	}
}
