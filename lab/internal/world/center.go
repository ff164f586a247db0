package world

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Quotas of IAM Identity Center (user guide, "Quotas and limits").
const (
	MaxTrustedTokenIssuers = 10
	MaxAccessScopes        = 25
	// maxApplications is what AWS accounts and applications share; the lab counts applications.
	maxApplications = 7000
)

// Errors of changes to IAM Identity Center.
var (
	ErrNoInstance      = errors.New("there is no such instance")
	ErrInstanceExists  = errors.New("the account has an instance")
	ErrNoIssuer        = errors.New("there is no such trusted token issuer")
	ErrIssuerName      = errors.New("another trusted token issuer has the name")
	ErrIssuerURL       = errors.New("another trusted token issuer has the URL")
	ErrIssuerQuota     = errors.New("too many trusted token issuers")
	ErrNoApplication   = errors.New("there is no such application")
	ErrApplicationName = errors.New("another application has the name")
	ErrAppQuota        = errors.New("too many applications")
	ErrAssigned        = errors.New("the user or group is assigned")
	ErrNotAssigned     = errors.New("the user or group is not assigned")
)

// InstancesIn returns the Identity Center instances of a region, in the order of their ARNs.
func (w *World) InstancesIn(region string) []*Instance {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var found []*Instance
	for _, in := range w.instances {
		if in.Region == region {
			found = append(found, in)
		}
	}
	return inOrder(found, func(in *Instance) string { return in.ARN })
}

// InstanceSettings returns what of an instance can be changed, as it is now.
func (w *World) InstanceSettings(in *Instance) InstanceSettings {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return in.settings
}

// CreateInstance makes an account instance with an empty identity store. A request
// that repeats another gets what that one got. The error is [ErrInstanceExists]
// or [ErrOtherParameters].
func (w *World) CreateInstance(r Repeatable, account, region string, s InstanceSettings) (*Instance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	arn, err := w.repeated(r)
	if err != nil {
		return nil, err
	}
	if in, ok := w.instances[arn]; ok {
		return in, nil
	}
	for _, in := range w.instances {
		if in.Account == account {
			return nil, ErrInstanceExists
		}
	}
	id := strings.ReplaceAll(uuid.NewString(), "-", "")
	in := w.newInstance(account, region, "ssoins-"+id[:16], "d-"+id[16:26])
	in.OfAccount, in.settings = true, s
	w.instances[in.ARN] = in
	w.remember(r, in.ARN)
	return in, nil
}

// newInstance is an instance without anything in it.
func (w *World) newInstance(account, region, id, store string) *Instance {
	return &Instance{
		ARN: "arn:" + w.Partition + ":sso:::instance/" + id, Account: account, Region: region, IdentityStoreID: store,
		IdentityStoreARN: "arn:" + w.Partition + ":identitystore::" + account + ":identitystore/" + store,
		Created:          w.stamp(), issuers: map[string]*TrustedTokenIssuer{}, directory: newDirectory(),
	}
}

// stamp is the time with the precision of sso-admin.
func (w *World) stamp() time.Time { return w.now().UTC().Truncate(time.Millisecond) }

// ChangeInstance has change edit the settings of an instance. Maps in them are to
// be replaced, not edited. The error is that of change, or [ErrNoInstance].
func (w *World) ChangeInstance(in *Instance, change func(*InstanceSettings) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instances[in.ARN] != in {
		return ErrNoInstance
	}
	edited := in.settings
	if err := change(&edited); err != nil {
		return err
	}
	in.settings = edited
	return nil
}

// DeleteInstance forgets an instance with its applications and their refresh
// tokens, and the associations of S3 Access Grants with it. The error is [ErrNoInstance].
func (w *World) DeleteInstance(in *Instance) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instances[in.ARN] != in {
		return ErrNoInstance
	}
	delete(w.instances, in.ARN)
	maps.DeleteFunc(w.applications, func(_ string, a *Application) bool { return a.Instance == in })
	maps.DeleteFunc(w.refresh, func(_ string, t *RefreshToken) bool { return w.applications[t.ApplicationARN] == nil })
	for key, g := range w.accessGrants {
		if g.IdentityCenter == in {
			edited := *g
			edited.Dissociate()
			w.accessGrants[key] = &edited
		}
	}
	return nil
}

