package lab_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	// stranger is an account of the world that is no member of the organization.
	stranger     = "777788889999"
	organization = "o-a1b2c3d4e5"
)

// Callers of every account: without an identity-based policy, with one for
// everything, and with one that a permissions boundary takes back.
var crossCallers = []string{"silent", "allowed", "bounded"}

// forms are the ways in which a resource's policy names the callers of all accounts.
func forms() map[string]map[string]any {
	var roles, sessions, accounts, roots []any
	for _, account := range []string{appl, center, stranger} {
		accounts, roots = append(accounts, account), append(roots, "arn:aws:iam::"+account+":root")
		for _, name := range crossCallers {
			roles = append(roles, roleIn(account, name))
			sessions = append(sessions, "arn:aws:sts::"+account+":assumed-role/"+name+"/session")
		}
	}
	return map[string]map[string]any{
		"role": {"Principal": principal(roles...)}, "session": {"Principal": principal(sessions...)},
		"account": {"Principal": principal(accounts...)}, "root": {"Principal": principal(roots...)},
		"everybody":    {"Principal": "*"},
		"organization": {"Principal": "*", "Condition": conditioned("StringEquals", "aws:PrincipalOrgID", organization)},
		"nobody":       {"Principal": principal(roleIn(appl, "somebody-else"))},
	}
}

// admits is what "Cross-account policy evaluation logic" and "Permissions
// boundaries for IAM entities" of the IAM guide say of a caller, where the resource
// belongs to the application's account.
func admits(form, account, caller string, trust bool) bool {
	named := form != "nobody" && (form != "organization" || account != stranger)
	if account != appl {
		return named && caller == "allowed"
	}
	switch form {
	case "session", "everybody", "organization":
		return true
	case "role":
		return caller != "bounded"
	case "nobody":
		return caller == "allowed" && !trust
	}
	return caller == "allowed"
}

// crossWorld has the callers, and for each form a bucket, a secret and a role.
func crossWorld(w *lab.World) {
	silent(w)
	w.Accounts = append(w.Accounts, world.AccountFile{ID: stranger, Name: "stranger"})
	w.Organization.ID, w.Organization.Outside = organization, []string{stranger}
	nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
	for i := range w.Accounts {
		if !slices.Contains([]string{appl, center, stranger}, w.Accounts[i].ID) {
			continue
		}
		w.Accounts[i].Policies = append(w.Accounts[i].Policies, world.ManagedPolicyFile{Name: "elsewhere", Document: policyOf(statement("Allow", "sns:*", "Resource", "*"))})
		addRole(w, i, "silent", nobody, nil)
		addRole(w, i, "allowed", nobody, allowing("*"))
		addRole(w, i, "bounded", nobody, allowing("*")).PermissionsBoundary = "arn:aws:iam::" + w.Accounts[i].ID + ":policy/elsewhere"
	}
	addRole(w, 1, "somebody-else", nobody, nil)
	of := func(action string, elements map[string]any, resource bool) any {
		s := statement("Allow", action)
		if resource {
			s["Resource"] = "*"
		}
		for name, element := range elements {
			s[name] = element
		}
		return policyOf(s)
	}
	for form, elements := range forms() {
		a := &w.Accounts[1]
		w.Buckets = append(w.Buckets, world.BucketFile{Name: "cross-" + form, Account: appl, Policy: policyOf(statementOn("s3:GetObject", "arn:aws:s3:::cross-"+form+"/*", elements)),
			Objects: []world.ObjectFile{{Key: "k", Body: "k"}}})
		a.Secrets = append(a.Secrets, world.SecretFile{Name: "cross-" + form, Value: "v", Policy: of("secretsmanager:DescribeSecret", elements, true)})
		addRole(w, 1, "cross-"+form, of("sts:AssumeRole", elements, false), nil)
	}
}

func statementOn(action, resource string, elements map[string]any) map[string]any {
	s := statement("Allow", action, "Resource", resource)
	for name, element := range elements {
		s[name] = element
	}
	return s
}

