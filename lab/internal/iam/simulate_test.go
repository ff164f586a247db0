package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	object = "arn:aws:s3:::data/report.csv"
	reader = "arn:aws:iam::444455556666:user/reader"
)

// spread is a policy of several lines.
const spread = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "*"
    },
    {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"}
  ]
}`

// simulated is an evaluation in short: the decision, the sources of the statements
// and what is missing.
type simulated struct {
	Decision          string
	Sources           []string
	Missing           []string
	Boundary          string
	Resources, Detail []string
}

func shorten(r *types.EvaluationResult) simulated {
	s := simulated{Decision: string(r.EvalDecision), Missing: r.MissingContextValues}
	for _, m := range r.MatchedStatements {
		s.Sources = append(s.Sources, string(m.SourcePolicyType)+": "+*m.SourcePolicyId)
	}
	if d := r.PermissionsBoundaryDecisionDetail; d != nil {
		s.Boundary = map[bool]string{true: "allows", false: "does not"}[d.AllowedByPermissionsBoundary]
	}
	for _, one := range r.ResourceSpecificResults {
		s.Resources = append(s.Resources, *one.EvalResourceName+" "+string(one.EvalResourceDecision))
		for _, kind := range []string{"IAM Policy", "Resource Policy"} {
			if d, ok := one.EvalDecisionDetails[kind]; ok {
				s.Detail = append(s.Detail, kind+" "+string(d))
			}
		}
	}
	if len(s.Missing) == 0 {
		s.Missing = nil
	}
	return s
}

func bucketPolicy(effect, principal string) *string {
	return aws.String(text(map[string]any{"Effect": effect, "Principal": map[string]any{"AWS": principal}, "Action": "s3:*", "Resource": "arn:aws:s3:::data/*"}))
}

func TestSimulateCustomPolicy(t *testing.T) {
	d := start(t)
	tagged := text(map[string]any{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
		"Condition": map[string]any{"NumericLessThan": map[string]any{"s3:max-keys": "10"}}})
	for name, c := range map[string]struct {
		in   iam.SimulateCustomPolicyInput
		want simulated
	}{
		"allowed":       {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}}, simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}}},
		"nothing said":  {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("s3:PutObject")}}, simulated{Decision: "implicitDeny"}},
		"second policy": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("s3:PutObject"), spread}}, simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.2"}}},
		"denied": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, ResourceArns: []string{"arn:aws:s3:::secret/x"}},
			simulated{Decision: "explicitDeny", Sources: []string{"IAM Policy: PolicyInputList.1"}, Resources: []string{"arn:aws:s3:::secret/x explicitDeny"}}},
		"the strictest of two": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, ResourceArns: []string{object, "arn:aws:s3:::secret/x"}},
			simulated{Decision: "explicitDeny", Sources: []string{"IAM Policy: PolicyInputList.1", "IAM Policy: PolicyInputList.1"}, Resources: []string{object + " allowed", "arn:aws:s3:::secret/x explicitDeny"}}},
		"boundary": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, PermissionsBoundaryPolicyInputList: []string{allowing("iam:*")}},
			simulated{Decision: "implicitDeny", Sources: []string{"IAM Policy: PolicyInputList.1"}, Boundary: "does not"}},
		"boundary allows": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, PermissionsBoundaryPolicyInputList: []string{allowing("s3:*")}},
			simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}, Boundary: "allows"}},
		"boundary denies": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, PermissionsBoundaryPolicyInputList: []string{strings.Replace(allowing("s3:*"), "Allow", "Deny", 1)}},
			simulated{Decision: "explicitDeny", Sources: []string{"Permissions Boundary Policy: PermissionsBoundaryPolicyInputList.1"}, Boundary: "does not"}},
		"bucket policy": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("sqs:*")}, CallerArn: aws.String(reader), ResourceArns: []string{object}, ResourcePolicy: bucketPolicy("Allow", reader)},
			simulated{Decision: "allowed", Sources: []string{"Resource Policy: ResourcePolicy"}, Resources: []string{object + " allowed"}}},
		"bucket policy denies": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{spread}, CallerArn: aws.String(reader), ResourceArns: []string{object}, ResourcePolicy: bucketPolicy("Deny", account)},
			simulated{Decision: "explicitDeny", Sources: []string{"Resource Policy: ResourcePolicy"}, Resources: []string{object + " explicitDeny"}}},
		"of another account": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("sqs:*")}, CallerArn: aws.String(reader), ResourceArns: []string{object},
			ResourceOwner: aws.String("arn:aws:iam::" + elswhere + ":root"), ResourcePolicy: bucketPolicy("Allow", reader)},
			simulated{Decision: "implicitDeny", Sources: []string{"Resource Policy: ResourcePolicy"}, Resources: []string{object + " implicitDeny"}, Detail: []string{"IAM Policy implicitDeny", "Resource Policy allowed"}}},
		"missing keys": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{tagged}}, simulated{Decision: "implicitDeny", Missing: []string{"aws:PrincipalTag/team", "s3:max-keys"}}},
		"given keys": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{tagged}, ResourceArns: []string{"arn:aws:s3:::data/blue/x"}, ContextEntries: []types.ContextEntry{
			{ContextKeyName: aws.String("aws:principaltag/TEAM"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"blue"}},
			{ContextKeyName: aws.String("s3:max-keys"), ContextKeyType: types.ContextKeyTypeEnumNumeric, ContextKeyValues: []string{"9"}}}},
			simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}, Resources: []string{"arn:aws:s3:::data/blue/x allowed"}}},
		"caller's name": {iam.SimulateCustomPolicyInput{CallerArn: aws.String(reader), PolicyInputList: []string{text(map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:username": "reader", "aws:PrincipalAccount": account, "aws:PrincipalArn": reader}}})}},
			simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}}},
		"unknown action": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("*")}, ActionNames: []string{"made-up:Thing"}}, simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}}},
		"trust policies are left out": {iam.SimulateCustomPolicyInput{PolicyInputList: []string{allowing("sts:AssumeRole")}, ActionNames: []string{"sts:AssumeRole"}, CallerArn: aws.String(reader),
			ResourceArns: []string{roleIn(account, "x")}, ResourcePolicy: aws.String(strings.Replace(trusting(account), "Allow", "Deny", 1))},
			simulated{Decision: "allowed", Sources: []string{"IAM Policy: PolicyInputList.1"}, Resources: []string{roleIn(account, "x") + " allowed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.ActionNames == nil {
				c.in.ActionNames = []string{"s3:GetObject"}
			}
			out, err := d.iam.SimulateCustomPolicy(t.Context(), &c.in)
			if diff := cmp.Diff(c.want, shorten(&probe.Must(t, out, err).EvaluationResults[0])); diff != "" {
				t.Errorf("evaluation (-want +got):\n%s", diff)
			}
		})
	}
}

// A principal's own policies are simulated, with where they say what.
func TestSimulatePrincipalPolicy(t *testing.T) {
	d := start(t, func(w *lab.World) {
		a := of(w)
		a.Policies = []world.ManagedPolicyFile{{Name: "spread", Document: spread}, {Name: "limits", Document: allowing("s3:GetObject", "sqs:*")}}
		a.Users = append(a.Users, world.IAMUserFile{Name: "reader", Policies: map[string]any{"own": allowing("sqs:*")}, ManagedPolicies: []string{policyARN("spread")}, PermissionsBoundary: policyARN("limits")})
	})
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(reader), ActionNames: []string{"s3:GetObject", "sqs:SendMessage", "s3:PutObject"}, MaxItems: aws.Int32(2)}
	first, err := d.iam.SimulatePrincipalPolicy(t.Context(), in)
	probe.Must(t, first, err)
	if !first.IsTruncated {
		t.Fatal("not truncated")
	}
	in.Marker = first.Marker
	second, err := d.iam.SimulatePrincipalPolicy(t.Context(), in)
	all := append(first.EvaluationResults, probe.Must(t, second, err).EvaluationResults...)
	var got []simulated
	for i := range all {
		got = append(got, shorten(&all[i]))
	}
	want := []simulated{
		{Decision: "allowed", Sources: []string{"IAM Policy: spread"}, Boundary: "allows"},
		{Decision: "allowed", Sources: []string{"IAM Policy: user_reader_own"}, Boundary: "allows"},
		{Decision: "implicitDeny", Boundary: "does not"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evaluations (-want +got):\n%s", diff)
	}
	m := all[0].MatchedStatements[0]
	place := []int32{m.StartPosition.Line, m.StartPosition.Column, m.EndPosition.Line, m.EndPosition.Column}
	if diff := cmp.Diff([]int32{3, 17, 8, 6}, place); diff != "" {
		t.Errorf("place (-want +got):\n%s", diff)
	}
	resource := iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(reader), ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{object}, ResourcePolicy: bucketPolicy("Deny", reader)}
	out, err := d.iam.SimulatePrincipalPolicy(t.Context(), &resource)
	if got := probe.Must(t, out, err).EvaluationResults[0].EvalDecision; got != "explicitDeny" {
		t.Errorf("decision %s", got)
	}
	keys, err := d.iam.GetContextKeysForPrincipalPolicy(t.Context(), &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String(reader),
		PolicyInputList: []string{text(map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "true"}}})}})
	if diff := cmp.Diff([]string{"aws:SecureTransport"}, probe.Must(t, keys, err).ContextKeyNames); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestSimulatorRefusals(t *testing.T) {
	custom := func(kv ...any) step {
		return do("SimulateCustomPolicy", append([]any{"PolicyInputList", []string{spread}, "ActionNames", []string{"s3:GetObject"}}, kv...)...)
	}
	entry := func(kind string, values ...string) []map[string]any {
		return []map[string]any{{"ContextKeyName": "aws:key", "ContextKeyType": kind, "ContextKeyValues": values}}
	}
	policy := *bucketPolicy("Allow", reader)
	role := roleIn(account, "plain")
	other := roleIn(elswhere, "x")
	start(t, fixtures).ask([]refused{
		{custom("ActionNames", []string{"GetObject"}), invalid("The action is invalid since it is missing names")},
		{custom("ActionNames", []string{"s3:Get*"}), invalid("The action s3:Get* is invalid since it has a wildcard")},
		{custom("ResourceArns", []string{"data"}), invalid("ResourceNames are not in a valid ARN format: data.")},
		{custom("ResourceArns", []string{object, "*"}), invalid("ResourceNames are not in a valid ARN format: *.")},
		{custom("PolicyInputList", []string{"{"}), invalid("policy: This policy contains invalid Json")},
		{custom("PermissionsBoundaryPolicyInputList", []string{"{"}), invalid("policy: This policy contains invalid Json")},
		{custom("PermissionsBoundaryPolicyInputList", []string{spread, spread}), invalid("The list of Permissions Boundary policies cannot exceed 1 items.")},
		{custom("ResourcePolicy", policy, "ResourceArns", []string{object}), invalid("Invalid caller - Caller cannot be null or empty.")},
		{custom("ResourcePolicy", policy, "ResourceArns", []string{object}, "CallerArn", role), invalid("Invalid caller - Caller must be an IAM user in this context.")},
		{custom("ResourcePolicy", policy, "CallerArn", reader), invalid("Invalid Entity Arn: * does not clearly define entity type and name.")},
		{custom("ResourcePolicy", "{", "ResourceArns", []string{object}, "CallerArn", reader), invalid("policy: This policy contains invalid Json")},
		{custom("CallerArn", "arn:aws:sts::444455556666:assumed-role/x/y"), invalid("Invalid caller - Caller must be an IAM user, role or group in this context.")},
		{custom("ResourceOwner", "123456789012"), invalid("'123456789012' is not a valid as a Resource Owner.")},
		{custom("ContextEntries", append(entry("string", "a"), map[string]any{"ContextKeyName": "AWS:KEY", "ContextKeyType": "string"})), invalid("Duplicate context key: AWS:KEY.")},
		{custom("ContextEntries", []map[string]any{{"ContextKeyType": "string"}}), invalid("ContextKeyName cannot be null or empty.")},
		{custom("ContextEntries", entry("string", "a", "b")), invalid("Context key aws:key is of type string and has more than one value.")},
		{custom("ContextEntries", entry("numeric", "many")), invalid("many is not a valid value of the type numeric for the context key aws:key.")},
		{custom("ContextEntries", entry("booleanList", "true", "maybe")), invalid("maybe is not a valid value of the type boolean...")},
		{custom("ContextEntries", entry("ip", "here")), invalid("here is not a valid value of the type ip...")},
		{custom("ContextEntries", entry("date", "today")), invalid("today is not a valid value of the type date...")},
		{custom("ContextEntries", entry("word", "a")), bad("1 validation error detected: Value at 'contextEntries.1.member.contextKeyType' failed...")},
		{custom("Marker", "nonsense"), bad("Invalid Marker.")},
		{do("SimulatePrincipalPolicy", "PolicySourceArn", "arn:aws:sts::444455556666:assumed-role/x/y", "ActionNames", []string{"s3:GetObject"}),
			invalid("Invalid Entity Arn: arn:aws:sts::444455556666:assumed-role/x/y does not clearly define entity type and name.")},
		{do("SimulatePrincipalPolicy", "PolicySourceArn", other, "ActionNames", []string{"s3:GetObject"}),
			invalid("Invalid Policy Source Arn: caller's account 444455556666 does not have access to policies in account 111122223333")},
		{do("SimulatePrincipalPolicy", "PolicySourceArn", role, "ActionNames", []string{"s3:*"}), invalid("The action s3:* is invalid since it has a wildcard")},
		{do("GetContextKeysForPrincipalPolicy", "PolicySourceArn", other), invalid("Invalid Policy Source Arn: ...")},
		{do("GetContextKeysForPrincipalPolicy", "PolicySourceArn", role, "PolicyInputList", []string{"{"}), invalid("policy: This policy contains invalid Json")},
		{do("GetContextKeysForCustomPolicy", "PolicyInputList", []string{"{"}), invalid("policy: This policy contains invalid Json")},
	})
}
