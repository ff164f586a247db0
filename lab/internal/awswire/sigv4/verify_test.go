package sigv4_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

func TestVerifyAcceptsWhatTheSDKSigns(t *testing.T) {
	tests := []struct {
		name    string
		creds   aws.Credentials
		method  string
		target  string
		body    string
		headers map[string][]string
	}{
		{name: "long-term key", creds: longTerm, method: "POST", target: "https://sts.eu-west-1.amazonaws.com/", body: "Action=X"},
		{name: "session", creds: temporary, method: "POST", target: "https://sts.eu-west-1.amazonaws.com/", body: "Action=X"},
		{name: "query", creds: temporary, method: "GET", target: "https://h/?b=2&a=1&a=0&empty&e=&sp=a%20b+c&u=%C3%A4&plus=%2B&tilde=~&semi=%3B"},
		{name: "path", creds: temporary, method: "GET", target: "https://h:8443/a%20b/%C3%A4/a+b/(x)/~/*"},
		{name: "headers", creds: temporary, method: "POST", target: "https://h/", body: "{}", headers: map[string][]string{
			"Amz-Sdk-Invocation-Id": {"0f8fad5b"}, "Amz-Sdk-Request": {"attempt=1; max=3"},
			"X-Multi": {" a  b ", "c"}, "X-Empty": {""}, "User-Agent": {"not signed"}, "X-Amz-Target": {"S.Op"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(tt.method, tt.target, tt.body)
			for name, values := range tt.headers {
				r.Header[name] = values
			}
			sign(t, r, tt.creds, hashOf(tt.body), stsScope)
			got, err := verifierAt(testTime).Verify(r, []byte(tt.body), stsScope)
			want := awswire.Signature{AccessKeyID: tt.creds.AccessKeyID, At: testTime, PayloadHash: hashOf(tt.body)}
			if err != nil || got != want {
				t.Fatalf("%+v, want %+v, %v", got, want, err)
			}
		})
	}
}

func TestVerifyAcceptsADateHeader(t *testing.T) {
	// Signed by hand: the SDK always writes X-Amz-Date.
	for _, date := range []string{testTime.Format(http.TimeFormat), "20260801T120000Z"} {
		r := request("GET", "https://h/", "")
		r.Header.Set("Date", date)
		handSign(r, []string{"date", "host"}, hashOf(""), stsScope)
		mustAccept(t, verifierAt(testTime), r, nil, stsScope)
	}
}

func TestVerifyAcceptsAbsoluteFormAndRewrittenURL(t *testing.T) {
	r, body := signedSTS(t)
	r.RequestURI = "https://sts.eu-west-1.amazonaws.com/"
	mustAccept(t, verifierAt(testTime), r, body, stsScope)
	r.RequestURI = "https://sts.eu-west-1.amazonaws.com"
	mustAccept(t, verifierAt(testTime), r, body, stsScope)
	r.URL.Path = "/rewritten"
	mustAccept(t, verifierAt(testTime), r, body, stsScope)
}

// Order and encoding of the query and empty path segments do not matter.
func TestVerifyAcceptsOtherSpellings(t *testing.T) {
	r := request("GET", "https://h/example/?a=0&a=1&a-=x&b=~", "")
	sign(t, r, temporary, hashOf(""), stsScope)
	r.RequestURI = "//example/.//?b=%7e&a-=x&&a=1&a=0"
	mustAccept(t, verifierAt(testTime), r, nil, stsScope)
}

func TestVerifyAcceptsAPresignedRequest(t *testing.T) {
	r := presign(t, "GET", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "60", temporary, stsScope)
	mustAccept(t, verifierAt(testTime.Add(14*time.Minute)), r, nil, stsScope)
}

// TestVerifyRefuses has one row for each check that can refuse.
func TestVerifyRefuses(t *testing.T) {
	authorization := func(r *http.Request, from, to string) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
	hashedHeader := "(Hashed with SHA-256 and encoded with Base64) Authorization="
	tests := []struct {
		name    string
		change  func(r *http.Request)
		kind    awswire.VerifyKind
		message string // a part of it
		noKey   bool
	}{
		{"no signature", func(r *http.Request) { r.Header.Del("Authorization") }, awswire.VerifyMissing, "", true},
		{"bearer token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }, awswire.VerifyMissing, "", true},
		{"signature version 4A", func(r *http.Request) { authorization(r, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256") }, awswire.VerifyIncomplete, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'", true},
		{"signature version 2", func(r *http.Request) { r.Header.Set("Authorization", "AWS "+longKey+":c2ln") }, awswire.VerifyIncomplete, "Unsupported AWS 'algorithm': 'AWS'", true},
		{"no Credential", func(r *http.Request) { authorization(r, "Credential=", "Credentia1=") }, awswire.VerifyIncomplete, "Authorization header requires 'Credential' parameter. " + hashedHeader, true},
		{"no SignedHeaders", func(r *http.Request) { authorization(r, "SignedHeaders=", "Signedheaders=") }, awswire.VerifyIncomplete, "requires 'SignedHeaders' parameter", true},
		{"no Signature", func(r *http.Request) { authorization(r, "Signature=", "Sig=") }, awswire.VerifyIncomplete, "requires 'Signature' parameter", true},
		{"nothing", func(r *http.Request) { r.Header.Set("Authorization", "AWS4-HMAC-SHA256") }, awswire.VerifyIncomplete, "requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires 'Signature' parameter. ", true},
		{"no equal sign", func(r *http.Request) { authorization(r, "Signature=", "") }, awswire.VerifyIncomplete, "not a valid key=value pair (missing equal-sign)", true},
		{"a part twice", func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")+", Signature=00") }, awswire.VerifyIncomplete, "not a valid key=value pair", true},
		{"two headers", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, awswire.VerifyIncomplete, "", true},
		{"huge header", func(r *http.Request) { authorization(r, "Signature=", strings.Repeat("x", 20000)+"Signature=") }, awswire.VerifyIncomplete, "does not conform", true},
		{"too many signed headers", func(r *http.Request) { authorization(r, "SignedHeaders=", "SignedHeaders="+strings.Repeat("a;", 200)) }, awswire.VerifyIncomplete, "does not conform", false},
		{"too many parameters", func(r *http.Request) { r.RequestURI = "/?" + strings.Repeat("a&", 2000) }, awswire.VerifyIncomplete, "does not conform", true},
		{"huge target", func(r *http.Request) { r.RequestURI = "/" + strings.Repeat("a", 70000) }, awswire.VerifyIncomplete, "does not conform", true},
		{"bad escape in the name", func(r *http.Request) { r.RequestURI = "/?%zz" }, awswire.VerifyIncomplete, "illegal hex character", true},
		{"bad escape in the value", func(r *http.Request) { r.RequestURI = "/?a=%4" }, awswire.VerifyIncomplete, "illegal hex character", true},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, awswire.VerifyIncomplete, "requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashedHeader, false},
		{"bad date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "2026-08-01") }, awswire.VerifyIncomplete, "Date must be in ISO-8601 'basic format'. Got '2026-08-01'. See http://en.wikipedia.org/wiki/ISO_8601", false},
		{"bad Date", func(r *http.Request) { r.Header.Del("X-Amz-Date"); r.Header.Set("Date", "today") }, awswire.VerifyIncomplete, "Got 'today'", false},
		{"four elements", func(r *http.Request) { authorization(r, "/sts", "") }, awswire.VerifyIncomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + sessionKey + "/20260801/eu-west-1/aws4_request'", true},
		{"empty element", func(r *http.Request) { authorization(r, "/sts/", "//") }, awswire.VerifyIncomplete, "Credential must have exactly 5", true},
		{"wrong region", func(r *http.Request) { authorization(r, "eu-west-1", "eu-west-2") }, awswire.VerifyWrongRegion, "Credential should be scoped to a valid region. ", false},
		{"wrong service", func(r *http.Request) { authorization(r, "/sts/", "/iam/") }, awswire.VerifyWrongService, "Credential should be scoped to correct service: 'sts'. ", false},
		{"wrong terminator", func(r *http.Request) { authorization(r, "aws4_request", "aws5_request") }, awswire.VerifyBadSignature, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ", false},
		{"wrong scope date", func(r *http.Request) { authorization(r, "20260801", "20260802") }, awswire.VerifyBadSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260802' != '20260801', from '20260801T120000Z'.", false},
		{"unknown key", func(r *http.Request) { authorization(r, sessionKey, "ASIANOBODY") }, awswire.VerifyUnknownKey, "", false},
		{"no token", func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }, awswire.VerifyTokenMismatch, "", false},
		{"another token", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "other") }, awswire.VerifyTokenMismatch, "", false},
		{"two tokens", func(r *http.Request) { r.Header.Add("X-Amz-Security-Token", tokenOfTest) }, awswire.VerifyTokenMismatch, "", false},
		{"token of a long-term key", func(r *http.Request) { authorization(r, sessionKey, longKey) }, awswire.VerifyTokenMismatch, "", false},
		{"ended session", func(r *http.Request) { authorization(r, sessionKey, endedKey) }, awswire.VerifyExpired, "", false},
		{"host not signed", func(r *http.Request) { authorization(r, "host;", "") }, awswire.VerifyBadSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", false},
		{"date not signed", func(r *http.Request) { authorization(r, "x-amz-date;", "") }, awswire.VerifyBadSignature, "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.", false},
		{"x-amz header not signed", func(r *http.Request) { r.Header.Set("X-Amz-Account-Id", "111122223333") }, awswire.VerifyBadSignature, "'x-amz-account-id' must be", false},
		{"unsorted SignedHeaders", func(r *http.Request) {
			handSign(r, []string{"x-amz-date", "host", "x-amz-security-token"}, hashOf("Action=GetCallerIdentity&Version=2011-06-15"), stsScope)
		}, awswire.VerifyBadSignature, "", false},
		{"SignedHeaders in upper case", func(r *http.Request) { authorization(r, "host", "HOST;host") }, awswire.VerifyBadSignature, "", false},
		{"SignedHeaders with a repetition", func(r *http.Request) { authorization(r, "host", "host;host") }, awswire.VerifyBadSignature, "", false},
		{"another method", func(r *http.Request) { r.Method = "PUT" }, awswire.VerifyBadSignature, "", false},
		{"another host", func(r *http.Request) { r.Host = "sts.amazonaws.com" }, awswire.VerifyBadSignature, "", false},
		{"another query", func(r *http.Request) { r.RequestURI = "/?a" }, awswire.VerifyBadSignature, "", false},
		{"another content type", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, awswire.VerifyBadSignature, "", false},
		{"another length", func(r *http.Request) { r.ContentLength++ }, awswire.VerifyBadSignature, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := signedSTS(t)
			tt.change(r)
			signed, err := verifierAt(testTime).Verify(r, body, stsScope)
			id := signed.AccessKeyID
			var refusal *awswire.VerifyError
			if !errors.As(err, &refusal) {
				t.Fatalf("accepted, or another error: %v", err)
			}
			if refusal.Kind != tt.kind || !strings.Contains(refusal.Message, tt.message) {
				t.Errorf("got %v %q, want %v %q", refusal.Kind, refusal.Message, tt.kind, tt.message)
			}
			if (id == "") != tt.noKey {
				t.Errorf("access key %q beside the error", id)
			}
		})
	}
}

func TestVerifyRefusesAnotherBody(t *testing.T) {
	r, body := signedSTS(t)
	if _, err := verifierAt(testTime).Verify(r, append(body, 'x'), stsScope); kindOf(err) != awswire.VerifyBadSignature {
		t.Errorf("got %v", err)
	}
	// UNSIGNED-PAYLOAD is S3's alone.
	r = request("POST", "https://h/", "x")
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	sign(t, r, temporary, "UNSIGNED-PAYLOAD", stsScope)
	if _, err := verifierAt(testTime).Verify(r, []byte("x"), stsScope); kindOf(err) != awswire.VerifyBadSignature {
		t.Errorf("got %v", err)
	}
}

func TestVerifyRefusesAChangedSecret(t *testing.T) {
	secret := secretKey
	v := sigv4.New(func(id string) (sigv4.Credential, bool) {
		return sigv4.Credential{AccessKeyID: id, SecretAccessKey: secret, SessionToken: tokenOfTest}, true
	}, func(o *sigv4.Options) { o.Now = func() time.Time { return testTime } })
	r, body := signedSTS(t)
	mustAccept(t, v, r, body, stsScope)
	secret = "rotated"
	if _, err := v.Verify(r, body, stsScope); kindOf(err) != awswire.VerifyBadSignature {
		t.Fatalf("the cached key of the old secret was used: %v", err)
	}
	secret = secretKey
	mustAccept(t, v, r, body, stsScope)
}

func TestVerifyClockSkew(t *testing.T) {
	athena := awswire.Scope{Service: "athena", Region: region}
	tests := []struct {
		scope   awswire.Scope
		offset  time.Duration
		message string
	}{
		{stsScope, 15 * time.Minute, ""},
		{stsScope, -15 * time.Minute, ""},
		{stsScope, 15*time.Minute + time.Second, "Signature expired: 20260801T120000Z is now earlier than 20260801T120001Z (20260801T121501Z - 15 min.)"},
		{stsScope, -15*time.Minute - time.Second, "Signature not yet current: 20260801T120000Z is still later than 20260801T115959Z (20260801T114459Z + 15 min.)"},
		{athena, 5 * time.Minute, ""},
		{athena, 5*time.Minute + time.Second, "Signature expired: 20260801T120000Z is now earlier than 20260801T120001Z (20260801T120501Z - 5 min.)"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.scope.Service, tt.offset), func(t *testing.T) {
			r := request("POST", "https://h/", "{}")
			sign(t, r, temporary, hashOf("{}"), tt.scope)
			_, err := verifierAt(testTime.Add(tt.offset)).Verify(r, []byte("{}"), tt.scope)
			var want error
			if tt.message != "" {
				want = &awswire.VerifyError{Kind: awswire.VerifySkewed, Message: tt.message}
			}
			if diff := cmp.Diff(want, err); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyOrderOfChecks(t *testing.T) {
	// Everything is wrong; one after the other is put right.
	r, body := signedSTS(t)
	r.Method = "PUT"
	header := r.Header.Get("Authorization")
	steps := []struct {
		credential, token string
		at                time.Time
		kind              awswire.VerifyKind
	}{
		{"ASIANOBODY/20260801/xx/iam/aws4_request", "", testTime.Add(time.Hour), awswire.VerifySkewed},
		{"ASIANOBODY/20260801/xx/iam/aws4_request", "", testTime, awswire.VerifyWrongRegion},
		{"ASIANOBODY/20260801/eu-west-1/iam/aws4_request", "", testTime, awswire.VerifyWrongService},
		{"ASIANOBODY/20260801/eu-west-1/sts/aws4_request", "", testTime, awswire.VerifyUnknownKey},
		{endedKey + "/20260801/eu-west-1/sts/aws4_request", "", testTime, awswire.VerifyTokenMismatch},
		{endedKey + "/20260801/eu-west-1/sts/aws4_request", tokenOfTest, testTime, awswire.VerifyExpired},
		{sessionKey + "/20260801/eu-west-1/sts/aws4_request", tokenOfTest, testTime, awswire.VerifyBadSignature},
	}
	for _, step := range steps {
		r.Header.Set("Authorization", strings.Replace(header, sessionKey+"/20260801/eu-west-1/sts/aws4_request", step.credential, 1))
		r.Header.Set("X-Amz-Security-Token", step.token)
		if _, err := verifierAt(step.at).Verify(r, body, stsScope); kindOf(err) != step.kind {
			t.Errorf("%s: got %v, want %v", step.credential, err, step.kind)
		}
	}
}

func TestVerifyPresignedRefuses(t *testing.T) {
	tests := []struct {
		name, from, to string
		kind           awswire.VerifyKind
		message        string
	}{
		{"no algorithm", "X-Amz-Algorithm=", "X-Algorithm=", awswire.VerifyIncomplete, "AWS query-string parameters must include 'X-Amz-Algorithm'. Re-examine the query-string parameters."},
		{"no signature", "X-Amz-Signature=", "X-Signature=", awswire.VerifyIncomplete, "must include 'X-Amz-Signature'"},
		{"a parameter twice", "X-Amz-Date=", "X-Amz-Date=20260801T120000Z&X-Amz-Date=", awswire.VerifyIncomplete, ""},
		{"signature version 4A", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", awswire.VerifyIncomplete, "Unsupported AWS 'algorithm'"},
		{"bad date", "X-Amz-Date=2026", "X-Amz-Date=x", awswire.VerifyIncomplete, "Date must be in ISO-8601"},
		{"region", "eu-west-1%2Fsts", "eu-west-2%2Fsts", awswire.VerifyWrongRegion, ""},
		{"no token", "X-Amz-Security-Token=", "X-Token=", awswire.VerifyTokenMismatch, ""},
		{"parameter", "Version=2011-06-15", "Version=2011-06-16", awswire.VerifyBadSignature, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := presign(t, "GET", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", "60", temporary, stsScope)
			r.RequestURI = strings.Replace(r.RequestURI, tt.from, tt.to, 1)
			_, err := verifierAt(testTime).Verify(r, nil, stsScope)
			if kindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("got %v, want %v %q", err, tt.kind, tt.message)
			}
		})
	}
	r := presign(t, "GET", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity", "3600", temporary, stsScope)
	if _, err := verifierAt(testTime.Add(16*time.Minute)).Verify(r, nil, stsScope); kindOf(err) != awswire.VerifySkewed {
		t.Errorf("X-Amz-Expires stretched the life of a presigned STS request: %v", err)
	}
}

// TestKeyCacheIsBounded fills the cache with many scopes and stays right.
func TestKeyCacheIsBounded(t *testing.T) {
	v := verifierAt(testTime)
	for i := range 1500 {
		scope := awswire.Scope{Service: "sts", Region: fmt.Sprint("region-", i)}
		r := request("GET", "https://h/", "")
		if err := v4.NewSigner().SignHTTP(context.Background(), temporary, r, hashOf(""), "sts", scope.Region, testTime); err != nil {
			t.Fatal(err)
		}
		mustAccept(t, v, r, nil, scope)
	}
	if n := sigv4.CachedKeys(v); n > 1024 {
		t.Errorf("%d keys cached", n)
	}
}
