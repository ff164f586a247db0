package iam_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// Many change IAM at once, and each sees its own change; of those who make the same
// role, one does.
func TestManyAtOnce(t *testing.T) {
	d := start(t)
	d.must(do("CreatePolicy", "PolicyName", "shared", "PolicyDocument", allowing("iam:List*")))
	var group sync.WaitGroup
	made := make(chan string, 8)
	for i := range 8 {
		group.Go(func() {
			_, err := send(t, d.iam, do("CreateRole", "RoleName", "same", "AssumeRolePolicyDocument", trusting(account)))
			made <- probe.AnswerOf(err).Code
			name := fmt.Sprint("own", i)
			for _, s := range []step{
				do("CreateRole", "RoleName", name, "AssumeRolePolicyDocument", trusting(account)), do("AttachRolePolicy", "RoleName", name, "PolicyArn", policyARN("shared")),
				do("TagRole", "RoleName", "own0", "Tags", tags(name, "x")), do("ListRoles"), do("ListPolicies", "OnlyAttached", true),
				do("DetachRolePolicy", "RoleName", name, "PolicyArn", policyARN("shared")),
			} {
				if _, err := send(t, d.iam, s); err != nil && (s.operation != "TagRole" || probe.AnswerOf(err).Code != "NoSuchEntity") {
					t.Errorf("%s: %v", s.operation, err)
				}
			}
		})
	}
	group.Wait()
	close(made)
	count := map[string]int{}
	for code := range made {
		count[code]++
	}
	if count[""] != 1 || count["EntityAlreadyExists"] != 7 {
		t.Errorf("answers %v", count)
	}
}

// Of who attaches a policy, or makes it a boundary, and who deletes it at the same
// time, one is refused: nobody is left with a policy that is not there.
func TestPoliciesThatGoAwayMeanwhile(t *testing.T) {
	d := start(t)
	d.must(do("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trusting(account)), do("CreateUser", "UserName", "u"))
	for i := range 40 {
		name := fmt.Sprint("p", i)
		arn, made := policyARN(name), fmt.Sprint("made", i)
		d.must(do("CreatePolicy", "PolicyName", name, "PolicyDocument", allowing("s3:*")))
		steps := []step{
			do("DeletePolicy", "PolicyArn", arn), do("AttachRolePolicy", "RoleName", "r", "PolicyArn", arn), do("AttachUserPolicy", "UserName", "u", "PolicyArn", arn),
			do("PutRolePermissionsBoundary", "RoleName", "r", "PermissionsBoundary", arn),
			do("CreateRole", "RoleName", made, "AssumeRolePolicyDocument", trusting(account), "PermissionsBoundary", arn), do("CreateUser", "UserName", made, "PermissionsBoundary", arn),
		}
		codes := make([]string, len(steps))
		var group sync.WaitGroup
		for n, s := range steps {
			group.Go(func() {
				_, err := send(t, d.iam, s)
				codes[n] = probe.AnswerOf(err).Code
			})
		}
		group.Wait()
		if attached := slices.Contains(codes[1:], ""); attached == (codes[0] == "") || slices.ContainsFunc(codes[1:], func(c string) bool { return c != "" && c != "NoSuchEntity" }) {
			t.Fatalf("round %d: answers %q", i, codes)
		}
		if codes[0] == "" {
			continue
		}
		for _, s := range []step{do("DetachRolePolicy", "RoleName", "r", "PolicyArn", arn), do("DetachUserPolicy", "UserName", "u", "PolicyArn", arn), do("DeleteRolePermissionsBoundary", "RoleName", "r")} {
			if _, err := send(t, d.iam, s); err != nil && probe.AnswerOf(err).Code != "NoSuchEntity" {
				t.Fatalf("%s: %v", s.operation, err)
			}
		}
	}
}
