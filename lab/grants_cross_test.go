package lab_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const grantsARN = "arn:aws:s3:eu-west-1:444455556666:access-grants/default"

// iamDenial is IAM's refusal of an action on the Access Grants instance.
func iamDenial(account, caller, action, resource, reason string) answer {
	return answer{403, "AccessDenied", "User: arn:aws:sts::" + account + ":assumed-role/" + caller + "/session is not authorized to perform: " +
		action + " on resource: " + resource + " " + reason}
}

func because(action string) string {
	return "because no identity-based policy allows the " + action + " action"
}

func becauseResource(action string) string {
	return "because no resource-based policy allows the " + action + " action"
}

func TestAccessGrantsAuthorization(t *testing.T) {
	const action = "s3:GetDataAccess"
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	roles := func(w *lab.World) {
		silent(w)
		for i := range w.Accounts {
			addRole(w, i, "plain", nobody, nil)
			addRole(w, i, "allowed", nobody, allowing("s3:*"))
			addRole(w, i, "narrow", nobody, map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", grantsARN))})
			addRole(w, i, "elsewhere", nobody, map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", strings.Replace(grantsARN, appl, "999999999999", 1)))})
			addRole(w, i, "forbidden", nobody, map[string]any{"p": policyOf(statement("Allow", "s3:*", "Resource", "*"), statement("Deny", action, "Resource", "*"))})
		}
		var list []world.GrantFile
		for _, account := range []string{appl, center} {
			for _, name := range []string{"plain", "allowed", "narrow", "elsewhere", "forbidden"} {
				list = append(list, world.GrantFile{Role: roleIn(account, name), SubPrefix: "b/*"})
			}
		}
		grants(list...)(w)
	}
	shared := func(who ...any) func(*lab.World) {
		return func(w *lab.World) {
			w.AccessGrants[0].ResourcePolicy = policyOf(statement("Allow", []any{action, "s3:GetAccessGrantsInstanceForPrefix", "s3:ListCallerAccessGrants"}, "Principal", principal(who...), "Resource", grantsARN))
		}
	}
	alone, open := start(t, roles), start(t, roles, shared(center, appl, roleIn(appl, "plain"), roleIn(center, "plain")))
	for name, c := range map[string]struct {
		b               *bench
		account, caller string
		reason          string
	}{
		"identity policy":                          {alone, appl, "allowed", ""},
		"identity policy on the instance":          {alone, appl, "narrow", ""},
		"identity policy on another":               {alone, appl, "elsewhere", because(action)},
		"no identity policy":                       {alone, appl, "plain", because(action)},
		"identity policy denies":                   {alone, appl, "forbidden", "with an explicit deny in an identity-based policy"},
		"role named by the instance":               {open, appl, "plain", ""},
		"account named, no identity policy":        {open, appl, "elsewhere", because(action)},
		"across, identity policy alone":            {alone, center, "allowed", becauseResource(action)},
		"across, nothing":                          {alone, center, "plain", because(action)},
		"across, resource policy alone":            {open, center, "plain", because(action)},
		"across, both":                             {open, center, "allowed", ""},
		"across, both, denied":                     {open, center, "forbidden", "with an explicit deny in an identity-based policy"},
		"across, both, identity policy on another": {open, center, "elsewhere", because(action)},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.b.on(t)
			want := answer{}
			if c.reason != "" {
				want = iamDenial(c.account, c.caller, action, grantsARN, c.reason)
			}
			_, err := b.dataAccess(b.session(roleIn(c.account, c.caller)), "s3://b/k", "READ")
			expect(t, want, err)
		})
	}
	t.Run("a session policy that leaves it out", func(t *testing.T) {
		b := start(t, assumeWorld, func(w *lab.World) { w.Accounts[1].Roles[2].Policies = allowing("*") })
		out, err := b.sts(labtest.Admin()).AssumeRole(t.Context(), assumeInput(roleIn(appl, "by-account"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListCallerAccessGrants","Resource":"*"}}`))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.dataAccess(static(out.Credentials), "s3://b/k", "READ")
		expect(t, answer{403, "AccessDenied", "*"}, err)
	})
}

func TestLocationRole(t *testing.T) {
	service := map[string]any{"Service": "access-grants.s3.amazonaws.com"}
	denied := answer{403, "StsNotAuthorizedError", "User: access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: " + roleIn(appl, "s3-access-grants-location")}
	allow := func(condition any, actions ...any) map[string]any {
		s := statement("Allow", actions, "Principal", service)
		if condition != nil {
			s["Condition"] = condition
		}
		return policyOf(s)
	}
	all := []any{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"}
	for name, c := range map[string]struct {
		trust          any
		directory, iam answer
	}{
		"everything":              {allow(nil, all...), answer{}, answer{}},
		"without SetContext":      {allow(nil, "sts:AssumeRole", "sts:SetSourceIdentity"), denied, answer{}},
		"without source identity": {allow(nil, "sts:AssumeRole", "sts:SetContext"), answer{}, denied},
		"without AssumeRole":      {allow(nil, "sts:SetSourceIdentity", "sts:SetContext"), denied, denied},
		"other service":           {policyOf(statement("Allow", all, "Principal", map[string]any{"Service": "s3.amazonaws.com"})), denied, denied},
		"the account":             {policyOf(statement("Allow", all, "Principal", principal(appl))), denied, denied},
		"source account":          {allow(map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": appl}}, all...), answer{}, answer{}},
		"other source account":    {allow(map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": center}}, all...), denied, denied},
		"source ARN":              {allow(map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": grantsARN}}, all...), answer{}, answer{}},
		"source account, ARN":     {allow(map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": appl}, "ArnEquals": map[string]any{"aws:SourceArn": grantsARN}}, all...), answer{}, answer{}},
		"context provider": {policyOf(statement("Allow", []any{"sts:AssumeRole", "sts:SetSourceIdentity"}, "Principal", service), statement("Allow", "sts:SetContext", "Principal", service,
			"Condition", map[string]any{"ForAnyValue:ArnEquals": map[string]any{"sts:RequestContextProviders": contexts}})), answer{}, answer{}},
		"other source ARN": {allow(map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": strings.Replace(grantsARN, "eu-west-1", "us-east-1", 1)}}, all...), denied, denied},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, silent, grants(user("person/*"), role("role/*")), func(w *lab.World) { w.Accounts[1].Roles[2].Trust = c.trust })
			_, err := b.dataAccess(b.person(analyst), "s3://person/k", "READ")
			expect(t, c.directory, err)
			_, err = b.dataAccess(b.person(analyst), "s3://role/k", "READ")
			expect(t, c.iam, err)
		})
	}
}

// What the location role may not do, its sessions may not either, whatever was granted.
func TestLocationRoleIsNarrowerThanTheGrant(t *testing.T) {
	b := start(t, silent, grants(permitting("READWRITE", user("tip-demo-data/*"))), func(w *lab.World) {
		w.Accounts[1].Roles[2].Policies = map[string]any{"p": policyOf(statement("Allow", "s3:GetObject", "Resource", "arn:aws:s3:::tip-demo-data/reports/*",
			"Condition", map[string]any{"ArnEquals": map[string]any{"s3:AccessGrantsInstanceArn": grantsARN}}))}
	})
	client := b.vended(b.person(analyst), "s3://tip-demo-data/*", "READWRITE")
	expect(t, answer{}, get(t.Context(), client, "reports/summary.txt"))
	for name, op := range map[string]op{"get": get, "put": put, "list": list, "delete": remove} {
		if err := op(t.Context(), client, "shared/welcome.txt"); answerOf(err).Code != "AccessDenied" {
			t.Errorf("%s: %v, want AccessDenied", name, err)
		}
	}
}

func TestInstanceForPrefix(t *testing.T) {
	const action = "s3:GetAccessGrantsInstanceForPrefix"
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	b := start(t, silent, func(w *lab.World) {
		addRole(w, 0, "shared", nobody, allowing("s3:*"))
		addRole(w, 0, "unshared", nobody, allowing("s3:*"))
		addRole(w, 1, "plain", nobody, nil)
		w.AccessGrants[0].ResourcePolicy = policyOf(statement("Allow", action, "Principal", principal(roleIn(center, "shared")), "Resource", "*"))
		w.Buckets = append(w.Buckets, world.BucketFile{Name: "far-away", Account: appl, Region: "us-east-1"})
	})
	for name, c := range map[string]struct {
		provider        aws.CredentialsProvider
		account, prefix string
		want            answer
	}{
		"bucket":                   {b.person(analyst), appl, "s3://tip-demo-data/reports/", answer{}},
		"bucket without a prefix":  {b.person(analyst), appl, "s3://tip-demo-data", answer{}},
		"unknown bucket, own":      {b.person(analyst), appl, "s3://nobodys-bucket/x", answer{}},
		"no scheme":                {b.person(analyst), appl, "tip-demo-data", answer{400, "InvalidRequest", "The S3 prefix must begin with s3://"}},
		"not allowed":              {b.session(roleIn(appl, "plain")), appl, "s3://tip-demo-data", iamDenial(appl, "plain", action, grantsARN, because(action))},
		"across, with its own id":  {b.session(roleIn(center, "shared")), center, "s3://tip-demo-data/reports/", answer{}},
		"a star behind the bucket": {b.session(roleIn(center, "shared")), center, "s3://tip-demo-data*", answer{}},
		"another's account id":     {b.session(roleIn(center, "shared")), appl, "s3://tip-demo-data/", answer{403, "AccessDenied", "Access Denied"}},
		"nobody's account id":      {b.person(analyst), "999999999999", "s3://tip-demo-data/", answer{403, "AccessDenied", "Access Denied"}},
		"across, not shared":       {b.session(roleIn(center, "unshared")), center, "s3://tip-demo-data/", iamDenial(center, "unshared", action, grantsARN, becauseResource(action))},
		"no instance":              {b.session(roleIn(center, "shared")), center, "s3://nobodys-bucket/", answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}},
		"bucket in another region": {b.session(roleIn(center, "shared")), center, "s3://far-away/", answer{404, "AccessGrantsInstanceNotExistsError", "Access Grants Instance does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := b.on(t).control(c.provider).GetAccessGrantsInstanceForPrefix(t.Context(), &s3control.GetAccessGrantsInstanceForPrefixInput{AccountId: &c.account, S3Prefix: &c.prefix})
			expect(t, c.want, err)
			if err == nil && (*out.AccessGrantsInstanceArn != grantsARN || *out.AccessGrantsInstanceId != "default") {
				t.Errorf("instance %s %s", *out.AccessGrantsInstanceArn, *out.AccessGrantsInstanceId)
			}
		})
	}
}

// line is an entry of ListCallerAccessGrants.
type line struct{ Scope, Permission, Application string }

func lines(list []types.ListCallerAccessGrantsEntry) []line {
	all := make([]line, 0, len(list))
	for _, e := range list {
		all = append(all, line{*e.GrantScope, string(e.Permission), *e.ApplicationArn})
	}
	return all
}

func callerGrantsWorld(edits ...func(*lab.World)) []func(*lab.World) {
	_, add := apps(map[string]func(*world.ApplicationFile){"other": func(*world.ApplicationFile) {}})
	bound := func(app string, g world.GrantFile) world.GrantFile {
		g.Application = app
		return g
	}
	return append([]func(*lab.World){silent, add, grants(user("b/user/*"), permitting("WRITE", group("b/group/*")), role("b/role/*"),
		bound(appARN, user("b/ours/*")), bound(applicationARN(0), user("b/theirs/*")),
		world.GrantFile{User: engineerName, SubPrefix: "b/not-mine/*"})}, edits...)
}

func TestCallerGrants(t *testing.T) {
	b := start(t, callerGrantsWorld()...)
	mine := []line{{"s3://b/user/*", "READ", "ALL"}, {"s3://b/group/*", "WRITE", "ALL"}, {"s3://b/role/*", "READ", "NA"},
		{"s3://b/ours/*", "READ", appARN}, {"s3://b/theirs/*", "READ", applicationARN(0)}}
	for name, c := range map[string]struct {
		provider aws.CredentialsProvider
		edit     func(*s3control.ListCallerAccessGrantsInput)
		want     []line
	}{
		"all":                         {b.person(analyst), nil, mine},
		"by application":              {b.person(analyst), func(in *s3control.ListCallerAccessGrantsInput) { in.AllowedByApplication = true }, mine[:4]},
		"of the role, by application": {b.session(enhanced), func(in *s3control.ListCallerAccessGrantsInput) { in.AllowedByApplication = true }, mine[2:3]},
		"filtered":                    {b.person(analyst), func(in *s3control.ListCallerAccessGrantsInput) { in.GrantScope = aws.String("s3://b/ro") }, mine[2:3]},
		"filtered, nothing":           {b.person(analyst), func(in *s3control.ListCallerAccessGrantsInput) { in.GrantScope = aws.String("s3://c") }, []line{}},
		"of the role":                 {b.session(enhanced), nil, mine[2:3]},
		"another person":              {b.person(engineer), nil, []line{mine[2], {"s3://b/not-mine/*", "READ", "ALL"}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl)}
			if c.edit != nil {
				c.edit(in)
			}
			out, err := b.on(t).control(c.provider).ListCallerAccessGrants(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(out.CallerAccessGrantsList)); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("pages", func(t *testing.T) {
		var got []line
		sizes := []int{}
		pages := s3control.NewListCallerAccessGrantsPaginator(b.control(b.person(analyst)), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl), MaxResults: 2})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, sizes = append(got, lines(page.CallerAccessGrantsList)...), append(sizes, len(page.CallerAccessGrantsList))
		}
		if diff := cmp.Diff(mine, got); diff != "" || len(sizes) != 3 {
			t.Errorf("pages of %v (-want +got):\n%s", sizes, diff)
		}
	})
	for name, token := range map[string]string{"no base64": "%", "no number": "YWJj", "negative": "LTE"} {
		t.Run("next token, "+name, func(t *testing.T) {
			_, err := b.on(t).control(b.person(analyst)).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl), NextToken: &token})
			expect(t, answer{400, "InvalidRequest", "The nextToken is not valid"}, err)
		})
	}
	t.Run("not allowed", func(t *testing.T) {
		b := b.on(t)
		_, err := b.control(b.session(oidcRole)).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl)})
		expect(t, iamDenial(appl, "tip-oidc-role", "s3:ListCallerAccessGrants", grantsARN, because("s3:ListCallerAccessGrants")), err)
	})
	t.Run("too many results", func(t *testing.T) {
		_, err := b.on(t).control(b.person(analyst)).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl), MaxResults: 1001})
		expect(t, answer{400, "InvalidRequest", "*"}, err)
	})
}

// Each of the five actions that can be shared wants the owner's resource policy
// and the caller's own; a person's grants count from any account.
func TestSharedActionsAcrossAccounts(t *testing.T) {
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	asks := map[string]func(*owner) error{
		"GetDataAccess": func(o *owner) error {
			return errOf(o.client.GetDataAccess(o.Context(), &s3control.GetDataAccessInput{AccountId: o.account, Target: aws.String("s3://tip-demo-data/reports/*"), Permission: types.PermissionRead}))
		},
		"GetAccessGrantsInstanceForPrefix": func(o *owner) error {
			return errOf(o.client.GetAccessGrantsInstanceForPrefix(o.Context(), &s3control.GetAccessGrantsInstanceForPrefixInput{AccountId: aws.String(center), S3Prefix: aws.String("s3://tip-demo-data/reports/")}))
		},
		"ListCallerAccessGrants": func(o *owner) error {
			return errOf(o.client.ListCallerAccessGrants(o.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: o.account}))
		},
		"ListAccessGrants":          managementCalls()["ListAccessGrants"].ask,
		"ListAccessGrantsLocations": managementCalls()["ListAccessGrantsLocations"].ask,
	}
	if len(asks) != len(sharedActions) {
		t.Fatal("not all shared actions are asked for")
	}
	for _, name := range sharedActions {
		t.Run(name, func(t *testing.T) {
			action := "s3:" + name
			b := start(t, silent, grants(user("tip-demo-data/reports/*")), func(w *lab.World) {
				addRole(w, 0, "both", nobody, allowing(action))
				addRole(w, 0, "unnamed", nobody, allowing(action))
				addRole(w, 0, "unable", nobody, nil)
				w.AccessGrants[0].ResourcePolicy = policyOf(statement("Allow", action, "Principal", principal(roleIn(center, "both"), roleIn(center, "unable")), "Resource", grantsARN))
			})
			ask := func(name string) error {
				return asks[strings.TrimPrefix(action, "s3:")](b.ownerAs(b.personAs(roleIn(center, name), analyst)))
			}
			want := answer{}
			if !strings.HasPrefix(name, "Get") && name != "ListCallerAccessGrants" { // people list their own grants only
				want = iamDenial(center, "both", action, grantsARN, "with an explicit deny in a session policy")
				expect(t, answer{}, asks[name](b.ownerAs(b.session(roleIn(center, "both")))))
			}
			expect(t, want, ask("both"))
			denied := b.ownerAs(b.session(roleIn(center, "unnamed")))
			expect(t, iamDenial(center, "unnamed", action, grantsARN, becauseResource(action)), asks[name](denied))
			denied = b.ownerAs(b.session(roleIn(center, "unable")))
			expect(t, iamDenial(center, "unable", action, grantsARN, because(action)), asks[name](denied))
		})
	}
}
