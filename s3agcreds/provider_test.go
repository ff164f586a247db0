package s3agcreds_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	dataAccessPath = "/v20180820/accessgrantsinstance/dataaccess"
	host           = owner + ".s3-control.eu-west-1.amazonaws.com"
)

func newProvider(t testing.TB, client s3agcreds.DataAccessAPI, target string, fns ...func(*s3agcreds.ProviderOptions)) *s3agcreds.Provider {
	t.Helper()
	p, err := s3agcreds.NewProvider(client, owner, target, read, fns...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGrantWire(t *testing.T) {
	tests := []struct {
		name   string
		target string
		fn     func(*s3agcreds.ProviderOptions)
		query  url.Values
	}{
		{"defaults", "s3://team-data/reports/*", func(*s3agcreds.ProviderOptions) {},
			url.Values{"target": {"s3://team-data/reports/*"}, "permission": {"READ"}}},
		{"bucket is sent as given", "s3://team-data", func(*s3agcreds.ProviderOptions) {},
			url.Values{"target": {"s3://team-data"}, "permission": {"READ"}}},
		{"everything", "s3://team-data/reports/2026 ü+.csv", func(o *s3agcreds.ProviderOptions) {
			o.Privilege, o.TargetType = types.PrivilegeMinimal, types.S3PrefixTypeObject
			o.Duration, o.AuditContext = 20*time.Minute, "query 7"
		}, url.Values{"target": {"s3://team-data/reports/2026 ü+.csv"}, "permission": {"READ"}, "privilege": {"Minimal"},
			"targetType": {"Object"}, "durationSeconds": {"1200"}, "auditContext": {"query 7"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			got, err := newProvider(t, f.sdk(), tt.target, tt.fn).Grant(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := s3agcreds.Grant{
				Credentials: aws.Credentials{AccessKeyID: grantKey, SecretAccessKey: grantSecret, SessionToken: grantToken,
					Source: "S3AccessGrantsProvider", CanExpire: true, Expires: f.expires},
				ExpiresAt: f.expires, MatchedGrantTarget: matched,
				Grantee:   s3agcreds.Grantee{Type: types.GranteeTypeDirectoryUser, Identifier: grantee},
				AccountID: owner, Target: tt.target, Permission: read,
			}
			if diff := cmp.Diff(want, *got); diff != "" {
				t.Errorf("grant (-want +got):\n%s", diff)
			}
			wire := []request{{"GET", host, dataAccessPath, owner, tt.query, "eu-west-1/s3"}}
			if diff := cmp.Diff(wire, f.requests()); diff != "" {
				t.Errorf("wire (-want +got):\n%s", diff)
			}
			if agent := f.agents[0]; !strings.Contains(agent, " s3agcreds/1") || !featureK(agent) {
				t.Errorf("user agent %q", agent)
			}
		})
	}
}

// featureK reports whether the SDK's metrics in a user agent have S3 Access
// Grants among them.
func featureK(agent string) bool {
	for part := range strings.FieldsSeq(agent) {
		if list, ok := strings.CutPrefix(part, "m/"); ok {
			for id := range strings.SplitSeq(list, ",") {
				if id == "K" {
					return true
				}
			}
		}
	}
	return false
}

func TestGrantWithoutGrantee(t *testing.T) {
	f := newFake(t)
	f.on(dataAccess(f.expires, ""))
	g, err := newProvider(t, f.sdk(), matched).Grant(t.Context())
	if err != nil || g.Grantee != (s3agcreds.Grantee{}) {
		t.Errorf("grantee %v: %v", g, err)
	}
}

func TestGrantCovers(t *testing.T) {
	g := s3agcreds.Grant{MatchedGrantTarget: matched, Target: "s3://team-data/reports/k", Permission: read}
	if !g.Covers("s3://team-data/reports/other", read) || g.Covers("s3://team-data/reports/other", write) {
		t.Error("not by the matched target")
	}
	g.MatchedGrantTarget = ""
	if g.Covers("s3://team-data/reports/other", read) || !g.Covers("s3://team-data/reports/k", read) {
		t.Error("not by the target")
	}
}

func TestRetrieveCaches(t *testing.T) {
	f := newFake(t)
	p := newProvider(t, f.sdk(), matched)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if c, err := p.Retrieve(t.Context()); err != nil || c.AccessKeyID != grantKey {
				t.Errorf("key %s: %v", c.AccessKeyID, err)
			}
		})
	}
	wg.Wait()
	if _, err := p.Retrieve(t.Context()); err != nil || len(f.requests()) != 1 {
		t.Errorf("%d requests: %v", len(f.requests()), err)
	}
	if _, err := p.Grant(t.Context()); err != nil || len(f.requests()) != 2 {
		t.Errorf("%d requests after Grant: %v", len(f.requests()), err)
	}
}

// TestRetrieveWindow: credentials are given out until the window, which short
// ones have a shorter of.
func TestRetrieveWindow(t *testing.T) {
	tests := []struct {
		name   string
		life   time.Duration
		window time.Duration
		want   time.Duration // life as the SDK sees it
	}{
		{"default", time.Hour, 0, 55 * time.Minute},
		{"short life", 9 * time.Minute, 0, 6 * time.Minute},
		{"none", time.Hour, -1, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.expires = time.Now().Add(tt.life)
			p := newProvider(t, f.sdk(), matched, func(o *s3agcreds.ProviderOptions) { o.ExpiryWindow = tt.window })
			c, err := p.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if off := time.Until(c.Expires) - tt.want; off > 2*time.Second || off < -2*time.Second {
				t.Errorf("off by %v", off)
			}
		})
	}
}

