package authz_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	account = "444455556666"
	roleARN = "arn:aws:iam::444455556666:role/team/App"
	action  = "s3:GetDataAccess"
	target  = "arn:aws:s3:eu-west-1:444455556666:access-grants/default"
)

var at = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

type m = map[string]any

func document(statements ...any) m { return m{"Version": "2012-10-17", "Statement": statements} }

func statement(effect string, condition m) m {
	s := m{"Effect": effect, "Action": "s3:*", "Resource": "*"}
	if condition != nil {
		s["Condition"] = condition
	}
	return s
}

// newWorld has one role, whose identity policy consists of the statements.
func newWorld(t *testing.T, statements ...any) *world.World {
	t.Helper()
	f := &world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: account, Roles: []world.RoleFile{{
		Name: "App", Path: "/team/", Policies: map[string]any{"own": document(statements...)},
		Trust: document(
			m{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": m{"Service": "access-grants.s3.amazonaws.com"}},
			m{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*", "Condition": m{"Bool": m{"aws:PrincipalIsAWSService": "false"}}},
		),
	}}}}}
	w, err := world.New(f, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// roleID is the same in every run: it follows from the ARN.
var roleID = sync.OnceValue(func() string {
	w, err := world.New(&world.File{Version: 1, Region: "eu-west-1", Accounts: []world.AccountFile{{ID: account, Roles: []world.RoleFile{{
		Name: "App", Path: "/team/", Trust: document(m{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}),
	}}}}}, time.Now)
	if err != nil {
		panic(err)
	}
	r, _ := w.Role(roleARN)
	return r.ID
})

func session() *world.Session {
	return &world.Session{
		AccessKeyID: "ASIAEXAMPLE", Kind: world.KindAssumedRole, Account: account, RoleARN: roleARN, Issued: at, SessionName: "alice",
		ARN: "arn:aws:sts::444455556666:assumed-role/App/alice", UserID: roleID() + ":alice", SourceIdentity: "alice@example.com",
		Tags:        map[string]string{"team": "blue"},
		WebIdentity: &world.WebIdentity{Issuer: "https://idp.example.com/a", Audience: "client", Subject: "subject"},
		AccessGrant: &world.VendedGrant{InstanceARN: target},
	}
}

func request() *authz.Request {
	return &authz.Request{
		Session: session(), Action: action, Resource: target, ResourceAccount: account,
		Caller: &awswire.Caller{Region: "eu-west-1", SourceIP: "127.0.0.1", UserAgent: "agent/1", Referer: "https://page.example"},
	}
}

func TestConditionKeys(t *testing.T) {
	for key, value := range map[string]string{
		"aws:CurrentTime": "2026-08-01T12:00:00Z", "aws:EpochTime": "1785585600", "aws:ResourceAccount": account,
		"aws:PrincipalAccount": account, "aws:PrincipalArn": roleARN, "aws:PrincipalType": "AssumedRole",
		"aws:userid": roleID() + ":alice", "aws:TokenIssueTime": "2026-08-01T12:00:00Z", "aws:SourceIdentity": "alice@example.com",
		"aws:PrincipalTag/team": "blue", "idp.example.com/a:aud": "client", "idp.example.com/a:sub": "subject",
		"s3:AccessGrantsInstanceArn": target, "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false",
		"aws:SourceIp": "127.0.0.1", "aws:SecureTransport": "false", "aws:RequestedRegion": "eu-west-1",
		"aws:UserAgent": "agent/1", "aws:Referer": "https://page.example",
		"aws:FederatedProvider": "arn:aws:iam::444455556666:oidc-provider/idp.example.com/a",
	} {
		allow := statement("Allow", m{"StringEquals": m{key: value}})
		if err := authz.New(newWorld(t, allow)).Allow(request()); err != nil {
			t.Errorf("%s is not %q: %v", key, value, err)
		}
		deny := statement("Deny", m{"StringEquals": m{key: value}})
		if err := authz.New(newWorld(t, statement("Allow", nil), deny)).Allow(request()); err == nil {
			t.Errorf("a Deny by %s is lost", key)
		}
	}
}

func TestSignatureKeys(t *testing.T) {
	for name, c := range map[string]struct {
		presigned     bool
		at            time.Time
		authType, age string
	}{
		"header":         {false, at.Add(-1500 * time.Millisecond), "REST-HEADER", "1500"},
		"query":          {true, at, "REST-QUERY-STRING", "0"},
		"a fast clock":   {false, at.Add(time.Minute), "REST-HEADER", "0"},
		"no millisecond": {false, at.Add(-time.Microsecond), "REST-HEADER", "0"},
	} {
		want := policy.Context{"s3:authType": {c.authType}, "s3:signatureAge": {c.age}, "s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:x-amz-content-sha256": {"hash"}}
		if diff := cmp.Diff(want, authz.SignatureKeys(&awswire.Signature{Presigned: c.presigned, At: c.at, PayloadHash: "hash"}, at)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The guard rails that people copy from the user guide must neither fall away
// nor refuse everything.
func TestGuardRailsOfTheUserGuide(t *testing.T) {
	for name, c := range map[string]struct {
		deny    m
		request func(*authz.Request)
		allowed bool
	}{
		"region inside":      {deny: m{"StringNotEquals": m{"aws:RequestedRegion": "eu-west-1"}}, allowed: true},
		"region outside":     {deny: m{"StringNotEquals": m{"aws:RequestedRegion": "us-east-1"}}},
		"network inside":     {deny: m{"NotIpAddress": m{"aws:SourceIp": "127.0.0.0/8"}, "Bool": m{"aws:ViaAWSService": "false"}}, allowed: true},
		"network outside":    {deny: m{"NotIpAddress": m{"aws:SourceIp": "10.0.0.0/8"}, "Bool": m{"aws:ViaAWSService": "false"}}},
		"without encryption": {deny: m{"Bool": m{"aws:SecureTransport": "false"}}},
		"with encryption": {deny: m{"Bool": m{"aws:SecureTransport": "false"}}, allowed: true, request: func(r *authz.Request) {
			r.Caller.Secure = true
		}},
		"own value of the request counts, whatever its case": {deny: m{"StringEquals": m{"aws:ResourceAccount": "other"}}, request: func(r *authz.Request) {
			r.Context = policy.Context{"AWS:resourceaccount": {"other"}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			if c.request != nil {
				c.request(r)
			}
			err := authz.New(newWorld(t, statement("Allow", nil), statement("Deny", c.deny))).Allow(r)
			if (err == nil) != c.allowed {
				t.Errorf("error %v, want allowed %v", err, c.allowed)
			}
		})
	}
}

func parse(t *testing.T, kind policy.Kind, doc m) *policy.Document {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.Parse(text, kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Which policies are asked, and in which words each refuses.
func TestRequire(t *testing.T) {
	const who = "User: arn:aws:sts::444455556666:assumed-role/App/alice is not authorized to perform: s3:GetDataAccess on resource: " + target
	for name, c := range map[string]struct {
		identity []any
		edit     func(*testing.T, *authz.Request)
		want     string
	}{
		"allowed":            {identity: []any{statement("Allow", nil)}},
		"identity is silent": {identity: []any{statement("Deny", m{"Bool": m{"aws:ViaAWSService": "true"}})}, want: who + " because no identity-based policy allows the s3:GetDataAccess action"},
		"identity denies":    {identity: []any{statement("Deny", nil)}, want: who + " with an explicit deny in an identity-based policy"},
		"a session policy is silent": {identity: []any{statement("Allow", nil)}, want: who + " because no session policy allows the s3:GetDataAccess action",
			edit: func(t *testing.T, r *authz.Request) {
				r.Session.SessionPolicies = []*policy.Document{parse(t, policy.Session, document(m{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))}
			}},
		"one of two session policies allows": {identity: []any{statement("Allow", nil)}, edit: func(t *testing.T, r *authz.Request) {
			r.Session.SessionPolicies = []*policy.Document{
				parse(t, policy.Session, document(m{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})),
				parse(t, policy.Session, document(statement("Allow", nil))),
			}
		}},
		"the identity context denies": {identity: []any{m{"Effect": "Allow", "Action": "*", "Resource": "*"}},
			want: "User: arn:aws:sts::444455556666:assumed-role/App/alice is not authorized to perform: s3:GetObject on resource: " + target + " with an explicit deny in a session policy",
			edit: func(_ *testing.T, r *authz.Request) {
				r.Action, r.Session.Identity = "s3:GetObject", &world.IdentityContext{UserID: "u"}
			}},
		"an audit context does not": {identity: []any{statement("Allow", nil)}, edit: func(_ *testing.T, r *authz.Request) {
			r.Action, r.Session.Identity = "s3:GetObject", &world.IdentityContext{UserID: "u", Audit: true}
		}},
		"another account's resource is silent": {identity: []any{statement("Allow", nil)}, want: who + " because no resource-based policy allows the s3:GetDataAccess action",
			edit: func(_ *testing.T, r *authz.Request) { r.ResourceAccount = "111122223333" }},
		"the role is gone": {identity: []any{statement("Allow", nil)}, want: who + " because no identity-based policy allows the s3:GetDataAccess action",
			edit: func(_ *testing.T, r *authz.Request) { r.Session.RoleARN += "Gone" }},
		"nobody": {identity: []any{statement("Allow", nil)},
			want: "User: anonymous is not authorized to perform: s3:GetDataAccess on resource: " + target + " because no resource-based policy allows the s3:GetDataAccess action",
			edit: func(_ *testing.T, r *authz.Request) { r.Session = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			if c.edit != nil {
				c.edit(t, r)
			}
			err := authz.New(newWorld(t, c.identity...)).Require(r)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var got *awswire.Error
			if !errors.As(err, &got) {
				t.Fatalf("error %v", err)
			}
			want := &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: c.want, Common: true}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAllowRoleRefusesARoleThatIsNot(t *testing.T) {
	everything := m{"Effect": "Allow", "Action": "*", "Resource": "*"}
	r := request()
	r.Action, r.Resource = "sts:AssumeRole", "arn:aws:iam::444455556666:role/Nobody"
	var got *awswire.Error
	if err := authz.New(newWorld(t, everything)).AllowRole(r, "sts:AssumeRole"); !errors.As(err, &got) {
		t.Fatalf("error %v", err)
	}
	want := &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "User: arn:aws:sts::444455556666:assumed-role/App/alice " +
		"is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/Nobody"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTrusts(t *testing.T) {
	w := newWorld(t, statement("Allow", nil))
	role, _ := w.Role(roleARN)
	for name, c := range map[string]struct {
		principal policy.Principal
		want      bool
	}{
		"the service":     {policy.Principal{Service: "access-grants.s3.amazonaws.com"}, true},
		"another service": {policy.Principal{Service: "ec2.amazonaws.com"}, false},
		"a provider":      {policy.Principal{Federated: "arn:aws:iam::444455556666:oidc-provider/idp.example.com"}, false},
		"nobody":          {policy.Principal{}, false},
	} {
		if got := authz.New(w).Trusts(role, c.principal, "sts:AssumeRole", nil); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSession(t *testing.T) {
	w := newWorld(t, statement("Allow", nil))
	gone := session()
	gone.AccessKeyID, gone.RoleARN = "ASIAGONE", roleARN+"Gone"
	w.AddSession(session())
	w.AddSession(gone)
	a := authz.New(w)
	if s, err := a.Session(&awswire.Caller{AccessKeyID: "ASIAEXAMPLE"}); err != nil || s.SessionName != "alice" {
		t.Errorf("%v, %v", s, err)
	}
	want := &awswire.Error{Code: "InvalidClientTokenId", Status: http.StatusForbidden, Message: "The security token included in the request is invalid."}
	for _, id := range []string{"", "ASIAGONE", "ASIANOBODY"} {
		_, err := a.Session(&awswire.Caller{AccessKeyID: id})
		var got *awswire.Error
		if !errors.As(err, &got) {
			t.Fatalf("%q: error %v", id, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", id, diff)
		}
	}
}
