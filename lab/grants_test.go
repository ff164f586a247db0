package lab_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

type grantCase struct {
	grants     []world.GrantFile
	target     string
	permission string
	edit       func(*s3control.GetDataAccessInput)
	// want is the matched target, empty for a refusal.
	want string
}

func user(prefix string) world.GrantFile {
	return world.GrantFile{User: analystName, SubPrefix: prefix}
}
func group(prefix string) world.GrantFile {
	return world.GrantFile{Group: "analysts", SubPrefix: prefix}
}
func role(prefix string) world.GrantFile { return world.GrantFile{Role: enhanced, SubPrefix: prefix} }

func object(g world.GrantFile) world.GrantFile {
	g.Object = true
	return g
}

func permitting(p string, g world.GrantFile) world.GrantFile {
	g.Permission = p
	return g
}

func TestGrantMatching(t *testing.T) {
	bob := []world.GrantFile{role("b/bob/*"), user("b/bob/images/*")}
	mirrored := []world.GrantFile{user("b/bob/*"), role("b/bob/images/*")}
	const image = "s3://b/bob/images/image1.jpeg"
	for name, c := range map[string]grantCase{
		"user":                        {[]world.GrantFile{user("b/p/*")}, "s3://b/p/k", "READ", nil, "s3://b/p/*"},
		"group":                       {[]world.GrantFile{group("b/p/*")}, "s3://b/p/k", "READ", nil, "s3://b/p/*"},
		"role":                        {[]world.GrantFile{role("b/p/*")}, "s3://b/p/k", "READ", nil, "s3://b/p/*"},
		"other user":                  {[]world.GrantFile{{User: engineerName, SubPrefix: "b/p/*"}}, "s3://b/p/k", "READ", nil, ""},
		"other group":                 {[]world.GrantFile{{Group: "engineers", SubPrefix: "b/p/*"}}, "s3://b/p/k", "READ", nil, ""},
		"other role":                  {[]world.GrantFile{{Role: oidcRole, SubPrefix: "b/p/*"}}, "s3://b/p/k", "READ", nil, ""},
		"no grants":                   {nil, "s3://b/p/k", "READ", nil, ""},
		"READ for WRITE":              {[]world.GrantFile{user("b/*")}, "s3://b/k", "WRITE", nil, ""},
		"READ for READWRITE":          {[]world.GrantFile{user("b/*")}, "s3://b/k", "READWRITE", nil, ""},
		"WRITE for READ":              {[]world.GrantFile{permitting("WRITE", user("b/*"))}, "s3://b/k", "READ", nil, ""},
		"WRITE for WRITE":             {[]world.GrantFile{permitting("WRITE", user("b/*"))}, "s3://b/k", "WRITE", nil, "s3://b/*"},
		"WRITE for READWRITE":         {[]world.GrantFile{permitting("WRITE", user("b/*"))}, "s3://b/k", "READWRITE", nil, ""},
		"READWRITE for READ":          {[]world.GrantFile{permitting("READWRITE", user("b/*"))}, "s3://b/k", "READ", nil, "s3://b/*"},
		"READWRITE for WRITE":         {[]world.GrantFile{permitting("READWRITE", user("b/*"))}, "s3://b/k", "WRITE", nil, "s3://b/*"},
		"READWRITE for READWRITE":     {[]world.GrantFile{permitting("READWRITE", user("b/*"))}, "s3://b/k", "READWRITE", nil, "s3://b/*"},
		"READ and WRITE for both":     {[]world.GrantFile{user("b/*"), permitting("WRITE", user("b/*"))}, "s3://b/k", "READWRITE", nil, ""},
		"the grant's scope":           {[]world.GrantFile{user("b/p/*")}, "s3://b/p/*", "READ", nil, "s3://b/p/*"},
		"narrower with a star":        {[]world.GrantFile{user("b/p/*")}, "s3://b/p/q*", "READ", nil, "s3://b/p/*"},
		"the prefix itself":           {[]world.GrantFile{user("b/p/*")}, "s3://b/p/", "READ", nil, "s3://b/p/*"},
		"prefix without slash":        {[]world.GrantFile{user("b/p/*")}, "s3://b/p", "READ", nil, ""},
		"sibling of foo/*":            {[]world.GrantFile{user("b/foo/*")}, "s3://b/foobar", "READ", nil, ""},
		"sibling of foo*":             {[]world.GrantFile{user("b/foo*")}, "s3://b/foobar", "READ", nil, "s3://b/foo*"},
		"foo itself":                  {[]world.GrantFile{user("b/foo*")}, "s3://b/foo", "READ", nil, "s3://b/foo*"},
		"wider than the grant":        {[]world.GrantFile{user("b/p/*")}, "s3://b/*", "READ", nil, ""},
		"wider by the star":           {[]world.GrantFile{user("b/p/q*")}, "s3://b/p/*", "READ", nil, ""},
		"case matters":                {[]world.GrantFile{user("b/p/*")}, "s3://b/P/k", "READ", nil, ""},
		"a star before the star":      {[]world.GrantFile{user("b/p**")}, "s3://b/p*", "READ", nil, ""},
		"bare bucket, minimal":        {[]world.GrantFile{user("b/*")}, "s3://b", "READ", minimal, "s3://b/*"},
		"a star inside is a letter":   {[]world.GrantFile{user("b/p/*")}, "s3://b/*/k", "READ", nil, ""},
		"object":                      {[]world.GrantFile{object(user("b/k"))}, "s3://b/k", "READ", nil, "s3://b/k"},
		"object, with a star":         {[]world.GrantFile{object(user("b/k"))}, "s3://b/k*", "READ", nil, ""},
		"object, longer":              {[]world.GrantFile{object(user("b/k"))}, "s3://b/k2", "READ", nil, ""},
		"object, below":               {[]world.GrantFile{object(user("b/k"))}, "s3://b/k/x", "READ", nil, ""},
		"whole bucket":                {[]world.GrantFile{user("b/*")}, "s3://b/any/key", "READ", nil, "s3://b/*"},
		"bare bucket":                 {[]world.GrantFile{user("b/*")}, "s3://b", "READ", nil, "s3://b/*"},
		"bucket* covers others":       {[]world.GrantFile{user("bu*")}, "s3://bucket2/k", "READ", nil, "s3://bu*"},
		"bucket/* does not":           {[]world.GrantFile{user("bu/*")}, "s3://bucket2/k", "READ", nil, ""},
		"bucket* and all buckets":     {[]world.GrantFile{user("bu*")}, "s3://bu*", "READ", nil, "s3://bu*"},
		"bob, user narrower":          {bob, image, "READ", nil, "s3://b/bob/images/*"},
		"bob, role narrower":          {mirrored, image, "READ", nil, "s3://b/bob/images/*"},
		"bob, outside the narrower":   {bob, "s3://b/bob/notes", "READ", nil, "s3://b/bob/*"},
		"bob, minimal":                {bob, image, "READ", minimal, image},
		"narrower without permission": {[]world.GrantFile{permitting("READWRITE", user("b/*")), user("b/p/*")}, "s3://b/p/k", "WRITE", nil, "s3://b/*"},
		"object before its prefix":    {[]world.GrantFile{user("b/k*"), object(user("b/k"))}, "s3://b/k", "READ", nil, "s3://b/k"},
		"object before, other order":  {[]world.GrantFile{object(role("b/k")), user("b/k*")}, "s3://b/k", "READ", nil, "s3://b/k"},
		"minimal, star":               {[]world.GrantFile{user("b/*")}, "s3://b/p*", "READ", minimal, "s3://b/p*"},
		"minimal, object type":        {[]world.GrantFile{user("b/*")}, "s3://b/k", "READ", func(in *s3control.GetDataAccessInput) { minimal(in); in.TargetType = "Object" }, "s3://b/k"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, silent, grants(c.grants...))
			edit := func(*s3control.GetDataAccessInput) {}
			if c.edit != nil {
				edit = c.edit
			}
			out, err := b.dataAccess(b.person(analyst), c.target, c.permission, edit)
			if c.want == "" {
				expect(t, noPermission(c.permission, c.target), err)
				return
			}
			expect(t, answer{}, err)
			if err == nil && *out.MatchedGrantTarget != c.want {
				t.Errorf("matched %s, want %s", *out.MatchedGrantTarget, c.want)
			}
		})
	}
}

