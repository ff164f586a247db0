package awswire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// The fuzz tests send bodies of any kind through the whole engine, with handlers
// that echo nothing: no panic (which the engine would turn into 500), and either
// an accepted input or a refusal that is well-formed.

func fuzzed(t *testing.T, s http.Handler, r *http.Request) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func FuzzQuery(f *testing.F) {
	s := newLab(f, "sts", nil)
	f.Add(assume + "&" + roleARN + "&RoleSessionName=aa&Tags.member.1.Key=k&Tags.member.1.Value=v&DurationSeconds=900")
	f.Add(assume + "&ProvidedContexts=&PolicyArns.member.x.arn=1&Tags.member.=&..=&Tags.member.99999999999999999999.Key=k")
	f.Fuzz(func(t *testing.T, body string) { fuzzed(t, s, form(body)) })
}

func FuzzJSON(f *testing.F) {
	s := ssoAdmin(f, func(any) {})
	f.Add(`{"ApplicationArn":"` + instanceARN + `","GrantType":"refresh_token","Grant":{"RefreshToken":{}}}`)
	f.Add(`{"Grant":{"JwtBearer":{"AuthorizedTokenIssuers":[{"AuthorizedAudiences":["a",null]}]}}}`)
	f.Fuzz(func(t *testing.T, body string) { fuzzed(t, s, jsonPost("/", target+"PutApplicationGrant", body)) })
}

func FuzzXML(f *testing.F) {
	s, err := awswire.NewService("s3control", awswire.WithModel(testModel(f, "s3control")))
	if err != nil {
		f.Fatal(err)
	}
	register[s3control.CreateAccessGrantInput, s3control.CreateAccessGrantOutput](s, "CreateAccessGrant", nil)
	f.Add(`<CreateAccessGrantRequest xmlns="u"><AccessGrantsLocationId>default</AccessGrantsLocationId><Tags><Tag><Key>k</Key></Tag></Tags></CreateAccessGrantRequest>`)
	f.Add(`<?xml version="1.0"?><!-- --><CreateAccessGrantRequest><Grantee>&lt;<![CDATA[x]]></Grantee></CreateAccessGrantRequest>`)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/v20180820/accessgrantsinstance/grant", strings.NewReader(body))
		r.Header.Set("x-amz-account-id", "111122223333")
		fuzzed(t, s, r)
	})
}

func FuzzREST(f *testing.F) {
	s := newLab(f, "s3control", nil)
	f.Add("/accessgrantsinstance/dataaccess", "target=s3://b/*&permission=READ&durationSeconds=900", "111122223333")
	f.Add("/accessgrantsinstance/caller/grants/", "maxResults=1e3&allowedByApplication=TRUE&nextToken", "")
	f.Fuzz(func(t *testing.T, path, query, account string) {
		r := get("/")
		r.URL.Path, r.URL.RawQuery = "/v20180820"+path, query
		r.Header["X-Amz-Account-Id"] = []string{account}
		fuzzed(t, s, r)
	})
}

// FuzzPattern: a pattern is compiled or refused, and then matches in finite time.
func FuzzPattern(f *testing.F) {
	f.Add(`(-?)P(?=\d|T\d)(?:(\d+)Y)?`, "P1Y")
	f.Add(`[\uD800\uDC00-\uDBFF\uDFFF\t]{1,1500}`, "😀")
	f.Fuzz(func(_ *testing.T, pattern, s string) {
		if len(pattern) > 200 || len(s) > 200 {
			return
		}
		if match, err := awswire.CompilePattern(pattern); err == nil {
			match(s)
		}
	})
}

// BenchmarkExchange measures route, decode, check and encode of one AssumeRole,
// without a network: go test -run - -bench Exchange -benchmem ./lab/internal/awswire
func BenchmarkExchange(b *testing.B) {
	s := newLab(b, "sts", nil)
	body := assume + "&" + roleARN + "&RoleSessionName=alice&DurationSeconds=3600&ProvidedContexts.member.1.ProviderArn=arn%3Aaws%3Aiam%3A%3Aaws%3AcontextProvider%2FIdentityCenter" +
		"&ProvidedContexts.member.1.ContextAssertion=" + strings.Repeat("x", 1500)
	for b.Loop() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, form(body))
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkRegister measures the work at registration.
func BenchmarkRegister(b *testing.B) {
	for b.Loop() {
		s, err := awswire.NewService("sts")
		if err != nil {
			b.Fatal(err)
		}
		register[sts.AssumeRoleInput, sts.AssumeRoleOutput](s, "AssumeRole", nil)
	}
}
