package s3agcreds_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// Minimal gets credentials for each object, and they are good for no other; Default one
// set for the grant. What one plugin holds serves no other.
func TestLabPrivilege(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	keys := []string{"reports/summary.txt", "reports/2026/revenue.csv", "reports/summary.txt"}
	for name, c := range map[string]struct {
		optFns []func(*s3agcreds.Options)
		want   []asked
		// sibling is whether the credentials for the first key read the second.
		sibling bool
	}{
		"Default": {nil, []asked{{"s3://tip-demo-data/reports/summary.txt", "READ", ""}}, true},
		"Minimal": {[]func(*s3agcreds.Options){minimally}, []asked{
			{"s3://tip-demo-data/reports/2026/revenue.csv", "READ", ""}, {"s3://tip-demo-data/reports/summary.txt", "READ", ""},
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			client, plugin := s.through(analyst, c.optFns...)
			since := s.mark()
			for _, key := range keys {
				if err := readObject(t.Context(), client, demo, key); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
			grant, err := plugin.Grant(t.Context(), nil, "s3://tip-demo-data/"+keys[0], read)
			if err != nil {
				t.Fatal(err)
			}
			s.wantAsked(since, c.want...)
			cfg := s.cfg.Copy()
			cfg.Credentials = fixed(grant.Credentials)
			if err := readObject(t.Context(), s3.NewFromConfig(cfg), demo, keys[1]); (err == nil) != c.sibling {
				t.Errorf("the sibling with the same credentials: %v", err)
			}
		})
	}
}

// Permissions as S3 Access Grants, and S3, take them.
func TestLabPermissions(t *testing.T) {
	s := newScene(t, granting("READ", demo+"/both/*"), granting("WRITE", demo+"/both/*"), granting("WRITE", demo+"/inbox/*"))
	analyst := s.person("analyst")
	one := "s3://" + demo + "/"
	for name, c := range map[string]struct {
		prefix string
		calls  []string
		want   []asked
		// original is what a peer does instead.
		original string
	}{
		"case 04: RW; W H":      {"home/analyst/", []string{"copy", "put", "get"}, []asked{{one + "home/analyst/k", "READWRITE", ""}}, ""},
		"case 05: W; R M":       {"inbox/", []string{"put", "get"}, []asked{{one + "inbox/k", "READ", "AccessDenied"}, {one + "inbox/k", "WRITE", ""}}, ""},
		"case 06: R; W M":       {"reports/", []string{"get", "put"}, []asked{{one + "reports/k", "READ", ""}, {one + "reports/k", "WRITE", "AccessDenied"}}, ""},
		"case 07: R + W; RW M":  {"both/", []string{"get", "put", "copy"}, []asked{{one + "both/k", "READ", ""}, {one + "both/k", "READWRITE", "AccessDenied"}, {one + "both/k", "WRITE", ""}}, ""},
		"case 38: repeated 403": {"private/", []string{"get", "get"}, []asked{{one + "private/k", "READ", "AccessDenied"}}, "asks each time it is denied"},
		"case 40: a sibling":    {"private/", []string{"get", "get2"}, []asked{{one + "private/k", "READ", "AccessDenied"}, {one + "private/k2", "READ", "AccessDenied"}}, "denies it unasked"},
	} {
		t.Run(name, func(t *testing.T) {
			original(t, c.original)
			s := s.on(t)
			key := c.prefix + "k"
			if _, err := s.admin().PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucketOf, Key: &key}); err != nil {
				t.Fatal(err)
			}
			client, _ := s.through(analyst)
			since := s.mark()
			for _, call := range c.calls {
				permitted := slices.ContainsFunc(c.want, func(a asked) bool { return a.Code == "" && serves(a.Permission, call) })
				if err := callNamed(t.Context(), client, call, key); (err == nil) != permitted {
					t.Errorf("%s: %v", call, err)
				}
			}
			s.wantAsked(since, c.want...)
		})
	}
}

// serves reports whether a permission is enough for a call.
func serves(permission, call string) bool {
	switch call {
	case "put":
		return permission != "READ"
	case "copy":
		return permission == "READWRITE"
	}
	return permission != "WRITE"
}