func TestGranteeIsReported(t *testing.T) {
	const group3 = "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
	for name, c := range map[string]struct {
		grants []world.GrantFile
		want   types.Grantee
	}{
		"user on ties":  {[]world.GrantFile{role("b/*"), group("b/*"), user("b/*")}, types.Grantee{GranteeType: "DIRECTORY_USER", GranteeIdentifier: aws.String(analyst)}},
		"group on ties": {[]world.GrantFile{role("b/*"), group("b/*")}, types.Grantee{GranteeType: "DIRECTORY_GROUP", GranteeIdentifier: aws.String(group3)}},
		"role":          {[]world.GrantFile{role("b/*")}, types.Grantee{GranteeType: "IAM", GranteeIdentifier: aws.String(enhanced)}},
		"narrower wins": {[]world.GrantFile{user("b/*"), role("b/p/*")}, types.Grantee{GranteeType: "IAM", GranteeIdentifier: aws.String(enhanced)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, silent, grants(c.grants...))
			out, err := b.dataAccess(b.person(analyst), "s3://b/p/k", "READ")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(c.want.GranteeType, *c.want.GranteeIdentifier), fmt.Sprint(out.Grantee.GranteeType, *out.Grantee.GranteeIdentifier)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Who the session is, and through which application, decides which grants count.
func TestGrantIdentities(t *testing.T) {
	const other = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-0000000000000000"
	edit := func(f func(*world.IdentityContext)) func(*world.IdentityContext) { return f }
	scoped := func(targets ...string) func(*lab.World) {
		return func(w *lab.World) { w.IdentityCenter[0].Applications[0].Scopes[0].Targets = targets }
	}
	second := func(w *lab.World) {
		c := w.IdentityCenter[0]
		c.ARN = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
		c.IdentityStoreID, c.Applications, c.TrustedTokenIssuers = "d-0987654321", nil, nil
		w.IdentityCenter = append(w.IdentityCenter, c)
	}
	_, add := apps(map[string]func(*world.ApplicationFile){"other": func(*world.ApplicationFile) {}})
	restricted := func(app string) world.GrantFile {
		g := user("b/*")
		g.Application = app
		return g
	}
	for name, c := range map[string]struct {
		world   []func(*lab.World)
		context func(*world.IdentityContext)
		allowed bool
	}{
		"plain":                             {[]func(*lab.World){grants(user("b/*"))}, nil, true},
		"restricted to ours":                {[]func(*lab.World){grants(restricted(appARN))}, nil, true},
		"restricted to another":             {[]func(*lab.World){add, grants(restricted(other))}, nil, false},
		"of the other, unbound":             {[]func(*lab.World){add, grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.ApplicationARN = other }), true},
		"audit context":                     {[]func(*lab.World){grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.Audit = true }), false},
		"without the scope":                 {[]func(*lab.World){grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.Scopes = []string{"lakeformation:query"} }), false},
		"scope for this instance":           {[]func(*lab.World){scoped(instance), grants(user("b/*"))}, nil, true},
		"scope for another":                 {[]func(*lab.World){scoped("arn:aws:sso:::instance/ssoins-fedcba0987654321"), grants(user("b/*"))}, nil, false},
		"other Identity Center":             {[]func(*lab.World){second, grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.InstanceARN = "arn:aws:sso:::instance/ssoins-fedcba0987654321" }), false},
		"unknown application":               {[]func(*lab.World){grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.ApplicationARN = other }), false},
		"application without the scope now": {[]func(*lab.World){func(w *lab.World) { w.IdentityCenter[0].Applications[0].Scopes = nil }, grants(user("b/*"))}, nil, false},
		"disabled user":                     {[]func(*lab.World){func(w *lab.World) { w.IdentityCenter[0].Users[0].Disabled = true }, grants(user("b/*"))}, nil, false},
		"user gone":                         {[]func(*lab.World){grants(user("b/*"))}, edit(func(id *world.IdentityContext) { id.UserID = "1234567890-eeeeeeee-5555-4eee-8eee-eeeeeeeeeeee" }), false},
		"no Identity Center":                {[]func(*lab.World){func(w *lab.World) { w.AccessGrants[0].IdentityCenter = "" }, grants()}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, append([]func(*lab.World){silent}, c.world...)...)
			change := func(*world.IdentityContext) {}
			if c.context != nil {
				change = c.context
			}
			want := noPermission("READ", "s3://b/k")
			if c.allowed {
				want = answer{}
			}
			_, err := b.dataAccess(b.person(analyst, change), "s3://b/k", "READ")
			expect(t, want, err)
		})
	}
}

