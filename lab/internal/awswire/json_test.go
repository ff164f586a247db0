package awswire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go/document"
	documentjson "github.com/aws/smithy-go/document/json"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// The types below are made as the SDK makes those of ssoadmin: a union is an
// interface with a struct for each member, a document an interface of its own.

type grant interface{ isGrant() }

type (
	grantMemberAuthorizationCode struct{ Value authorizationCodeGrant }
	grantMemberJwtBearer         struct{ Value jwtBearerGrant }
	grantMemberRefreshToken      struct{ Value refreshTokenGrant }
	grantMemberTokenExchange     struct{ Value tokenExchangeGrant }
)

func (*grantMemberAuthorizationCode) isGrant() {}
func (*grantMemberJwtBearer) isGrant()         {}
func (*grantMemberRefreshToken) isGrant()      {}
func (*grantMemberTokenExchange) isGrant()     {}

type (
	authorizationCodeGrant struct{ RedirectUris []string }
	jwtBearerGrant         struct{ AuthorizedTokenIssuers []authorizedTokenIssuer }
	refreshTokenGrant      struct{}
	tokenExchangeGrant     struct{}
	authorizedTokenIssuer  struct {
		AuthorizedAudiences   []string
		TrustedTokenIssuerArn *string
	}
)

type (
	grantType           string
	putApplicationGrant struct {
		ApplicationArn *string
		Grant          grant
		GrantType      grantType
	}
	getApplicationGrant struct {
		ApplicationArn *string
		GrantType      grantType
	}
	gotApplicationGrant struct{ Grant grant }
	nothing             struct{}
)

type lazyDocument interface {
	MarshalSmithyDocument() ([]byte, error)
	isLazy()
}

type lazy struct{ v any }

func (lazy) isLazy() {}
func (l lazy) MarshalSmithyDocument() ([]byte, error) {
	return documentjson.NewEncoder().Encode(l.v)
}
func newLazy(v any) lazyDocument { return lazy{v} }

type authenticationMethod interface{ isMethod() }

type authenticationMethodMemberIam struct{ Value iamMethod }

func (*authenticationMethodMemberIam) isMethod() {}

type (
	iamMethod                          struct{ ActorPolicy lazyDocument }
	putApplicationAuthenticationMethod struct {
		ApplicationArn           *string
		AuthenticationMethod     authenticationMethod
		AuthenticationMethodType grantType
	}
)

const instanceARN = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"

var quiet = awswire.WithLogger(slog.New(slog.DiscardHandler))

var withGrant = awswire.WithUnion[grant](&grantMemberAuthorizationCode{}, &grantMemberJwtBearer{}, &grantMemberRefreshToken{}, &grantMemberTokenExchange{})

// ssoAdmin makes a service of json 1.1; got is given what arrives.
func ssoAdmin(t testing.TB, got func(any)) *awswire.Service {
	t.Helper()
	s, err := awswire.NewService("sso-admin", awswire.WithModel(testModel(t, "sso-admin")), withGrant,
		awswire.WithUnion[authenticationMethod](&authenticationMethodMemberIam{}), awswire.WithDocument(newLazy))
	if err != nil {
		t.Fatal(err)
	}
	handle := func(in any) (*nothing, error) {
		got(in)
		return &nothing{}, nil
	}
	awswire.Handle(s, "PutApplicationGrant", func(_ context.Context, _ *awswire.Caller, in *putApplicationGrant) (*nothing, error) {
		return handle(in)
	})
	awswire.Handle(s, "PutApplicationAuthenticationMethod", func(_ context.Context, _ *awswire.Caller, in *putApplicationAuthenticationMethod) (*nothing, error) {
		return handle(in)
	})
	return s
}

const target = "SWBExternalService."

