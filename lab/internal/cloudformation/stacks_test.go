package cloudformation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// A stack of roles is made, changed in place, and goes.
func TestLifeOfAStack(t *testing.T) {
	b := start(t)
	probe.Must(t, 0, b.create("mine", file(t, "two-roles.yaml")))
	b.status("mine", "CREATE_COMPLETE")
	ids, outputs := b.physical("mine"), b.outputs("mine")
	want := map[string]string{
		"OIDCRoleArn":       "arn:aws:iam::444455556666:role/" + ids["OIDCRole"],
		"IdEnhancedRoleArn": "arn:aws:iam::444455556666:role/" + ids["IdEnhancedRole"],
	}
	if diff := cmp.Diff(want, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	probe.Must(t, 0, b.update("mine", strings.Replace(file(t, "two-roles.yaml"), "Policies:", "MaxSessionDuration: 7200\n      Policies:", 1)))
	b.status("mine", "UPDATE_COMPLETE")
	if diff := cmp.Diff(ids, b.physical("mine")); diff != "" {
		t.Errorf("physical ids changed (-before +after):\n%s", diff)
	}
	probe.Expect(t, invalid("No updates are to be performed."), b.update("mine", strings.Replace(file(t, "two-roles.yaml"), "Policies:", "MaxSessionDuration: 7200\n      Policies:", 1)))
	id := *b.stack("mine").StackId
	probe.Must(t, 0, b.delete("mine"))
	b.status(id, "DELETE_COMPLETE")
	for _, role := range []string{ids["OIDCRole"], ids["IdEnhancedRole"]} {
		if b.hasRole(role) {
			t.Errorf("role %s is still there", role)
		}
	}
}
