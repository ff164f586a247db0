package s3agcreds_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	otherAccount = "111122223333"
	elsewhere    = "other-account-data"
	farAway      = "far-away-data"
)

// policyDocument is a policy of one statement.
func policyDocument(statement map[string]any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
}

// locationRole adds a role that locations may have, and that may do all to buckets.
func locationRole(w *lab.World, account int) (name string) {
	role := further(&w.Accounts[account].Roles)
	role.Name = "everywhere"
	role.Trust = policyDocument(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Service": "access-grants.s3.amazonaws.com"},
		"Action": []any{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"},
	})
	role.Policies = map[string]any{"all": policyDocument(map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*"})}
	return role.Name
}

// shared adds a bucket and an instance in the account of Identity Center, whose policy
// admits the people's role.
func shared(w *lab.World) {
	b := further(&w.Buckets)
	b.Name, b.Account = elsewhere, otherAccount
	for _, key := range []string{"analyst/one", "analyst/two", "private/one"} {
		o := further(&b.Objects)
		o.Key, o.Body = key, "content"
	}
	in := further(&w.AccessGrants)
	in.Account, in.IdentityCenter = otherAccount, w.IdentityCenter[0].ARN
	in.ResourcePolicy = policyDocument(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": enhancedRole}, "Resource": "*",
		"Action": []any{"s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix"},
	})
	l := further(&in.Locations)
	l.Scope, l.Role = "s3://", locationRole(w, 0)
	g := further(&in.Grants)
	g.Location, g.SubPrefix, g.Permission, g.User = "s3://", elsewhere+"/analyst/*", "READ", "analyst@example.com"
}

// lookup is a call that finds an instance, or asks it.
type lookup struct{ Name, Account, Region, Code string }

// lookups are the calls of S3 Control, and of S3 for the region of a bucket.
func (s *scene) lookups(since int) []lookup {
	var all []lookup
	for _, e := range s.lab.Events()[since:] {
		switch e.EventName {
		case "GetDataAccess", "GetAccessGrantsInstanceForPrefix", "GetCallerIdentity", "HeadBucket":
			all = append(all, lookup{e.EventName, e.RecipientAccountID, e.AWSRegion, e.ErrorCode})
		}
	}
	return all
}

func readObject(ctx context.Context, client *s3.Client, bucket, key string, optFns ...func(*s3.Options)) error {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, optFns...)
	if err != nil {
		return err
	}
	return out.Body.Close()
}

func kindOf(err error) s3agcreds.Kind {
	e, _ := errors.AsType[*s3agcreds.DataAccessError](err)
	if e == nil {
		return ""
	}
	return e.Kind
}

