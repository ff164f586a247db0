package diagnosis_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	workGroup    = "tip-workgroup"
	workGroupARN = "arn:aws:athena:eu-west-1:444455556666:workgroup/tip-workgroup"
	athenaRole   = "arn:aws:iam::444455556666:role/tip-athena-role"
)

// withWorkGroup are the arguments that have the work group looked at.
func withWorkGroup() []string { return []string{"--workgroup", workGroup} }

// configured changes members of the work group's configuration; nil takes one away.
func configured(members map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		c := maps.Clone(w.WorkGroups[0].Configuration.(map[string]any))
		for name, value := range members {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
		w.WorkGroups[0].Configuration = c
	}
}

// trusting has the execution role trust what a statement says.
func trusting(statement map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		roles := w.Accounts[1].Roles
		for i := range roles {
			if roles[i].Name == "tip-athena-role" {
				roles[i].Trust = map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
			}
		}
	}
}

func athenaMistakes() []mistake {
	all := slices.Concat(workGroupMistakes(), resultMistakes(), executionRoleMistakes())
	for i := range all {
		if all[i].args == nil {
			all[i].args = withWorkGroup()
		}
	}
	return all
}

func workGroupMistakes() []mistake {
	const other = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	center := func(arn string) map[string]any {
		return map[string]any{"IdentityCenterConfiguration": map[string]any{"EnableIdentityCenter": true, "IdentityCenterInstanceArn": arn}}
	}
	return []mistake{
		{
			id: "athena.workgroup-not-found", what: "`--workgroup` has a typing error",
			args: []string{"--workgroup", "tip-work-group"}, culprit: "workgroup/tip-work-group", says: "a work group that is there",
			then: withWorkGroup(),
		},
		{
			id: "athena.workgroup-disabled", what: "the work group is disabled",
			world: func(w *lab.World) { w.WorkGroups[0].Disabled = true }, culprit: workGroupARN, says: "enable",
		},
		{
			id: "athena.no-identity-center", what: "the work group was made without Identity Center",
			world: configured(map[string]any{"IdentityCenterConfiguration": nil}), culprit: workGroupARN, says: "beside it",
			then: []string{"--workgroup", workGroup + "-identity-center"}, heals: []string{"athena.role-not-trusting"},
		},
		{
			id: "athena.other-instance", what: "the work group was made for another Identity Center instance",
			world: func(w *lab.World) {
				own := w.IdentityCenter[0]
				own.Account, own.ARN, own.IdentityStoreID, own.AccountInstance = labtest.ApplicationAccount, other, "d-0987654321", true
				own.Users, own.Groups, own.TrustedTokenIssuers, own.Applications = nil, nil, nil, nil
				w.IdentityCenter = append(w.IdentityCenter, own)
				configured(center(other))(w)
			},
			culprit: workGroupARN, says: "beside it",
			then: []string{"--workgroup", workGroup + "-identity-center"}, heals: []string{"athena.role-not-trusting"},
		},
	}
}

func resultMistakes() []mistake {
	location := func(location string) map[string]any {
		return map[string]any{"ResultConfiguration": map[string]any{"OutputLocation": location}}
	}
	return []mistake{
		{
			id: "athena.no-results-location", what: "the work group has no location for results",
			world: configured(map[string]any{"ResultConfiguration": nil}), culprit: workGroupARN, says: "Query result configuration",
			mend: func(b *bench) { b.relocate("s3://tip-team-data/athena/") },
		},
		{
			id: "athena.results-bucket-missing", what: "the bucket for results does not exist",
			world: configured(location("s3://tip-athena-results/")), culprit: "s3://tip-athena-results/", says: "make the bucket",
		},
		{
			id: "athena.results-elsewhere", what: "the bucket for results is in another region",
			world: func(w *lab.World) {
				far := w.Buckets[0]
				far.Name, far.Region, far.Objects = "tip-athena-results", "us-east-1", nil
				w.Buckets = append(w.Buckets, far)
				configured(location("s3://tip-athena-results/a/"))(w)
			},
			culprit: "s3://tip-athena-results/a/", says: "a bucket in eu-west-1",
			mend: func(b *bench) { b.relocate("s3://tip-team-data/athena/") },
		},
		{
			id: "athena.results-without-grants", what: "results are not written through S3 Access Grants",
			world: configured(map[string]any{"QueryResultsS3AccessGrantsConfiguration": nil}), culprit: workGroupARN, says: "S3 Access Grants",
		},
		{
			id: "athena.results-without-grants", name: "switched-off", what: "S3 Access Grants are switched off for results",
			world: configured(map[string]any{"QueryResultsS3AccessGrantsConfiguration": map[string]any{
				"EnableS3AccessGrants": false, "CreateUserLevelPrefix": false, "AuthenticationType": "DIRECTORY_IDENTITY",
			}}), culprit: workGroupARN, says: "S3 Access Grants",
		},
	}
}

