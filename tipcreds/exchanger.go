package tipcreds

import (
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// exchanger is what all users of a [Provider] or [Pool] have in common: whom to ask
// and how. It is immutable, apart from what it learns of the clocks.
type exchanger struct {
	accessRoleARN      string
	applicationARN     string
	contextProviderARN string
	options            Options

	webIdentity       AssumeRoleWithWebIdentityAPI // nil: nothing to bootstrap
	sts               AssumeRoleAPI
	oidc              CreateTokenAPI
	signSTS, signOIDC bool // with the application role's credentials

	skew   atomic.Pointer[time.Duration] // the last one measured
	outage atomic.Pointer[outage]        // of the cache, the last one
}

func newExchanger(accessRoleARN, applicationARN string, o *Options) (*exchanger, error) {
	o.setDefaults()
	if err := o.validate(accessRoleARN, applicationARN); err != nil {
		return nil, err
	}
	x := &exchanger{
		accessRoleARN:      accessRoleARN,
		applicationARN:     applicationARN,
		contextProviderARN: contextProviderARN(accessRoleARN),
		options:            *o,
	}
	x.buildClients()
	return x, nil
}

// noteClock remembers the difference of the clocks for the next signature.
func (x *exchanger) noteClock(seen *observation) {
	if seen.measured {
		x.skew.Store(&seen.skew)
	}
}

// sources are the calls by which the credentials come about.
func (x *exchanger) sources() []aws.CredentialSource {
	if x.webIdentity == nil {
		return []aws.CredentialSource{aws.CredentialSourceSTSAssumeRole}
	}
	return []aws.CredentialSource{aws.CredentialSourceSTSAssumeRoleWebID, aws.CredentialSourceSTSAssumeRole}
}