// The instance of another account is found once for a bucket, and asked.
func TestLabCrossAccount(t *testing.T) {
	s := newScene(t, shared)
	analyst, engineer := s.person("analyst"), s.person("engineer")
	client, _ := s.through(analyst)
	since := s.mark()
	for _, key := range []string{"analyst/one", "analyst/two"} {
		if err := readObject(t.Context(), client, elsewhere, key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if err := readObject(t.Context(), client, elsewhere, "private/one"); kindOf(err) != s3agcreds.KindNoGrant {
		t.Errorf("private/one: %v", err)
	}
	want := []lookup{
		{"GetAccessGrantsInstanceForPrefix", owner, "eu-west-1", ""},
		{"GetDataAccess", otherAccount, "eu-west-1", ""}, {"GetDataAccess", otherAccount, "eu-west-1", "AccessDenied"},
	}
	if diff := cmp.Diff(want, withoutCaller(s.lookups(since))); diff != "" {
		t.Errorf("look-ups (-want +got):\n%s", diff)
	}
	other, _ := s.through(engineer)
	if err := readObject(t.Context(), other, elsewhere, "analyst/one"); kindOf(err) != s3agcreds.KindNoGrant {
		t.Errorf("another person: %v", err)
	}
}

// withoutCaller leaves the sign-in, and the question of who the caller is, out.
func withoutCaller(all []lookup) []lookup {
	var kept []lookup
	for _, l := range all {
		if l.Name != "GetCallerIdentity" {
			kept = append(kept, l)
		}
	}
	return kept
}

// A role that may not look for the instance, as the original's template makes it, gets
// the answer of its own account; with the account named it is served.
func TestLabCrossAccountUnlookedFor(t *testing.T) {
	s := newScene(t, shared, labtest.OriginalTemplate)
	analyst := s.person("analyst")
	t.Run("not named", func(t *testing.T) {
		client, _ := s.on(t).through(analyst)
		if err := readObject(t.Context(), client, elsewhere, "analyst/one"); kindOf(err) != s3agcreds.KindNoGrant {
			t.Errorf("error %v", err)
		}
		if err := readObject(t.Context(), client, demo, "reports/summary.txt"); err != nil {
			t.Errorf("its own account: %v", err)
		}
	})
	t.Run("named", func(t *testing.T) {
		s := s.on(t)
		client, _ := s.through(analyst, func(o *s3agcreds.Options) { o.AccountID = otherAccount })
		since := s.mark()
		if err := readObject(t.Context(), client, elsewhere, "analyst/one"); err != nil {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]lookup{{"GetDataAccess", otherAccount, "eu-west-1", ""}}, s.lookups(since)); diff != "" {
			t.Errorf("look-ups (-want +got):\n%s", diff)
		}
	})
	t.Run("not shared", func(t *testing.T) {
		s := newScene(t, shared, func(w *lab.World) { w.AccessGrants[1].ResourcePolicy = nil })
		client, _ := s.through(s.person("analyst"), func(o *s3agcreds.Options) { o.AccountID = otherAccount })
		if err := readObject(t.Context(), client, elsewhere, "analyst/one"); kindOf(err) != s3agcreds.KindNotAuthorized {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no instance", func(t *testing.T) {
		s := newScene(t)
		client, _ := s.through(s.person("analyst"), func(o *s3agcreds.Options) { o.AccountID = otherAccount })
		if err := readObject(t.Context(), client, demo, "reports/summary.txt"); kindOf(err) == "" {
			t.Errorf("error %v", err)
		}
	})
}

// abroad adds a bucket of another region, with the instance there. Identity Center is not
// in that region, so that the grant is the role's.
func abroad(w *lab.World) {
	b := further(&w.Buckets)
	b.Name, b.Account, b.Region = farAway, owner, "us-east-1"
	o := further(&b.Objects)
	o.Key, o.Body = "all/one", "content"
	in := further(&w.AccessGrants)
	in.Account, in.Region = owner, "us-east-1"
	l := further(&in.Locations)
	l.Scope, l.Role = "s3://", locationRole(w, 1)
	g := further(&in.Grants)
	g.Location, g.SubPrefix, g.Permission, g.Role = "s3://", farAway+"/all/*", "READ", enhancedRole
}

// A bucket of another region: its instance is asked, and the S3 client is led there.
func TestLabCrossRegion(t *testing.T) {
	s := newScene(t, abroad)
	analyst := s.person("analyst")
	across := func(o *s3agcreds.Options) { o.CrossRegion, o.AccountID = true, owner }

	t.Run("case 61: two region look-ups: one HeadBucket", func(t *testing.T) {
		s := s.on(t)
		client, plugin := s.through(analyst, across)
		since := s.mark()
		for range 2 {
			region, err := plugin.Region(t.Context(), farAway)
			if err != nil || region != "us-east-1" {
				t.Fatalf("region %q, %v", region, err)
			}
			if err := readObject(t.Context(), client, farAway, "all/one", func(o *s3.Options) { o.Region = region }); err != nil {
				t.Error(err)
			}
		}
		var heads, asks int
		for _, l := range s.lookups(since) {
			switch {
			case l.Name == "HeadBucket":
				heads++
			case l.Name == "GetDataAccess" && l.Region == "us-east-1" && l.Code == "":
				asks++
			default:
				t.Errorf("look-up %+v", l)
			}
		}
		if heads != 1 || asks != 1 {
			t.Errorf("%d of HeadBucket, %d of GetDataAccess", heads, asks)
		}
	})
	t.Run("S3 itself is not led there", func(t *testing.T) {
		client, _ := s.on(t).through(analyst, across)
		err := readObject(t.Context(), client, farAway, "all/one")
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "PermanentRedirect" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("case 62: 403 with the region header", func(t *testing.T) {
		client, _ := s.on(t).through(analyst, across)
		if err := readObject(t.Context(), client, demo, "reports/summary.txt"); err != nil {
			t.Error(err)
		}
	})
	t.Run("case 64: cross-region off: no HeadBucket", func(t *testing.T) {
		s := s.on(t)
		client, _ := s.through(analyst, func(o *s3agcreds.Options) { o.AccountID = owner })
		since := s.mark()
		if err := readObject(t.Context(), client, farAway, "all/one"); kindOf(err) != s3agcreds.KindNoGrant {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]lookup{{"GetDataAccess", owner, "eu-west-1", "AccessDenied"}}, s.lookups(since)); diff != "" {
			t.Errorf("look-ups (-want +got):\n%s", diff)
		}
	})
	t.Run("case 63: no such bucket: an error, not cached", func(t *testing.T) {
		s := s.on(t)
		client, _ := s.through(analyst, across)
		for range 2 { // it may be made in a moment
			since := s.mark()
			if err := readObject(t.Context(), client, "nobodys-bucket-at-all", "all/one"); !errors.Is(err, s3agcreds.ErrBucketRegion) {
				t.Errorf("error %v", err)
			}
			if got := s.lookups(since); len(got) != 1 || got[0].Name != "HeadBucket" {
				t.Errorf("look-ups %v", got)
			}
		}
	})
}
