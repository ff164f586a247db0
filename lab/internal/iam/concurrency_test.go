package iam_test

import (
	"fmt"
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
