package world

import (
	"sort"
	"time"
)

// NewOIDCProvider is an OIDC provider without clients. It is nobody's until [World.AddOIDCProvider].
func (w *World) NewOIDCProvider(account, issuer string) *OIDCProvider {
	return &OIDCProvider{
		Account: account, Issuer: issuer, Created: w.now().UTC().Truncate(time.Second), arn: w.providerARN(account, issuer),
	}
}

func (w *World) providerARN(account, issuer string) string {
	return "arn:" + w.Partition + ":iam::" + account + ":oidc-provider/" + IssuerHostPath(issuer)
}

// FederatedProvider is the value of aws:FederatedProvider for an issuer whose OIDC
// provider an account has.
func (w *World) FederatedProvider(account, issuer string) string {
	if w.Switches.FederatedProvider == "issuer" {
		return issuer
	}
	return w.providerARN(account, issuer)
}

// CheckProviderURL says what IAM has against the URL of an OIDC provider.
func (w *World) CheckProviderURL(url string) error {
	return checkIssuerURL(url, *w.Switches.LoopbackIssuers, false)
}

// OIDCProviders returns the OIDC providers of an account in the order of their ARNs.
func (w *World) OIDCProviders(account string) []*OIDCProvider {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.providersOf(account)
}

func (w *World) providersOf(account string) []*OIDCProvider {
	var all []*OIDCProvider
	for _, p := range w.providers {
		if p.Account == account {
			all = append(all, p)
		}
	}
	sort.Slice(all, func(a, b int) bool { return all[a].arn < all[b].arn })
	return all
}

// OIDCProviderByARN returns the OIDC provider with an ARN.
func (w *World) OIDCProviderByARN(arn string) (*OIDCProvider, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.providerByARN(arn)
}

func (w *World) providerByARN(arn string) (*OIDCProvider, bool) {
	for _, p := range w.providers {
		if p.arn == arn {
			return p, true
		}
	}
	return nil, false
}

// AddOIDCProvider stores a new OIDC provider. The error is [ErrIAMExists] or [ErrIAMQuota].
func (w *World) AddOIDCProvider(p *OIDCProvider) error {
	quota := w.IAMQuotas(p.Account).OIDCProviders
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.providerByARN(p.arn); taken {
		return ErrIAMExists
	}
	if len(w.providersOf(p.Account)) >= quota {
		return ErrIAMQuota
	}
	w.providers[p.Account+" "+p.Issuer] = p
	return nil
}

// ChangeOIDCProvider has edit change a copy of an OIDC provider and stores it. edit
// must not touch what slices and maps of the copy hold, only replace it. The error
// is that of edit, or [ErrNoEntity].
func (w *World) ChangeOIDCProvider(arn string, edit func(*OIDCProvider) error) (*OIDCProvider, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.providerByARN(arn)
	if !ok {
		return nil, ErrNoEntity
	}
	edited := *p
	if err := edit(&edited); err != nil {
		return nil, err
	}
	w.providers[p.Account+" "+p.Issuer] = &edited
	return &edited, nil
}

// RemoveOIDCProvider forgets an OIDC provider. The error is [ErrNoEntity].
func (w *World) RemoveOIDCProvider(arn string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.providerByARN(arn)
	if !ok {
		return ErrNoEntity
	}
	delete(w.providers, p.Account+" "+p.Issuer)
	return nil
}