func TestUnionAndDocument(t *testing.T) {
	var got any
	s := ssoAdmin(t, func(in any) { got = in })
	body := `{"ApplicationArn":"` + instanceARN + `","GrantType":"urn:ietf:params:oauth:grant-type:jwt-bearer","Grant":{"JwtBearer":{"AuthorizedTokenIssuers":[{"AuthorizedAudiences":["a"]}]}},"Unknown":[1]}`
	if r := send(t, s, jsonPost("/", target+"PutApplicationGrant", body)); r.Status != http.StatusOK || r.Body != "{}" && r.Body != "" {
		t.Fatalf("%+v", r)
	}
	arn := instanceARN
	want := &putApplicationGrant{
		ApplicationArn: &arn, GrantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
		Grant: &grantMemberJwtBearer{jwtBearerGrant{[]authorizedTokenIssuer{{AuthorizedAudiences: []string{"a"}}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	policy := `{"Statement":[{"Effect":"Allow","n":1.50,"b":true,"z":null}],"Version":"2012-10-17"}`
	body = `{"ApplicationArn":"` + instanceARN + `","AuthenticationMethodType":"IAM","AuthenticationMethod":{"Iam":{"ActorPolicy":` + policy + `}}}`
	if r := send(t, s, jsonPost("/", target+"PutApplicationAuthenticationMethod", body)); r.Status != http.StatusOK {
		t.Fatalf("%+v", r)
	}
	doc := got.(*putApplicationAuthenticationMethod).AuthenticationMethod.(*authenticationMethodMemberIam).Value.ActorPolicy
	text, err := doc.MarshalSmithyDocument()
	if err != nil {
		t.Fatal(err)
	}
	var sent, arrived any
	if json.Unmarshal([]byte(policy), &sent) != nil || json.Unmarshal(text, &arrived) != nil {
		t.Fatalf("not JSON: %s", text)
	}
	if diff := cmp.Diff(sent, arrived); diff != "" {
		t.Error(diff)
	}
	list := doc.(lazy).v.(map[string]any)["Statement"].([]any)
	if n := list[0].(map[string]any)["n"]; n != document.Number("1.50") {
		t.Errorf("number %#v", n)
	}
}

// TestUnionOut writes a union and a document back.
func TestUnionOut(t *testing.T) {
	s, err := awswire.NewService("sso-admin", awswire.WithModel(testModel(t, "sso-admin")), withGrant, quiet)
	if err != nil {
		t.Fatal(err)
	}
	var answer grant
	awswire.Handle(s, "GetApplicationGrant", func(context.Context, *awswire.Caller, *getApplicationGrant) (*gotApplicationGrant, error) {
		return &gotApplicationGrant{answer}, nil
	})
	request := func() *http.Request {
		return jsonPost("/", target+"GetApplicationGrant", `{"ApplicationArn":"`+instanceARN+`","GrantType":"refresh_token"}`)
	}
	for _, c := range []struct {
		out  grant
		want string
	}{
		{&grantMemberRefreshToken{}, `{"Grant":{"RefreshToken":{}}}`},
		{&grantMemberAuthorizationCode{authorizationCodeGrant{[]string{"http://localhost/<&>"}}}, `{"Grant":{"AuthorizationCode":{"RedirectUris":["http://localhost/<&>"]}}}`},
		{(*grantMemberRefreshToken)(nil), ""},
	} {
		answer = c.out
		got := send(t, s, request())
		if c.want == "" && got.Status != http.StatusInternalServerError || c.want != "" && got.Body != c.want {
			t.Errorf("%+v: %+v", c.out, got)
		}
	}
}

func TestJSONRefusals(t *testing.T) {
	s := ssoAdmin(t, func(any) {})
	put := func(grant string) string {
		return `{"ApplicationArn":"` + instanceARN + `","GrantType":"authorization_code","Grant":` + grant + `}`
	}
	for _, c := range []struct {
		name, target, body string
		status             int
		want               string
	}{
		{"unknown target", target + "No", `{}`, 400, `{"__type":"UnknownOperationException"}`},
		{"other prefix", "Other.PutApplicationGrant", `{}`, 400, `{"__type":"UnknownOperationException"}`},
		{"no JSON", target + "PutApplicationGrant", `{`, 400, `{"__type":"SerializationException"}`},
		{"two values", target + "PutApplicationGrant", `{}{}`, 400, `{"__type":"SerializationException"}`},
		{"list", target + "PutApplicationGrant", `[]`, 400, `{"__type":"SerializationException","message":"Start of list found where not expected"}`},
		{"number for a string", target + "PutApplicationGrant", `{"ApplicationArn":1}`, 400, `{"__type":"SerializationException","message":"NUMBER_VALUE can not be converted to a String"}`},
		{"bool for a string", target + "PutApplicationGrant", `{"ApplicationArn":true}`, 400, `{"__type":"SerializationException","message":"TRUE_VALUE can not be converted to a String"}`},
		{"structure for a string", target + "PutApplicationGrant", `{"ApplicationArn":{}}`, 400, `{"__type":"SerializationException","message":"Start of structure or map found where not expected."}`},
		{"string for a list", target + "PutApplicationGrant", put(`{"AuthorizationCode":{"RedirectUris":"x"}}`), 400, `{"__type":"SerializationException","message":"Unexpected field type"}`},
		{"null in a list", target + "PutApplicationGrant", put(`{"AuthorizationCode":{"RedirectUris":[null]}}`), 400, `{"__type":"SerializationException","message":"null found where not expected"}`},
		{"empty union", target + "PutApplicationGrant", put(`{}`), 400, `{"__type":"SerializationException","message":"No known member of a union is set"}`},
		{"full union", target + "PutApplicationGrant", put(`{"RefreshToken":{},"TokenExchange":{}}`), 400, `{"__type":"SerializationException","message":"More than one member of a union is set"}`},
		{
			"enum", target + "PutApplicationGrant", `{"ApplicationArn":"` + instanceARN + `","GrantType":"x","Grant":{"RefreshToken":{}}}`, 400,
			`{"__type":"ValidationException","Message":"1 validation error detected: Value 'x' at 'grantType' failed to satisfy constraint: Member must satisfy enum value set: [authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:jwt-bearer, urn:ietf:params:oauth:grant-type:token-exchange]"}`,
		},
		{
			"null", target + "PutApplicationGrant", `{"ApplicationArn":null,"GrantType":"refresh_token","Grant":{"RefreshToken":{}}}`, 400,
			`{"__type":"ValidationException","Message":"1 validation error detected: Value null at 'applicationArn' failed to satisfy constraint: Member must not be null"}`,
		},
		{
			"nested", target + "PutApplicationGrant", `{"ApplicationArn":"` + instanceARN + `","GrantType":"refresh_token","Grant":{"JwtBearer":{"AuthorizedTokenIssuers":[{"TrustedTokenIssuerArn":"x"}]}}}`, 400, "grant.jwtBearer.authorizedTokenIssuers.1.member.trustedTokenIssuerArn",
		},
		{"too many values", target + "PutApplicationGrant", `{"x":[` + strings.Repeat("0,", 600_000) + `0]}`, 400, `{"__type":"SerializationException"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(t, s, jsonPost("/", c.target, c.body))
			if got.Status != c.status || got.Type != "application/x-amz-json-1.1" || got.Body != c.want && (c.name != "nested" || !strings.Contains(got.Body, c.want)) {
				t.Errorf("%+v", got)
			}
		})
	}
	bare := reply{Status: 404, Body: "<UnknownOperationException/>\n"}
	for name, change := range map[string]func(*http.Request){
		"no target":    func(r *http.Request) { r.Header.Del("X-Amz-Target") },
		"method":       func(r *http.Request) { r.Method = http.MethodGet },
		"content type": func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		"no type":      func(r *http.Request) { r.Header.Del("Content-Type") },
	} {
		r := jsonPost("/", target+"PutApplicationGrant", "{}")
		change(r)
		if diff := cmp.Diff(bare, send(t, s, r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestVerifyWordsJSON: json 1.1 answers 400 where rest-json answers 403.
func TestVerifyWordsJSON(t *testing.T) {
	for kind, want := range map[awswire.VerifyKind]string{
		awswire.VerifyMissing:         "MissingAuthenticationTokenException",
		awswire.VerifyIncomplete:      "IncompleteSignatureException",
		awswire.VerifyWrongService:    "InvalidSignatureException",
		awswire.VerifyWrongRegion:     "InvalidSignatureException",
		awswire.VerifySkewed:          "InvalidSignatureException",
		awswire.VerifyUnknownKey:      "UnrecognizedClientException",
		awswire.VerifyTokenMismatch:   "UnrecognizedClientException",
		awswire.VerifyExpired:         "ExpiredTokenException",
		awswire.VerifyBadSignature:    "InvalidSignatureException",
		awswire.VerifyPayloadMismatch: "InvalidSignatureException",
	} {
		s, err := awswire.NewService("sso-admin", awswire.WithModel(testModel(t, "sso-admin")), withGrant, refusing(&awswire.VerifyError{Kind: kind, Message: "m"}))
		if err != nil {
			t.Fatal(err)
		}
		register[putApplicationGrant, nothing](s, "PutApplicationGrant", nil)
		got := send(t, s, jsonPost("/", target+"PutApplicationGrant", "{}"))
		if got.Status != 400 || got.Body != fmt.Sprintf(`{"__type":%q,"message":"m"}`, want) {
			t.Errorf("%v: %+v", kind, got)
		}
	}
}

// TestUnionRegistration: a union or document that is not registered, or not
// wholly, is found at registration.
func TestUnionRegistration(t *testing.T) {
	for text, opts := range map[string][]awswire.Option{
		"is not registered with WithUnion": nil,
		"1 types are registered for the 4": {awswire.WithUnion[grant](&grantMemberJwtBearer{})},
		"no type is registered for the member TokenExchange": {awswire.WithUnion[grant](
			&grantMemberAuthorizationCode{}, &grantMemberJwtBearer{}, &grantMemberRefreshToken{}, &wronglyNamed{})},
	} {
		s, err := awswire.NewService("sso-admin", append(opts, awswire.WithModel(testModel(t, "sso-admin")))...)
		if err != nil {
			t.Fatal(err)
		}
		wantPanic(t, text, func() { register[putApplicationGrant, nothing](s, "PutApplicationGrant", nil) })
	}
	s, err := awswire.NewService("sso-admin", awswire.WithModel(testModel(t, "sso-admin")), awswire.WithUnion[authenticationMethod](&authenticationMethodMemberIam{}))
	if err != nil {
		t.Fatal(err)
	}
	wantPanic(t, "is not registered with WithDocument", func() {
		register[putApplicationAuthenticationMethod, nothing](s, "PutApplicationAuthenticationMethod", nil)
	})
}

type wronglyNamed struct{ Value tokenExchangeGrant }

func (*wronglyNamed) isGrant() {}

// tree is a recursive shape.
type tree struct {
	Name     *string
	Children []tree
	Left     *tree
	Weights  map[string]float64
}

func recursive(t *testing.T, answer *tree) *awswire.Service {
	t.Helper()
	m, err := models.Parse([]byte(`{"metadata":{"protocol":"json","jsonVersion":"1.1","targetPrefix":"T"},
		"operations":{"Echo":{"name":"Echo","http":{"method":"POST","requestUri":"/"},"input":{"shape":"Tree"},"output":{"shape":"Tree"}}},
		"shapes":{"Tree":{"type":"structure","members":{"Name":{"shape":"S"},"Children":{"shape":"L"},"Left":{"shape":"Tree"},"Weights":{"shape":"M"}}},
		"S":{"type":"string"},"L":{"type":"list","member":{"shape":"Tree"}},"D":{"type":"double"},"M":{"type":"map","key":{"shape":"S"},"value":{"shape":"D"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := awswire.NewService("tree", awswire.WithModel(m), quiet)
	if err != nil {
		t.Fatal(err)
	}
	awswire.Handle(s, "Echo", func(_ context.Context, _ *awswire.Caller, in *tree) (*tree, error) {
		if answer != nil {
			return answer, nil
		}
		return in, nil
	})
	return s
}

func TestRecursion(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"Left":`, n) + `{"Name":"x"}` + strings.Repeat("}", n) }
	body := `{"Name":"a","Children":[{"Name":"b","Children":[]}],"Left":{"Weights":{"k":1.5,"n":"NaN","i":"-Infinity"}}}`
	if got := send(t, recursive(t, nil), jsonPost("/", "T.Echo", body)); got.Body != `{"Name":"a","Children":[{"Name":"b","Children":[]}],"Left":{"Weights":{"i":"-Infinity","k":1.5,"n":"NaN"}}}` {
		t.Errorf("%+v", got)
	}
	if got := send(t, recursive(t, nil), jsonPost("/", "T.Echo", `{"Weights":{"k":"5"}}`)); got.Body != `{"__type":"SerializationException","message":"STRING_VALUE can not be converted to a Double"}` {
		t.Errorf("%+v", got)
	}
	if got := send(t, recursive(t, nil), jsonPost("/", "T.Echo", deep(63))); got.Status != http.StatusOK {
		t.Errorf("%+v", got)
	}
	if got := send(t, recursive(t, nil), jsonPost("/", "T.Echo", deep(64))); got.Body != `{"__type":"SerializationException","message":"The request is nested too deeply"}` {
		t.Errorf("%+v", got)
	}
	if got := send(t, recursive(t, nil), jsonPost("/", "T.Echo", strings.Repeat("[", 1_000_000))); got.Body != `{"__type":"SerializationException"}` {
		t.Errorf("%+v", got)
	}
	cycle := &tree{}
	cycle.Left = cycle
	if got := send(t, recursive(t, cycle), jsonPost("/", "T.Echo", `{}`)); got.Status != http.StatusInternalServerError {
		t.Errorf("%+v", got)
	}
}