func TestRetrieveFailureIsNotKept(t *testing.T) {
	f := newFake(t)
	f.on(errorAnswer(403, "AccessDenied", noGrant))
	p := newProvider(t, f.sdk(), matched)
	_, err := p.Retrieve(t.Context())
	if e, ok := err.(*s3agcreds.DataAccessError); !ok || e.Kind != s3agcreds.KindNoGrant {
		t.Errorf("%T %v", err, err)
	}
	if _, err := p.Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	client := staticClient{}
	type set = func(*s3agcreds.ProviderOptions)
	object := func(o *s3agcreds.ProviderOptions) { o.TargetType = types.S3PrefixTypeObject }
	tests := []struct {
		name       string
		client     s3agcreds.DataAccessAPI
		account    string
		target     string
		permission types.Permission
		fn         set
		option     string
		want       error
	}{
		{"client", nil, owner, matched, read, nil, "client", s3agcreds.ErrClientMissing},
		{"account", client, "4444", matched, read, nil, "accountID", s3agcreds.ErrAccountID},
		{"account letters", client, "44445555666x", matched, read, nil, "accountID", s3agcreds.ErrAccountID},
		{"target", client, owner, "team-data", read, nil, "target", s3agcreds.ErrTarget},
		{"permission", client, owner, matched, "read", nil, "permission", s3agcreds.ErrPermission},
		{"no permission", client, owner, matched, "", nil, "permission", s3agcreds.ErrPermission},
		{"privilege", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.Privilege = "Most" }, "Privilege", s3agcreds.ErrPrivilege},
		{"target type", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.TargetType = "Prefix" }, "TargetType", s3agcreds.ErrTargetType},
		{"object is a prefix", client, owner, matched, read, object, "TargetType", s3agcreds.ErrTargetType},
		{"object is a bucket", client, owner, "s3://team-data", read, object, "TargetType", s3agcreds.ErrTargetType},
		{"object is a bucket/", client, owner, "s3://team-data/", read, object, "TargetType", s3agcreds.ErrTargetType},
		{"short", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.Duration = 899 * time.Second }, "Duration", s3agcreds.ErrDuration},
		{"long", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.Duration = 43201 * time.Second }, "Duration", s3agcreds.ErrDuration},
		{"fraction", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.Duration = 900*time.Second + 1 }, "Duration", s3agcreds.ErrDuration},
		{"audit context", client, owner, matched, read, func(o *s3agcreds.ProviderOptions) { o.AuditContext = strings.Repeat("ü", 2049) }, "AuditContext", s3agcreds.ErrAuditContext},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fns := []set{}
			if tt.fn != nil {
				fns = append(fns, tt.fn)
			}
			p, err := s3agcreds.NewProvider(tt.client, tt.account, tt.target, tt.permission, fns...)
			e, ok := errors.AsType[*s3agcreds.OptionError](err)
			if !ok || p != nil || e.Option != tt.option || !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %s: %v", err, tt.option, tt.want)
			}
		})
	}
}

func TestNewAcceptsLimits(t *testing.T) {
	for _, d := range []time.Duration{900 * time.Second, 43200 * time.Second} {
		newProvider(t, staticClient{}, "s3://team-data/bob/", func(o *s3agcreds.ProviderOptions) {
			o.Duration, o.TargetType, o.AuditContext = d, types.S3PrefixTypeObject, strings.Repeat("ü", 2048)
		})
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	f := newFake(t)
	p := newProvider(t, f.sdk(), matched)
	if _, err := p.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	g, err := p.Grant(t.Context())
	if err != nil || g.Credentials.SecretAccessKey != grantSecret {
		t.Fatalf("%v: %v", g, err)
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&b, verb+verb+verb+"\n", g, *g, p)
	}
	holder := struct {
		Grant    *s3agcreds.Grant
		grant    *s3agcreds.Grant
		provider *s3agcreds.Provider
	}{g, g, p}
	fmt.Fprintf(&b, "%v %+v %#v", holder, holder, holder)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "grant", g)
	if strings.Contains(b.String(), "canary") {
		t.Error(b.String())
	}
	f.on(xmlAnswer(200, "<GetDataAccessResult><Credentials><SecretAccessKey>"+grantSecret+"</Oops>"))
	_, err = p.Grant(t.Context())
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if text := fmt.Sprintf("%v %+v %#v %s", cause, cause, cause, cause); strings.Contains(text, "canary") ||
			strings.Contains(text, "Snapshot:[]uint8{") {
			t.Error(text)
		}
	}
}

// TestIsCredentialsProvider: the SDK may ask which provider it has.
func TestIsCredentialsProvider(t *testing.T) {
	p := newProvider(t, staticClient{}, matched)
	if !aws.IsCredentialsProvider(aws.NewCredentialsCache(p), (*s3agcreds.Provider)(nil)) ||
		aws.IsCredentialsProvider(p, aws.AnonymousCredentials{}) {
		t.Error("wrong type")
	}
}

// BenchmarkRetrieveWarm measures credentials at hand. Run it with
// go test -run '^$' -bench RetrieveWarm -benchmem ./s3agcreds
func BenchmarkRetrieveWarm(b *testing.B) {
	p := newProvider(b, staticClient{out: &s3control.GetDataAccessOutput{Credentials: &types.Credentials{
		AccessKeyId: aws.String(grantKey), SecretAccessKey: aws.String(grantSecret),
		SessionToken: aws.String(grantToken), Expiration: aws.Time(time.Now().Add(time.Hour)),
	}}}, matched)
	ctx := context.Background()
	if _, err := p.Retrieve(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Retrieve(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
