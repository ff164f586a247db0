package lab_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// The page of a new lab's trail has a list, if an empty one.
func TestEmptyTrail(t *testing.T) {
	resp, err := http.Get(start(t, strict).lab.Endpoint() + "/_lab/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var page map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"Records": []any{}}, page); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

// lockedBuffer is a bytes.Buffer for several writers.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// chain runs the whole exchange and returns every secret that it saw.
func (b *bench) chain() (secrets map[string]string, vended *s3.Client) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	secrets = map[string]string{"JWT": b.jwt("analyst")}
	web, err := b.webIdentity(oidcRole, secrets["JWT"])
	must(err)
	secrets["first secret"], secrets["first token"] = *web.Credentials.SecretAccessKey, *web.Credentials.SessionToken
	token, err := b.createToken(static(web.Credentials), asserting(secrets["JWT"]))
	must(err)
	secrets["access token"], secrets["ID token"], secrets["refresh token"] = *token.AccessToken, *token.IdToken, aws.ToString(token.RefreshToken)
	secrets["identity context"] = *token.AwsAdditionalDetails.IdentityContext
	role, err := b.assume(static(web.Credentials), enhanced, providing(secrets["identity context"]))
	must(err)
	secrets["second secret"], secrets["second token"] = *role.Credentials.SecretAccessKey, *role.Credentials.SessionToken
	data, err := b.dataAccess(static(role.Credentials), "s3://tip-demo-data/reports/*", "READ")
	must(err)
	secrets["third secret"], secrets["third token"] = *data.Credentials.SecretAccessKey, *data.Credentials.SessionToken
	vended = b.s3(credentials.NewStaticCredentialsProvider(*data.Credentials.AccessKeyId, *data.Credentials.SecretAccessKey, *data.Credentials.SessionToken))
	must(get(b.Context(), vended, "reports/summary.txt"))
	return secrets, vended
}

func TestNoSecretIsWrittenDown(t *testing.T) {
	var log lockedBuffer
	var trail lockedBuffer
	b := start(t, strict)
	l := labtest.Start(t, labtest.Edit(strict), labtest.Edit(func(w *lab.World) { w.IdentityCenter[0].Applications[0].RefreshToken = true }), func(o *lab.Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
		o.OnEvent = func(e lab.Event) { _ = json.NewEncoder(&trail).Encode(e) }
	})
	b = &bench{TB: t, lab: l, clock: b.clock, client: l.HTTPClient()}
	t.Cleanup(b.client.CloseIdleConnections)
	secrets, vended := b.chain()
	for name, secret := range b.failures(secrets) {
		secrets[name] = secret
	}
	_ = put(t.Context(), vended, "private/x")
	presigned, err := s3.NewPresignClient(vended).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("reports/summary.txt")})
	if err != nil {
		t.Fatal(err)
	}
	secrets["presigned signature"] = presigned.URL[strings.Index(presigned.URL, "X-Amz-Signature=")+16:]
	if resp, err := b.client.Get(presigned.URL); err == nil {
		_ = resp.Body.Close()
	}
	if resp, err := b.client.PostForm(okta+"/v1/token", url.Values{"grant_type": {"authorization_code"}, "code": {"canary-code"}, "code_verifier": {"canary-verifier"}, "refresh_token": {"canary-refresh"}, "client_id": {clientID}}); err == nil {
		_ = resp.Body.Close()
	}
	secrets["code"], secrets["verifier"], secrets["refresh"] = "canary-code", "canary-verifier", "canary-refresh"
	secrets["admin"] = labtest.AdminSecretAccessKey
	if resp, err := http.Get(l.Endpoint() + "/_lab/events"); err == nil {
		var body bytes.Buffer
		_, _ = body.ReadFrom(resp.Body)
		_ = resp.Body.Close()
		_, _ = trail.Write(body.Bytes())
	}
	http.DefaultClient.CloseIdleConnections()
	if !strings.Contains(trail.b.String(), "GetDataAccess") || !strings.Contains(log.b.String(), "GetDataAccess") {
		t.Fatal("the trail or the log is empty")
	}
	for name, secret := range secrets {
		if secret == "" {
			t.Errorf("there is no %s to look for", name)
			continue
		}
		// JSON writes some characters of base64 in another way.
		escaped, _ := json.Marshal(secret)
		for where, text := range map[string]string{"trail": trail.b.String(), "log": log.b.String()} {
			if strings.Contains(text, secret) || strings.Contains(text, string(escaped[1:len(escaped)-1])) {
				t.Errorf("the %s is in the %s", name, where)
			}
		}
	}
}

