package session_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

const (
	callerAccount = "444455556666"
	ownerAccount  = "111122223333"
)

// policy is a document of one statement.
func policy(statement map[string]any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
}

// shared has the bucket owner-data and an Access Grants instance in another account,
// which lets the caller's account do what actions say.
func shared(actions ...any) func(*lab.World) {
	return func(w *lab.World) {
		bucket, role, instance := w.Buckets[0], w.Accounts[1].Roles[2], w.AccessGrants[0]
		bucket.Name, bucket.Account, bucket.Objects = "owner-data", ownerAccount, nil
		role.Trust = policy(map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": "access-grants.s3.amazonaws.com"},
			"Action": []any{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"},
		})
		grant := instance.Grants[0]
		grant.SubPrefix = "owner-data/team/*"
		instance.Account, instance.Grants = ownerAccount, append(instance.Grants[:0:0], grant)
		instance.Locations = instance.Locations[:1:1]
		instance.ResourcePolicy = policy(map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": callerAccount}, "Action": actions, "Resource": "*",
		})
		w.Buckets, w.Accounts[0].Roles, w.AccessGrants = append(w.Buckets, bucket), append(w.Accounts[0].Roles, role), append(w.AccessGrants, instance)
	}
}

// both is what the other account has to allow.
var both = []any{"s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix"}

// withoutInstance takes the caller's account its instance.
func withoutInstance(w *lab.World) { w.AccessGrants = w.AccessGrants[1:] }

// template has the identity-enhanced role do what that of the original's template may.
func template(w *lab.World) {
	w.Accounts[1].Roles[1].Policies["access-grants"] = policy(map[string]any{"Effect": "Allow", "Action": "s3:GetDataAccess", "Resource": "*"})
}

func TestOwnerOfTheInstance(t *testing.T) {
	const once, lookedUp, twice = "GetDataAccess", "GetDataAccess GetAccessGrantsInstanceForPrefix", "GetDataAccess GetAccessGrantsInstanceForPrefix GetDataAccess"
	const theirs, ours = "s3://owner-data/team/x", "s3://tip-demo-data/reports/"
	type result struct {
		Account       string // that has vended
		Kind          s3agcreds.Kind
		Owner, LookUp string
	}
	for name, tt := range map[string]struct {
		edits   []func(*lab.World)
		request session.GrantRequest
		meddle  proxytest.Hook
		seen    string
		want    result
	}{
		"the caller's account has it":     {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: ours}, nil, once, result{Account: callerAccount}},
		"another has it":                  {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs}, nil, twice, result{Account: ownerAccount}},
		"another has it, a prefix":        {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: "s3://owner-data/team/*"}, nil, twice, result{Account: ownerAccount}},
		"the caller's has no instance":    {[]func(*lab.World){shared(both...), withoutInstance}, session.GrantRequest{Target: theirs}, nil, twice, result{Account: ownerAccount}},
		"it is named":                     {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs, AccountID: ownerAccount}, nil, once, result{Account: ownerAccount}},
		"the wrong one is named":          {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs, AccountID: callerAccount}, nil, once, result{Kind: s3agcreds.KindNoGrant}},
		"nobody has a grant":              {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: "s3://tip-demo-data/private/"}, nil, lookedUp, result{Kind: s3agcreds.KindNoGrant}},
		"the owner has no grant":          {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: "s3://owner-data/x"}, nil, twice, result{Kind: s3agcreds.KindNoGrant, Owner: ownerAccount}},
		"the owner does not let":          {[]func(*lab.World){shared(both[1])}, session.GrantRequest{Target: theirs}, nil, twice, result{Kind: s3agcreds.KindNotAuthorized, Owner: ownerAccount}},
		"the owner does not answer":       {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs}, ofAccount(ownerAccount, slowDown), twice + " GetDataAccess GetDataAccess", result{Kind: s3agcreds.KindUnavailable, Owner: ownerAccount}},
		"a role of the template, denied":  {[]func(*lab.World){shared(both...), template}, session.GrantRequest{Target: theirs}, nil, lookedUp, result{Kind: s3agcreds.KindNoGrant, LookUp: "AccessDenied"}},
		"a role of the template, granted": {[]func(*lab.World){shared(both...), template}, session.GrantRequest{Target: ours}, nil, once, result{Account: callerAccount}},
		"the template, no instance":       {[]func(*lab.World){shared(both...), template, withoutInstance}, session.GrantRequest{Target: theirs}, nil, lookedUp, result{Kind: s3agcreds.KindNoInstance, LookUp: "AccessDenied"}},
		"the owner does not let it look":  {[]func(*lab.World){shared(both[0])}, session.GrantRequest{Target: theirs}, nil, lookedUp, result{Kind: s3agcreds.KindNoGrant, LookUp: "AccessDenied"}},
		"the look-up fails": {
			[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs}, only("GetAccessGrantsInstanceForPrefix", slowDown),
			lookedUp + strings.Repeat(" GetAccessGrantsInstanceForPrefix", 2), result{Kind: s3agcreds.KindNoGrant, LookUp: "SlowDown"},
		},
		"a bucket that nobody knows": {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: "s3://nobodys/x"}, nil, lookedUp, result{Kind: s3agcreds.KindNoGrant}},
		"any bucket":                 {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: "s3://*"}, nil, once, result{Kind: s3agcreds.KindNoGrant, LookUp: "no answer"}},
		"denied in other words":      {[]func(*lab.World){shared(both...)}, session.GrantRequest{Target: theirs}, ofAccount(callerAccount, answerXML(403, "AccessDenied")), twice, result{Account: ownerAccount}},
		"not authorized at all":      {[]func(*lab.World){func(w *lab.World) { delete(w.Accounts[1].Roles[1].Policies, "access-grants") }}, session.GrantRequest{Target: ours}, nil, once, result{Kind: s3agcreds.KindNotAuthorized}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, tt.edits...)
			if _, err := d.RoleCredentials(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.seen()
			d.proxy.Meddle(tt.meddle)
			tt.request.Permission = types.PermissionRead
			e, err := d.DataAccess(t.Context(), tt.request)
			if diff := cmp.Diff(tt.want, result(outcome(e, err))); diff != "" {
				t.Errorf("(-want +got):\n%s%v", diff, err)
			}
			if got := d.seen(); got != tt.seen {
				t.Errorf("seen %s, want %s", got, tt.seen)
			}
			if err != nil {
				return
			}
			if again, err := d.DataAccess(t.Context(), tt.request); err != nil || again.AccessKeyID != e.AccessKeyID || d.seen() != "" {
				t.Errorf("the stored ones do not serve: %v", err)
			}
		})
	}
}

