package ssoadmin_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// TestScopeTargets: they are looked for only with the switch for that.
func TestScopeTargets(t *testing.T) {
	const noInstance = "arn:aws:sso:::instance/ssoins-ffffffffffffffff"
	const noApplication = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-ffffffffffffffff"
	put := func(b *bench, targets ...string) error {
		_, err := b.ask(b.admin, &ssoadmin.PutApplicationAccessScopeInput{
			ApplicationArn: aws.String(application), Scope: aws.String("scope:x"), AuthorizedTargets: targets,
		})
		return err
	}
	probe.Expect(t, probe.Answer{}, put(start(t), noInstance, noApplication))
	on := true
	b := start(t, func(w *lab.World) { w.Switches.ScopeTargetsExist = &on })
	probe.Expect(t, probe.Answer{}, put(b, instance, application))
	probe.Expect(t, probe.Answer{}, put(b))
	probe.Expect(t, notFound("Instance not found."), put(b, instance, noInstance))
	probe.Expect(t, notFound("Application not found."), put(b, application, noApplication))
}
