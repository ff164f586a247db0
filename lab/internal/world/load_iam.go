package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"
)

var (
	pathForm       = regexp.MustCompile(`^/([\x21-\x7e]+/)?$`)
	thumbprintForm = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	accessKeyForm  = regexp.MustCompile(`^AKIA[A-Z0-9]{12,124}$`)
)

func jsonOf(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("not a JSON document: %w", err)
	}
	return text, nil
}

func (l *loader) loadAccounts() error {
	if len(l.file.Accounts) == 0 {
		return errors.New("accounts: at least one is needed")
	}
	for i, a := range l.file.Accounts {
		if !accountForm.MatchString(a.ID) {
			return fmt.Errorf("accounts[%d]: id %q is not 12 digits in quotes", i, a.ID)
		}
		if _, twice := l.accounts[a.ID]; twice {
			return fmt.Errorf("accounts[%d]: id %q stands twice", i, a.ID)
		}
		l.accounts[a.ID] = a.Name
		if i == 0 {
			l.firstAccount = a.ID
		}
		if err := l.loadAccount(&a); err != nil {
			return at(err, "account %s", a.ID)
		}
	}
	return nil
}

func (l *loader) loadAccount(a *AccountFile) error {
	if err := l.loadIAMQuotas(a); err != nil {
		return at(err, "iamQuotas")
	}
	for _, p := range a.OIDCProviders {
		if err := l.loadProvider(a.ID, &p); err != nil {
			return at(err, "oidcProvider %q", p.URL)
		}
	}
	for _, p := range a.Policies {
		if err := l.loadManagedPolicy(a.ID, &p); err != nil {
			return at(err, "managed policy %q", p.Name)
		}
	}
	for _, r := range a.Roles {
		if err := l.loadRole(a.ID, &r); err != nil {
			return at(err, "role %q", r.Name)
		}
	}
	for _, u := range a.Users {
		if err := l.loadIAMUser(a.ID, &u); err != nil {
			return at(err, "user %q", u.Name)
		}
	}
	return nil
}

func (l *loader) loadIAMQuotas(a *AccountFile) error {
	q := a.IAMQuotas
	if min(q.Roles, q.Users, q.Policies, q.OIDCProviders) < 0 {
		return errors.New("a quota is not negative")
	}
	l.iam.quotas[a.ID] = q
	return nil
}

func (l *loader) loadProvider(account string, p *OIDCProviderFile) error {
	if err := checkIssuerURL(p.URL, *l.Switches.LoopbackIssuers, false); err != nil {
		return err
	}
	if n := len(p.ClientIDs); n > 100 {
		return fmt.Errorf("%d clientIds: 100 at most are allowed", n)
	}
	for _, id := range p.ClientIDs {
		if id == "" || len(id) > 255 {
			return fmt.Errorf("client id %q: 1 to 255 characters are allowed", id)
		}
	}
	if len(p.Thumbprints) > 5 {
		return fmt.Errorf("%d thumbprints: 5 at most are allowed", len(p.Thumbprints))
	}
	for _, t := range p.Thumbprints {
		if !thumbprintForm.MatchString(t) {
			return fmt.Errorf("thumbprint %q is not 40 hexadecimal digits", t)
		}
	}
	if err := checkTags(p.Tags, false); err != nil {
		return err
	}
	if _, twice := l.providerByARN(l.providerARN(account, p.URL)); twice {
		return errors.New("the URL stands twice in this account")
	}
	l.providers[account+" "+p.URL] = &OIDCProvider{
		Account: account, Issuer: p.URL, ClientIDs: p.ClientIDs, Thumbprints: p.Thumbprints,
		Created: l.dated(p.Created), Tags: p.Tags, arn: l.providerARN(account, p.URL),
	}
	return nil
}

// dated is a time of the file, by default the start of the lab.
func (l *loader) dated(t *time.Time) time.Time {
	at := l.now()
	if t != nil {
		at = *t
	}
	return at.UTC().Truncate(time.Second)
}

// checkIssuerURL enforces the URL rules of IAM (https, no port, no query) and of
// trusted token issuers (http or https, ports 80 and 443 only, no discovery path).
func checkIssuerURL(issuer string, loopback, trustedTokenIssuer bool) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return errors.New("not an absolute URL")
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("an issuer URL has neither query nor fragment")
	}
	if strings.Contains(u.Path, "/.well-known/") {
		return errors.New("the issuer URL must not contain /.well-known/openid-configuration")
	}
	if loopback && u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	if trustedTokenIssuer {
		if (u.Scheme != "https" && u.Scheme != "http") || (u.Port() != "" && u.Port() != "443" && u.Port() != "80") {
			return errors.New("a trusted token issuer URL is http or https, on port 80 or 443")
		}
		return nil
	}
	if u.Scheme != "https" || u.Port() != "" {
		return errors.New("an OIDC provider URL is https and has no port")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