func callNamed(ctx context.Context, client *s3.Client, call, key string) error {
	switch call {
	case "put":
		return errOf(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucketOf, Key: &key}))
	case "copy":
		return errOf(client.CopyObject(ctx, &s3.CopyObjectInput{
			Bucket: bucketOf, Key: &key, CopySource: aws.String(demo + "/" + key), MetadataDirective: s3types.MetadataDirectiveReplace,
		}))
	}
	return readObject(ctx, client, demo, key+strings.TrimPrefix(call, "get"))
}

// fixed are credentials as they are.
func fixed(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// What happens without a grant: an error, or the base credentials with their own rights.
func TestLabFallback(t *testing.T) {
	s := newScene(t)
	engineer := s.person("engineer")
	none, always := func(o *s3agcreds.Options) { o.Fallback = s3agcreds.FallbackNoGrant }, func(o *s3agcreds.Options) { o.Fallback = s3agcreds.FallbackAlways }
	never := func(*s3agcreds.Options) {}
	for name, c := range map[string]struct {
		who    aws.CredentialsProvider
		policy func(*s3agcreds.Options)
		// what is refused, and by whom: S3 Access Grants or S3.
		kind s3agcreds.Kind
		code string
	}{
		"case 58: fallback off, 403: an error":   {labtest.Admin(), never, s3agcreds.KindNoGrant, ""},
		"case 59: fallback on: base credentials": {labtest.Admin(), none, "", ""},
		"case 59: fallback always":               {labtest.Admin(), always, "", ""},
		"no grant, without any right":            {engineer, none, "", "AccessDenied"},
		"always, without any right":              {engineer, always, "", "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			client, plugin := s.on(t).through(c.who, c.policy)
			err := readObject(t.Context(), client, demo, "private/payroll.csv")
			api, _ := errors.AsType[smithy.APIError](err)
			switch {
			case c.kind != "" && kindOf(err) == c.kind:
			case c.kind == "" && c.code != "" && kindOf(err) == "" && api != nil && api.ErrorCode() == c.code:
			case c.kind == "" && c.code == "" && err == nil:
			default:
				t.Errorf("error %v, want kind %q, code %q", err, c.kind, c.code)
			}
			if fell := plugin.Stats().Fallbacks; (fell == 1) != (c.kind == "") {
				t.Errorf("%d fallbacks", fell)
			}
		})
	}
}

// A policy that does not allow to ask is not the same as no grant.
func TestLabFallbackNotAuthorized(t *testing.T) {
	s := newScene(t, func(w *lab.World) {
		for i := range w.Accounts[1].Roles {
			if role := &w.Accounts[1].Roles[i]; role.Name == "tip-id-enhanced-role" {
				role.Policies = nil
			}
		}
	})
	analyst := s.person("analyst")
	for name, c := range map[string]struct {
		policy s3agcreds.Fallback
		kind   s3agcreds.Kind
	}{
		"case 58: fallback off":           {s3agcreds.FallbackNever, s3agcreds.KindNotAuthorized},
		"fallback where there is none":    {s3agcreds.FallbackNoGrant, s3agcreds.KindNotAuthorized},
		"fallback always, then S3 refuse": {s3agcreds.FallbackAlways, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := s.on(t).through(analyst, func(o *s3agcreds.Options) { o.Fallback = c.policy })
			err := readObject(t.Context(), client, demo, "reports/summary.txt")
			if api, ok := errors.AsType[smithy.APIError](err); kindOf(err) != c.kind || !ok || api.ErrorCode() != "AccessDenied" {
				t.Errorf("error %v, want kind %q", err, c.kind)
			}
		})
	}
}

