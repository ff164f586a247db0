package lab_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// workGroupReadings are the switches about Athena.
func workGroupReadings() map[string]reading {
	creating := func(region, executionRole string) func(*bench) string {
		return func(b *bench) string {
			c := athena.NewFromConfig(b.config(labtest.Admin()), func(o *athena.Options) { o.Region = region })
			in := &athena.CreateWorkGroupInput{Name: aws.String("new"), Configuration: &types.WorkGroupConfiguration{
				IdentityCenterConfiguration: &types.IdentityCenterConfiguration{EnableIdentityCenter: aws.Bool(true), IdentityCenterInstanceArn: aws.String(instance)},
			}}
			if executionRole != "" {
				in.Configuration.ExecutionRole = aws.String(executionRole)
			}
			_, err := c.CreateWorkGroup(b.Context(), in)
			return short(err)
		}
	}
	base := []func(*lab.World){silent}
	return map[string]reading{
		"WorkGroupInstanceRegion": {base, func(s *world.Switches) { s.WorkGroupInstanceRegion = off() },
			creating("us-east-1", enhanced), "400 InvalidRequestException", worked},
		"WorkGroupExecutionRole": {base, func(s *world.Switches) { s.WorkGroupExecutionRole = off() },
			creating("eu-west-1", ""), "400 InvalidRequestException", worked},
	}
}

// A person's session may look at a work group, and not change it: the allow list of
// identity contexts has the one and not the other.
func TestWorkGroupOfPerson(t *testing.T) {
	b := start(t, silent)
	c := athena.NewFromConfig(b.config(b.person(analyst)))
	out, err := c.GetWorkGroup(t.Context(), &athena.GetWorkGroupInput{WorkGroup: aws.String("tip-workgroup")})
	if err != nil {
		t.Fatal(err)
	}
	if arn := aws.ToString(out.WorkGroup.Configuration.IdentityCenterConfiguration.IdentityCenterInstanceArn); arn != instance {
		t.Errorf("the work group is for %q", arn)
	}
	_, err = c.DeleteWorkGroup(t.Context(), &athena.DeleteWorkGroupInput{WorkGroup: aws.String("tip-workgroup")})
	if got := short(err); got != "400 AccessDeniedException" {
		t.Errorf("delete: %s", got)
	}
}
