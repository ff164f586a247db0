package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	guestKey, guestSecret = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
	readerRole            = "arn:aws:iam::444455556666:role/Reader"
)

// real is a service with the real authorizer.
func real(t *testing.T) *fixture {
	t.Helper()
	f := start(t)
	service, err := s3.New(f.world, s3.WithAuthorizer(authz.New(f.world)))
	f.must(err)
	f.service, f.server.Config.Handler = service, service
	return f
}

// as opens a session of the role Reader and signs r with it.
func (f *fixture) as(change func(*world.Session), r request) request {
	f.Helper()
	role, ok := f.world.Role(readerRole)
	if !ok {
		f.Fatalf("no role %s", readerRole)
	}
	s := &world.Session{
		Kind: world.KindAssumedRole, Account: ownerAccount, RoleARN: readerRole, SessionName: "alice",
		ARN: "arn:aws:sts::444455556666:assumed-role/Reader/alice", UserID: role.ID + ":alice",
		Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	s.AccessKeyID, s.SecretAccessKey, s.SessionToken = world.NewCredentials()
	if change != nil {
		change(s)
	}
	f.world.AddSession(s)
	r.key, r.secret, r.token = s.AccessKeyID, s.SecretAccessKey, s.SessionToken
	return r
}

func TestRoleSession(t *testing.T) {
	f := real(t)
	for _, test := range []struct {
		method, target string
		status         int
		code           string
	}{
		{"GET", "/reports/shared/2026.csv", 200, ""},
		{"GET", "/reports/private/plan.txt", 403, "AccessDenied"},
		{"GET", "/reports/shared/none", 403, "AccessDenied"}, // ListBucket holds for lists with a prefix only
		{"GET", "/reports?list-type=2&prefix=shared%2F", 200, ""},
		{"GET", "/reports?list-type=2&prefix=private%2F", 403, "AccessDenied"},
		{"GET", "/reports?list-type=2", 403, "AccessDenied"},
		{"PUT", "/reports/new", 200, ""},
		{"DELETE", "/reports/new", 403, "AccessDenied"},
		{"GET", "/", 403, "AccessDenied"},
		{"GET", "/foreign/k", 403, "AccessDenied"},
	} {
		a := f.refuses(f.as(nil, request{method: test.method, target: test.target}), test.status, test.code)
		if a.code == "AccessDenied" && !strings.Contains(a.body, "User: arn:aws:sts::444455556666:assumed-role/Reader/alice is not authorized to perform: s3:") {
			t.Errorf("%s", a.body)
		}
	}
}

// TestAccessGrantSession has the session policy that GetDataAccess gives: the
// role could write everywhere, the grant is for reading one prefix.
func TestAccessGrantSession(t *testing.T) {
	f := real(t)
	doc, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/shared/2026*",
		 "Condition": {"ArnEquals": {"s3:AccessGrantsInstanceArn": "arn:aws:s3:eu-west-1:444455556666:access-grants/default"}}},
		{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reports", "Condition": {"StringLike": {"s3:prefix": "shared/2026*"}}}]}`), policy.Session)
	f.must(err)
	grant := func(s *world.Session) {
		s.SessionPolicies = []*policy.Document{doc}
		s.AccessGrant = &world.VendedGrant{InstanceARN: "arn:aws:s3:eu-west-1:444455556666:access-grants/default", Target: "s3://reports/shared/2026*"}
	}
	f.refuses(f.as(grant, request{method: "GET", target: "/reports/shared/2026.csv"}), 200, "")
	f.refuses(f.as(grant, request{method: "GET", target: "/reports?prefix=shared/2026"}), 200, "")
	f.refuses(f.as(grant, request{method: "GET", target: "/reports?prefix=shared/"}), 403, "AccessDenied")
	f.refuses(f.as(grant, request{method: "GET", target: "/reports/private/plan.txt"}), 403, "AccessDenied")
	f.refuses(f.as(grant, request{method: "PUT", target: "/reports/shared/2026.csv", body: "x"}), 403, "AccessDenied")
	other := func(s *world.Session) { grant(s); s.AccessGrant = nil }
	f.refuses(f.as(other, request{method: "GET", target: "/reports/shared/2026.csv"}), 403, "AccessDenied")
}

// TestIdentityContextSession: a session that carries a person cannot use S3 itself.
func TestIdentityContextSession(t *testing.T) {
	f := real(t)
	person := func(s *world.Session) {
		s.Identity = &world.IdentityContext{UserID: "u", IdentityStoreARN: "arn:aws:identitystore::111122223333:identitystore/d-1234567890"}
	}
	a := f.refuses(f.as(person, request{method: "GET", target: "/reports/shared/2026.csv"}), 403, "AccessDenied")
	if !strings.Contains(a.body, "explicit deny") {
		t.Error(a.body)
	}
}

func TestAcrossAccounts(t *testing.T) {
	f := real(t)
	guest := request{method: "GET", target: "/reports/shared/2026.csv", key: guestKey, secret: guestSecret}
	f.refuses(guest, 403, "AccessDenied")
	allow := func(principal, action string) request {
		return request{method: "PUT", target: "/reports?policy", body: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": ` + principal +
			`, "Action": "` + action + `", "Resource": "arn:aws:s3:::reports/shared/*"}]}`}
	}
	f.do(allow(`{"AWS": "111122223333"}`, "s3:GetObject"))
	f.refuses(guest, 200, "")
	f.refuses(request{method: "GET", target: "/reports/private/plan.txt", key: guestKey, secret: guestSecret}, 403, "AccessDenied")
	f.refuses(request{method: "GET", target: "/reports/shared/2026.csv", unsigned: true}, 403, "AccessDenied")
	f.do(allow(`"*"`, "s3:GetObject"))
	f.refuses(request{method: "GET", target: "/reports/shared/2026.csv", unsigned: true}, 200, "")
	f.refuses(request{method: "PUT", target: "/reports/shared/2026.csv", body: "x", unsigned: true}, 403, "AccessDenied")
}

func TestRoleThatIsGone(t *testing.T) {
	f := real(t)
	gone := func(s *world.Session) { s.RoleARN = "arn:aws:iam::444455556666:role/Deleted" }
	f.refuses(f.as(gone, request{method: "GET", target: "/reports/shared/2026.csv"}), 403, "InvalidAccessKeyId")
}