func TestGrantsOfIAMPrincipals(t *testing.T) {
	b := start(t, silent, grants(role("b/role/*"), world.GrantFile{IAMUser: "arn:aws:iam::444455556666:user/admin", SubPrefix: "b/user/*"}, user("b/person/*")))
	plain := b.session(enhanced)
	for name, c := range map[string]struct {
		provider aws.CredentialsProvider
		target   string
		want     answer
	}{
		"role without a person":       {plain, "s3://b/role/k", answer{}},
		"role has no person's grants": {plain, "s3://b/person/k", noPermission("READ", "s3://b/person/k")},
		"user":                        {labtest.Admin(), "s3://b/user/k", answer{}},
		"user has no role's grants":   {labtest.Admin(), "s3://b/role/k", noPermission("READ", "s3://b/role/k")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.on(t).dataAccess(c.provider, c.target, "READ")
			expect(t, c.want, err)
		})
	}
}

func TestDataAccessParameters(t *testing.T) {
	b := start(t, silent)
	p := b.person(analyst)
	invalid := func(text string) answer { return answer{400, "InvalidRequest", text} }
	seconds := func(n int32) func(*s3control.GetDataAccessInput) {
		return func(in *s3control.GetDataAccessInput) { in.DurationSeconds = &n }
	}
	const reports = "s3://tip-demo-data/reports/*"
	for name, c := range map[string]struct {
		target, permission string
		edit               func(*s3control.GetDataAccessInput)
		want               answer
	}{
		"no scheme":         {"tip-demo-data/reports/", "READ", nil, invalid("The target tip-demo-data/reports/ is not an S3 URI: it must begin with s3:// and name a bucket")},
		"other case":        {"S3://tip-demo-data/reports/", "READ", nil, invalid("The target S3://tip-demo-data/reports/ is not an S3 URI: it must begin with s3:// and name a bucket")},
		"no bucket":         {"s3://", "READ", nil, invalid("The target s3:// is not an S3 URI: it must begin with s3:// and name a bucket")},
		"object with star":  {reports, "READ", func(in *s3control.GetDataAccessInput) { in.TargetType = "Object" }, invalid("The target of type Object must not end with *")},
		"object, no key":    {"s3://tip-demo-data", "READ", func(in *s3control.GetDataAccessInput) { in.TargetType = "Object" }, invalid("The target of type Object must name an object")},
		"bad permission":    {reports, "ALL", nil, invalid("*")},
		"bad privilege":     {reports, "READ", func(in *s3control.GetDataAccessInput) { in.Privilege = "Maximal" }, invalid("*")},
		"bad target type":   {reports, "READ", func(in *s3control.GetDataAccessInput) { in.TargetType = "Prefix" }, invalid("*")},
		"shortest":          {reports, "READ", seconds(900), answer{}},
		"too short":         {reports, "READ", seconds(899), invalid("*")},
		"beyond the role":   {reports, "READ", seconds(3601), answer{400, "StsValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}},
		"beyond everything": {reports, "READ", seconds(43201), invalid("*")},
	} {
		t.Run(name, func(t *testing.T) {
			edit := func(*s3control.GetDataAccessInput) {}
			if c.edit != nil {
				edit = c.edit
			}
			out, err := b.on(t).dataAccess(p, c.target, c.permission, edit)
			expect(t, c.want, err)
			if err == nil && time.Until(*out.Credentials.Expiration) > 15*time.Minute {
				t.Errorf("the session lasts until %v", *out.Credentials.Expiration)
			}
		})
	}
	t.Run("longest", func(t *testing.T) {
		b := start(t, silent, func(w *lab.World) { w.Accounts[1].Roles[2].MaxSessionDuration = 43200 })
		_, err := b.dataAccess(b.person(analyst), reports, "READ", seconds(43200))
		expect(t, answer{}, err)
	})
	t.Run("no such instance", func(t *testing.T) {
		b := start(t, silent, func(w *lab.World) { w.AccessGrants = nil })
		_, err := b.dataAccess(b.person(analyst), reports, "READ")
		expect(t, answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}, err)
	})
	t.Run("another region", func(t *testing.T) {
		config := b.config(p)
		config.Region = "us-east-1"
		_, err := s3control.NewFromConfig(config).GetDataAccess(context.Background(), &s3control.GetDataAccessInput{
			AccountId: aws.String(appl), Target: aws.String(reports), Permission: "READ"})
		expect(t, answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}, err)
	})
}