// Requests for a bucket, a secret and a role, by every kind of caller from the
// account itself, from another of its organization and from one outside.
func TestCrossAccountMatrix(t *testing.T) {
	b := start(t, crossWorld)
	for form := range forms() {
		secret := secretARNOf(b, form)
		for _, account := range []string{appl, center, stranger} {
			for _, caller := range crossCallers {
				p := b.session(roleIn(account, caller))
				for kind, err := range map[string]error{
					"bucket": getting("k")(t.Context(), b.s3(p), "cross-"+form),
					"secret": errOf(b.secrets(p).DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &secret})),
					"role":   errOf(b.assume(p, roleIn(appl, "cross-"+form))),
				} {
					if want := admits(form, account, caller, kind == "role"); (err == nil) != want {
						t.Errorf("%s for %s, asked by %s of %s: %v, want admitted %v", kind, form, caller, account, err, want)
					}
				}
			}
		}
	}
}

// secretARNOf is the ARN of the secret for a form.
func secretARNOf(b *bench, form string) string {
	b.Helper()
	out, err := b.secrets(b.session(roleIn(appl, "allowed"))).ListSecrets(b.Context(), &secretsmanager.ListSecretsInput{})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range out.SecretList {
		if aws.ToString(s.Name) == "cross-"+form {
			return *s.ARN
		}
	}
	b.Fatalf("no secret for %s", form)
	return ""
}

// Nobody in particular is everybody, but of no organization.
func TestAnonymousMatrix(t *testing.T) {
	b := start(t, crossWorld)
	for form := range forms() {
		_, err := b.s3(nil).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("cross-" + form), Key: aws.String("k")})
		if want := form == "everybody"; (err == nil) != want {
			t.Errorf("%s: %v, want admitted %v", form, err, want)
		}
	}
}

// The words of refusals that a boundary decides, and the ARNs that only its own
// organization learns.
func TestBoundaryDenials(t *testing.T) {
	const arn = "arn:aws:iam::444455556666:policy/no-secrets"
	b := start(t, crossWorld, func(w *lab.World) {
		for i := range w.Accounts {
			w.Accounts[i].Policies = append(w.Accounts[i].Policies, world.ManagedPolicyFile{Name: "no-secrets", Document: policyOf(
				statement("Allow", "*", "Resource", "*"), statement("Deny", "secretsmanager:*", "Resource", "*"))})
			nobody := policyOf(statement("Deny", "sts:AssumeRole", "Principal", principal("*")))
			addRole(w, i, "denied", nobody, allowing("*")).PermissionsBoundary = "arn:aws:iam::" + w.Accounts[i].ID + ":policy/no-secrets"
		}
	})
	secret := secretARNOf(b, "everybody")
	refusal := func(account, caller, why string) answer {
		return answer{400, "AccessDeniedException", "User: arn:aws:sts::" + account + ":assumed-role/" + caller + "/session is not authorized to perform: " +
			"secretsmanager:DescribeSecret on resource: " + secret + " " + why}
	}
	for _, c := range []struct{ account, caller, why string }{
		{center, "bounded", "because no permissions boundary allows the secretsmanager:DescribeSecret action"},
		{appl, "denied", "with an explicit deny in a permissions boundary: " + arn},
		{center, "denied", "with an explicit deny in a permissions boundary: arn:aws:iam::111122223333:policy/no-secrets"},
		{stranger, "denied", "with an explicit deny in a permissions boundary"},
	} {
		_, err := b.secrets(b.session(roleIn(c.account, c.caller))).DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &secret})
		expect(t, refusal(c.account, c.caller, c.why), err)
	}
	_, err := b.assume(b.session(roleIn(appl, "bounded")), roleIn(appl, "cross-role"))
	expect(t, deniedTo(appl, "bounded", "sts:AssumeRole", roleIn(appl, "cross-role")), err) // STS gives no reason
}
