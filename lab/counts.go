package lab

import (
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// Tally is how often something was answered.
type Tally struct {
	Granted int `json:"granted"`
	Refused int `json:"refused"`
}

func (t *Tally) add(refused bool) {
	if refused {
		t.Refused++
		return
	}
	t.Granted++
}

// Counts are what a lab has answered since it started, whether or not the
// answer arrived. /_lab/counts answers with them as JSON.
type Counts struct {
	// SignIns are answers of authorization endpoints and their pages: a code
	// (granted), an error or a wrong password. Showing a page counts as nothing.
	// InitiateAuth with USER_PASSWORD_AUTH counts here, too, with
	// REFRESH_TOKEN_AUTH as one of Refreshes.
	SignIns Tally `json:"signIns"`
	// Codes, Refreshes and DevicePolls are token requests of the grants
	// authorization_code, refresh_token and device_code.
	Codes       Tally `json:"codes"`
	Refreshes   Tally `json:"refreshes"`
	DevicePolls Tally `json:"devicePolls"`
	// TokenRequests are all token requests, malformed ones included.
	TokenRequests Tally `json:"tokenRequests"`
	// Revocations are revocation requests.
	Revocations Tally `json:"revocations"`
	// GraceUses are refreshes with a rotated refresh token within the grace.
	GraceUses int `json:"graceUses"`
	// ReuseAlarms are families that were revoked because a refresh token was used
	// again after the grace.
	ReuseAlarms int `json:"reuseAlarms"`
	// CodeReplays are authorization codes that came again after they were used.
	CodeReplays int `json:"codeReplays"`

	// WebIdentities are AssumeRoleWithWebIdentity requests, AssumedRoles those of AssumeRole.
	WebIdentities Tally `json:"webIdentities"`
	AssumedRoles  Tally `json:"assumedRoles"`
	// TokenCalls are all CreateTokenWithIAM requests, those included whose grant
	// is another or unknown, since a request that is refused at its signature is
	// not read any further.
	TokenCalls Tally `json:"tokenCalls"`
	// Exchanges are those of the grant jwt-bearer, CentralRefreshes those of the
	// grant refresh_token.
	Exchanges        Tally `json:"exchanges"`
	CentralRefreshes Tally `json:"centralRefreshes"`
	// Replays are JWTs that came to Identity Center again after they were spent.
	Replays int `json:"replays"`
	// DataAccesses are GetDataAccess requests.
	DataAccesses Tally `json:"dataAccesses"`
}

// Counts tells how often the lab did what. It may be called at any time.
func (l *Lab) Counts() Counts {
	c := l.counter.read()
	c.Replays = int(l.replays.Load()) + l.current().world.Replays()
	return c
}

// counter counts the answers of a lab. It is safe for concurrent use.
type counter struct {
	mu     sync.Mutex
	counts Counts
}

func (c *counter) read() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// signIn counts a decision of the OIDC provider.
func (c *counter) signIn(e *idp.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	refused := e.Error != ""
	switch e.Kind {
	case idp.KindAuthorize:
		c.counts.SignIns.add(refused)
	case idp.KindInitiateAuth:
		if e.GrantType == idp.FlowRefresh {
			c.counts.Refreshes.add(refused)
		} else {
			c.counts.SignIns.add(refused)
		}
	case idp.KindRevocation:
		c.counts.Revocations.add(refused)
	case idp.KindToken:
		c.counts.TokenRequests.add(refused)
		if t := c.grant(e.GrantType); t != nil {
			t.add(refused)
		}
	}
	if e.InGrace {
		c.counts.GraceUses++
	}
	if e.ReuseAlarm {
		c.counts.ReuseAlarms++
	}
	if e.CodeReplay {
		c.counts.CodeReplays++
	}
}

// grant is the tally of a grant type of the token endpoint.
func (c *counter) grant(kind string) *Tally {
	switch kind {
	case "authorization_code":
		return &c.counts.Codes
	case "refresh_token":
		return &c.counts.Refreshes
	case "urn:ietf:params:oauth:grant-type:device_code":
		return &c.counts.DevicePolls
	}
	return nil
}

// exchange counts a request to one of AWS's services.
func (c *counter) exchange(x *Exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	refused := x.Err != nil
	if x.Caller.Operation == "CreateTokenWithIAM" {
		c.counts.TokenCalls.add(refused)
	}
	if t := c.operation(x); t != nil {
		t.add(refused)
	}
}

func (c *counter) operation(x *Exchange) *Tally {
	switch x.Caller.Operation {
	case "AssumeRoleWithWebIdentity":
		return &c.counts.WebIdentities
	case "AssumeRole":
		return &c.counts.AssumedRoles
	case "GetDataAccess":
		return &c.counts.DataAccesses
	case "CreateTokenWithIAM":
		return c.tokenCall(x)
	}
	return nil
}

// tokenCall is the tally of a CreateTokenWithIAM request by its grant, nil for
// one that was refused before its input was read and for other grants.
func (c *counter) tokenCall(x *Exchange) *Tally {
	in, ok := x.Input.(*ssooidc.CreateTokenWithIAMInput)
	if !ok || in == nil {
		return nil
	}
	switch aws.ToString(in.GrantType) {
	case "refresh_token":
		return &c.counts.CentralRefreshes
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		return &c.counts.Exchanges
	}
	return nil
}