// TrustedTokenIssuers returns those of an instance, in the order of their ARNs.
func (w *World) TrustedTokenIssuers(in *Instance) []*TrustedTokenIssuer {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return issuersOf(in)
}

func issuersOf(in *Instance) []*TrustedTokenIssuer {
	return inOrder(slices.Collect(maps.Values(in.issuers)), func(t *TrustedTokenIssuer) string { return t.ARN })
}

// TrustedTokenIssuerInstance returns the instance that a trusted token issuer's ARN names.
func (w *World) TrustedTokenIssuerInstance(arn string) (*Instance, bool) {
	id, _, _ := strings.Cut(strings.TrimPrefix(arnField(arn, 5), "trustedTokenIssuer/"), "/")
	return w.Instance("arn:" + w.Partition + ":sso:::instance/" + id)
}

// CreateTrustedTokenIssuer adds an issuer to an instance and makes its ARN up. A
// request that repeats another gets what that one got. The error is
// [ErrNoInstance], [ErrIssuerName], [ErrIssuerURL], [ErrIssuerQuota] or [ErrOtherParameters].
func (w *World) CreateTrustedTokenIssuer(r Repeatable, in *Instance, t TrustedTokenIssuer) (*TrustedTokenIssuer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instances[in.ARN] != in {
		return nil, ErrNoInstance
	}
	arn, err := w.repeated(r)
	if err != nil {
		return nil, err
	}
	if made, ok := in.issuers[arn]; ok {
		return made, nil
	}
	if err := in.admits(&t); err != nil {
		return nil, err
	}
	if len(in.issuers) >= MaxTrustedTokenIssuers {
		return nil, ErrIssuerQuota
	}
	t.ARN = issuerARN(in, uuid.NewString())
	in.issuers[t.ARN] = &t
	w.remember(r, t.ARN)
	return &t, nil
}

func issuerARN(in *Instance, id string) string {
	return "arn:" + arnField(in.ARN, 1) + ":sso::" + in.Account + ":trustedTokenIssuer/" + instanceID(in) + "/tti-" + id
}

// instanceID is ssoins- and 16 characters.
func instanceID(in *Instance) string { return strings.TrimPrefix(arnField(in.ARN, 5), "instance/") }

// admits refuses an issuer of whose name or URL there is another.
func (in *Instance) admits(t *TrustedTokenIssuer) error {
	for _, other := range issuersOf(in) {
		switch {
		case other.ARN == t.ARN:
		case other.Name == t.Name:
			return ErrIssuerName
		case other.IssuerURL == t.IssuerURL:
			return ErrIssuerURL
		}
	}
	return nil
}

// ChangeTrustedTokenIssuer has change edit a copy of an issuer and stores it. The
// error is that of change, [ErrNoIssuer] or [ErrIssuerName].
func (w *World) ChangeTrustedTokenIssuer(in *Instance, arn string, change func(*TrustedTokenIssuer) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, ok := in.issuers[arn]
	if !ok || w.instances[in.ARN] != in {
		return ErrNoIssuer
	}
	edited := *t
	if err := change(&edited); err != nil {
		return err
	}
	if err := in.admits(&edited); err != nil {
		return err
	}
	in.issuers[arn] = &edited
	return nil
}

// DeleteTrustedTokenIssuer forgets an issuer and the refresh tokens that stem from
// it. Grants of applications go on naming it, to no effect. The error is [ErrNoIssuer].
func (w *World) DeleteTrustedTokenIssuer(in *Instance, arn string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := in.issuers[arn]; !ok || w.instances[in.ARN] != in {
		return ErrNoIssuer
	}
	delete(in.issuers, arn)
	maps.DeleteFunc(w.refresh, func(_ string, t *RefreshToken) bool { return t.IssuerARN == arn })
	return nil
}

// CheckIssuerURL refuses a URL that no trusted token issuer can have.
func (w *World) CheckIssuerURL(url string) error {
	return checkIssuerURL(url, *w.Switches.LoopbackIssuers, true)
}

// AttributePaths are those of the identity store that a claim can be mapped to.
func (s *Switches) AttributePaths() []string {
	return []string{"userName", "emails.value", s.ExternalIDPath}
}

func byARN(a, b *Application) int { return cmp.Compare(a.ARN, b.ARN) }