// failures sends every secret once more where it is refused.
func (b *bench) failures(secrets map[string]string) map[string]string {
	caller := b.session(oidcRole)
	extra := map[string]string{}
	foreign := b.jwt("analyst", func(o *lab.IDToken) { o.ForeignKey = true })
	extra["foreign JWT"] = foreign
	_, _ = b.webIdentity(oidcRole, foreign)
	_, _ = b.webIdentity(roleIn(appl, "nobody"), secrets["JWT"])
	_, _ = b.createToken(caller, asserting(secrets["JWT"]))
	_, _ = b.createToken(caller, asserting(foreign))
	_, _ = b.createToken(caller, func(in *ssooidc.CreateTokenWithIAMInput) {
		in.GrantType, in.RefreshToken = aws.String("refresh_token"), aws.String(secrets["refresh token"])
	})
	extra["subject token"], extra["auth code"], extra["code verifier"] = "canary-subject-token", "canary-auth-code", "canary-code-verifier"
	_, _ = b.createToken(caller, func(in *ssooidc.CreateTokenWithIAMInput) {
		in.SubjectToken, in.Code, in.CodeVerifier = aws.String("canary-subject-token"), aws.String("canary-auth-code"), aws.String("canary-code-verifier")
	})
	_, _ = b.assume(caller, roleIn(appl, "nobody"), providing(secrets["identity context"]))
	tampered := secrets["identity context"][:len(secrets["identity context"])-8] + "AAAAAAAA"
	extra["tampered context"] = tampered
	_, _ = b.assume(caller, enhanced, providing(tampered))
	return extra
}

func TestTrailTellsWhoIsBehindASession(t *testing.T) {
	b := start(t, strict)
	b.chain()
	events := map[string]lab.Event{}
	var order []string
	for _, e := range b.lab.Events() {
		events[e.EventName] = e
		order = append(order, e.EventSource+" "+e.EventName)
	}
	want := []string{"sts.amazonaws.com AssumeRoleWithWebIdentity", "sso-oauth.amazonaws.com CreateTokenWithIAM", "sts.amazonaws.com AssumeRole", "s3.amazonaws.com GetDataAccess", "s3.amazonaws.com GetObject"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	web := world.UserIdentity{Type: "WebIdentityUser", PrincipalID: okta + ":" + clientID + ":00uAnalystEXAMPLE", UserName: "00uAnalystEXAMPLE", IdentityProvider: okta}
	if diff := cmp.Diff(web, events["AssumeRoleWithWebIdentity"].UserIdentity); diff != "" {
		t.Errorf("AssumeRoleWithWebIdentity (-want +got):\n%s", diff)
	}
	person := &world.OnBehalfOf{UserID: analyst, IdentityStoreARN: "arn:aws:identitystore::111122223333:identitystore/d-1234567890"}
	for name, behind := range map[string]*world.OnBehalfOf{"CreateTokenWithIAM": nil, "AssumeRole": nil, "GetDataAccess": person, "GetObject": person} {
		if diff := cmp.Diff(behind, events[name].UserIdentity.OnBehalfOf, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: onBehalfOf (-want +got):\n%s", name, diff)
		}
	}
	token := events["CreateTokenWithIAM"].RequestParameters
	if token["assertion"] != "HIDDEN_DUE_TO_SECURITY_REASONS" || token["clientId"] != appARN || token["grantType"] != jwtGrant {
		t.Errorf("CreateTokenWithIAM has the parameters %v", token)
	}
	if p, ok := events["AssumeRole"].RequestParameters["providedContexts"].([]any); !ok || p[0].(map[string]any)["providerArn"] != contexts {
		t.Errorf("AssumeRole has the parameters %v", events["AssumeRole"].RequestParameters)
	}
	for name, account := range map[string]string{"AssumeRoleWithWebIdentity": appl, "CreateTokenWithIAM": center, "AssumeRole": appl, "GetDataAccess": appl, "GetObject": appl} {
		if got := events[name].RecipientAccountID; got != account {
			t.Errorf("%s is in the trail of %s, want %s", name, got, account)
		}
	}
	if id := events["GetDataAccess"].UserIdentity; id.Type != "AssumedRole" || !strings.HasSuffix(id.PrincipalID, ":session") || id.SessionContext.SessionIssuer.ARN != enhanced {
		t.Errorf("GetDataAccess by %+v", id)
	}
}

// Refused requests are in the trail, too, with the code and who asked.
func TestTrailHoldsRefusals(t *testing.T) {
	b := start(t, strict)
	last := func() lab.Event { events := b.lab.Events(); return events[len(events)-1] }
	_, _ = b.webIdentity(oidcRole, b.jwt("analyst", claims("aud", "x")))
	if e := last(); e.ErrorCode != "InvalidIdentityToken" || e.ErrorMessage != "Incorrect token audience" || e.ResponseElements != nil {
		t.Errorf("event %+v", e)
	}
	_, _ = b.dataAccess(b.person(engineer), "s3://tip-demo-data/home/analyst/*", "READ", func(in *s3control.GetDataAccessInput) { in.AuditContext = aws.String("ticket 42") })
	if e := last(); e.ErrorCode != "AccessDenied" || e.UserIdentity.OnBehalfOf == nil || e.UserIdentity.OnBehalfOf.UserID != engineer || e.RequestParameters["auditContext"] != "ticket 42" {
		t.Errorf("event %+v", e)
	}
	_, _ = b.dataAccess(credentials.NewStaticCredentialsProvider("ASIAUNKNOWNUNKNOWN12", "x", "y"), "s3://x/", "READ")
	if e := last(); e.ErrorCode != "InvalidAccessKeyId" || e.UserIdentity.AccessKeyID != "ASIAUNKNOWNUNKNOWN12" {
		t.Errorf("event %+v", e)
	}
	_ = get(t.Context(), b.s3(b.person(analyst)), "private/payroll.csv")
	if e := last(); e.ErrorCode != "AccessDenied" || e.EventName != "GetObject" || e.UserIdentity.OnBehalfOf == nil {
		t.Errorf("event %+v", e)
	}
}