// relocate sets the location of results as the console does.
func (b *bench) relocate(location string) {
	b.Helper()
	b.must("aws", "athena", "update-work-group", "--work-group", workGroup, "--profile", "app",
		"--configuration-updates", "ResultConfigurationUpdates={OutputLocation="+location+"}")
}

func executionRoleMistakes() []mistake {
	service := map[string]any{"Service": "athena.amazonaws.com"}
	return []mistake{
		{
			id: "athena.no-role", what: "the work group has no execution role",
			world: configured(map[string]any{"ExecutionRole": nil}), culprit: workGroupARN, says: "Service role",
			mend: func(b *bench) {
				b.must("aws", "athena", "update-work-group", "--work-group", workGroup, "--profile", "app", "--configuration-updates", "ExecutionRole="+athenaRole)
			},
		},
		{
			id: "athena.role-not-found", what: "the execution role was deleted",
			world:   configured(map[string]any{"ExecutionRole": "arn:aws:iam::444455556666:role/queries/tip-athena-queries"}),
			culprit: "arn:aws:iam::444455556666:role/queries/tip-athena-queries", says: "make the role",
		},
		{
			id: "athena.role-not-trusting", what: "the execution role trusts another service",
			world:   trusting(map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "glue.amazonaws.com"}, "Action": []any{"sts:AssumeRole", "sts:SetContext"}}),
			culprit: athenaRole, says: "let Athena",
		},
		{
			id: "athena.role-not-trusting", name: "another-workgroup", what: "the execution role trusts Athena for another work group only",
			world: trusting(map[string]any{"Effect": "Allow", "Principal": service, "Action": []any{"sts:AssumeRole", "sts:SetContext"},
				"Condition": map[string]any{"ArnLike": map[string]any{"aws:SourceArn": "arn:aws:athena:eu-west-1:444455556666:workgroup/other"}}}),
			culprit: athenaRole, says: "let Athena",
		},
		{
			id: "athena.role-without-context", what: "the execution role does not let Athena set the identity context",
			world:   trusting(map[string]any{"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}),
			culprit: athenaRole, says: "let Athena",
		},
	}
}

// With the work group that the default world has all is well; the person may look at
// it without anybody's profile, and at no more.
func TestHealthyWorkGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes: -short")
	}
	b := start(t)
	b.configure(nil)
	b.signIn("analyst")
	if d := b.diag(withWorkGroup()...); d.code != 0 || d.String() != "" {
		t.Errorf("exit code %d\n%s", d.code, d)
	}
	b.must("tip-cli", "auth", "get-iam-credentials")
	d := b.diagAs(append(withWorkGroup(), "--profile", "center")...)
	want := map[string]string{
		"athena.workgroup": "ok", "athena.state": "ok", "athena.identity-center": "ok", "athena.results": "ok", "athena.results-access": "ok",
		"athena.role": "unknown", "athena.role-trust": "unknown",
	}
	for _, s := range d.Sections {
		for _, r := range s.Results {
			if status, ours := want[r.Check]; ours && r.Status != status {
				t.Errorf("%s is %s, not %s: %s", r.ID, r.Status, status, r.Seen)
			}
		}
	}
}