// Operations that S3 Access Grants does not know are the base credentials' own.
func TestLabOtherOperations(t *testing.T) {
	s := newScene(t)
	client, _ := s.through(labtest.Admin())
	other, _ := s.through(s.person("analyst"))
	for name, call := range map[string]func(*s3.Client) error{
		"case 57: ListBuckets with fallback off": func(c *s3.Client) error { return errOf(c.ListBuckets(t.Context(), nil)) },
		"GetBucketVersioning": func(c *s3.Client) error {
			return errOf(c.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String(team)}))
		},
		"GetObjectTagging": func(c *s3.Client) error {
			return errOf(c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucketOf, Key: aws.String("reports/summary.txt")}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			since := s.mark()
			if err := call(client); err != nil {
				t.Error(err)
			}
			if api, ok := errors.AsType[smithy.APIError](call(other)); !ok || api.ErrorCode() != "AccessDenied" {
				t.Errorf("by somebody without the right: %v", api)
			}
			s.wantAsked(since)
		})
	}
}

// administrators gives a grant to the IAM user admin, whose keys do not end.
func administrators(w *lab.World) {
	g := further(&w.AccessGrants[0].Grants)
	g.Location, g.SubPrefix, g.Permission, g.IAMUser = "s3://", demo+"/reports/*", "READ", "arn:aws:iam::444455556666:user/admin"
}

// Credentials that S3 takes no longer are given up: the next call has others. S3's clock
// goes ahead of the client's, by less than a signature may be off.
func TestLabExpired(t *testing.T) {
	s := newScene(t, administrators)
	client, plugin := s.through(labtest.Admin(), func(o *s3agcreds.Options) { o.Duration = s3agcreds.MinDuration })
	since := s.mark()
	s.clock.advance(-10 * time.Minute)
	if err := readObject(t.Context(), client, demo, "reports/summary.txt"); err != nil {
		t.Fatal(err)
	}
	s.clock.advance(20 * time.Minute)
	err := readObject(t.Context(), client, demo, "reports/summary.txt")
	if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "ExpiredToken" {
		t.Errorf("20 minutes later: %v", err)
	}
	if held := plugin.Stats().Grants; held != 0 {
		t.Errorf("%d grants are held on to", held)
	}
	if err := readObject(t.Context(), client, demo, "reports/summary.txt"); err != nil {
		t.Errorf("once more: %v", err)
	}
	s.wantAsked(since, asked{"s3://tip-demo-data/reports/summary.txt", "READ", ""}, asked{"s3://tip-demo-data/reports/summary.txt", "READ", ""})
}

// A grant that was taken away serves on until its credentials end, or are given up.
func TestLabRevoked(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	client, plugin := s.through(analyst)
	key := "home/analyst/notes.txt"
	if err := readObject(t.Context(), client, demo, key); err != nil {
		t.Fatal(err)
	}
	s.revoke("s3://tip-demo-data/home/analyst/*")
	if err := readObject(t.Context(), client, demo, key); err != nil {
		t.Errorf("with the credentials at hand: %v", err)
	}
	if _, err := plugin.Refresh(t.Context(), nil, "s3://"+demo+"/"+key, read); kindOf(err) != s3agcreds.KindNoGrant {
		t.Errorf("new ones: %v", err)
	}
	base, err := analyst.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plugin.Forget(base.AccessKeyID)
	for _, principal := range principals(analyst) {
		plugin.Forget(principal)
	}
	if err := readObject(t.Context(), client, demo, key); kindOf(err) != s3agcreds.KindNoGrant {
		t.Errorf("after Forget: %v", err)
	}
}

// principals is what the credentials call whose they are, if they say so.
func principals(p aws.CredentialsProvider) []string {
	if known, ok := p.(s3agcreds.Principaler); ok {
		return []string{known.Principal()}
	}
	return nil
}

// revoke deletes a grant as an administrator does.
func (s *scene) revoke(scope string) {
	s.Helper()
	cfg := s.cfg.Copy()
	cfg.Credentials = labtest.Admin()
	control := s3control.NewFromConfig(cfg)
	list, err := control.ListAccessGrants(s.Context(), &s3control.ListAccessGrantsInput{AccountId: aws.String(owner), GrantScope: &scope})
	if err != nil || len(list.AccessGrantsList) != 1 {
		s.Fatalf("the grants of %s: %+v, %v", scope, list, err)
	}
	if _, err := control.DeleteAccessGrant(s.Context(), &s3control.DeleteAccessGrantInput{AccountId: aws.String(owner), AccessGrantId: list.AccessGrantsList[0].AccessGrantId}); err != nil {
		s.Fatal(err)
	}
}
