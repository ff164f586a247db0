package lab_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab"
)

// A JWT is spent at one Identity Center instance, not at every one that trusts its issuer.
func TestAnotherInstanceHasItsOwnMemory(t *testing.T) {
	const second = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	const app = "arn:aws:sso::111122223333:application/ssoins-fedcba0987654321/apl-fedcba0987654321"
	b := start(t, func(w *lab.World) {
		i := w.IdentityCenter[0]
		i.ARN, i.IdentityStoreID = second, "d-0987654321"
		i.Applications = slices.Clone(i.Applications[:1])
		i.Applications[0].ARN = app
		w.IdentityCenter = append(w.IdentityCenter, i)
	})
	token := b.jwt("analyst")
	session := b.session(oidcRole)
	for i, c := range []struct {
		application string
		refused     bool
	}{{appARN, false}, {app, false}, {appARN, true}, {app, true}} {
		_, err := b.createToken(session, asserting(token), func(in *ssooidc.CreateTokenWithIAMInput) { in.ClientId = &c.application })
		if (err != nil) != c.refused {
			t.Errorf("exchange %d: %v", i+1, err)
		}
	}
}