// outcome is what a call of DataAccess has led to.
func outcome(e store.S3Entry, err error) (r struct {
	Account       string
	Kind          s3agcreds.Kind
	Owner, LookUp string
}) {
	r.Account = e.AccountID
	if refused, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok {
		r.Kind = refused.Kind
	}
	if owner, ok := errors.AsType[*session.OwnerError](err); ok {
		r.Owner = owner.AccountID
	}
	if unknown, ok := errors.AsType[*session.OwnerUnknownError](err); ok {
		r.LookUp = unknown.LookUp
	}
	return r
}

func slowDown(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
	answerXML(http.StatusServiceUnavailable, "SlowDown")(w, r, forward)
}

// answerXML refuses as S3 Access Grants does.
func answerXML(status int, code string) proxytest.Hook {
	return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>"+code+"</Code><Message>No.</Message></Error></ErrorResponse>")
	}
}

// only has a hook see one operation.
func only(o proxytest.Operation, hook proxytest.Hook) proxytest.Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == o {
			hook(w, r, forward)
			return
		}
		forward(w, r)
	}
}

// ofAccount has a hook see what an account is asked.
func ofAccount(account string, hook proxytest.Hook) proxytest.Hook {
	return only("GetDataAccess", func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if r.Header.Get("X-Amz-Account-Id") == account {
			hook(w, r, forward)
			return
		}
		forward(w, r)
	})
}

// What is stored tells whose it is, who has granted it, and how it was found.
func TestStoredGrant(t *testing.T) {
	for name, tt := range map[string]struct {
		request session.GrantRequest
		want    store.S3Entry
	}{
		"found": {
			session.GrantRequest{Target: "s3://owner-data/team/x"},
			store.S3Entry{Target: "s3://owner-data/team/*", AccountID: ownerAccount, Resolved: true, Region: "eu-west-1", RequestedTarget: "s3://owner-data/team/x"},
		},
		"the caller's": {
			session.GrantRequest{Target: "s3://tip-demo-data/reports/"},
			store.S3Entry{Target: "s3://tip-demo-data/reports/*", AccountID: callerAccount, Resolved: true, Region: "eu-west-1", RequestedTarget: "s3://tip-demo-data/reports/"},
		},
		"named": {
			session.GrantRequest{Target: "s3://owner-data/team/x", AccountID: ownerAccount, Region: "eu-west-1"},
			store.S3Entry{Target: "s3://owner-data/team/*", AccountID: ownerAccount, Region: "eu-west-1", RequestedTarget: "s3://owner-data/team/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, shared(both...))
			tt.request.Permission = types.PermissionRead
			e, err := d.DataAccess(t.Context(), tt.request)
			if err != nil {
				t.Fatal(err)
			}
			entries, err := d.store.LoadS3()
			if err != nil || len(entries) != 1 || entries[0].AccessKeyID != e.AccessKeyID {
				t.Fatalf("%v, %v", entries, err)
			}
			tt.want.Permission, tt.want.TargetType, tt.want.Privilege = "READ", "Prefix", "Default"
			tt.want.GranteeType, tt.want.GranteeID = "DIRECTORY_GROUP", "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
			tt.want.UserID = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
			ignored := cmpopts.IgnoreFields(store.S3Entry{}, "AccessKeyID", "SecretAccessKey", "SessionToken", "Expiration", "Identity", "ObtainedAt")
			if diff := cmp.Diff(tt.want, entries[0], ignored); diff != "" || entries[0].Identity == "" || entries[0].ObtainedAt.IsZero() {
				t.Errorf("stored %v (-want +got):\n%s", entries[0].ObtainedAt, diff)
			}
		})
	}
}
