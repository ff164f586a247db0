package world

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
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
	for _, p := range a.OIDCProviders {
		if err := l.loadProvider(a.ID, &p); err != nil {
			return at(err, "oidcProvider %q", p.URL)
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

func (l *loader) loadProvider(account string, p *OIDCProviderFile) error {
	if err := checkIssuerURL(p.URL, *l.Switches.LoopbackIssuers, false); err != nil {
		return err
	}
	if n := len(p.ClientIDs); n < 1 || n > 100 {
		return fmt.Errorf("%d clientIds: 1 to 100 are allowed", n)
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
	key := account + " " + p.URL
	if _, twice := l.providers[key]; twice {
		return errors.New("the URL stands twice in this account")
	}
	l.providers[key] = &OIDCProvider{
		Account: account, Issuer: p.URL, ClientIDs: p.ClientIDs, Thumbprints: p.Thumbprints,
		arn: "arn:" + l.Partition + ":iam::" + account + ":oidc-provider/" + IssuerHostPath(p.URL),
	}
	return nil
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

func (l *loader) loadRole(account string, r *RoleFile) error {
	if !nameForm.MatchString(r.Name) {
		return errors.New("a role name has 1 to 64 letters, digits or +=,.@_-")
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if !pathForm.MatchString(r.Path) {
		return fmt.Errorf("path %q does not begin and end with a slash", r.Path)
	}
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = 3600
	}
	if r.MaxSessionDuration < 3600 || r.MaxSessionDuration > 43200 {
		return fmt.Errorf("maxSessionDuration %d: 3600 to 43200 are allowed", r.MaxSessionDuration)
	}
	if r.Trust == nil {
		return errors.New("trust is missing")
	}
	trust, err := l.policy(r.Trust, policy.Trust)
	if err != nil {
		return at(err, "trust")
	}
	policies, err := l.identityPolicies(r.Policies)
	if err != nil {
		return err
	}
	arn := "arn:" + l.Partition + ":iam::" + account + ":role" + r.Path + r.Name
	for _, other := range l.roles {
		if other.Account == account && strings.EqualFold(other.Name, r.Name) {
			return errors.New("the name stands twice in this account")
		}
	}
	l.roles[arn] = &Role{
		Account: account, Name: r.Name, Path: r.Path, ID: "AROA" + stableID(arn), arn: arn,
		MaxSessionDuration: time.Duration(r.MaxSessionDuration) * time.Second, Trust: trust, Policies: policies,
	}
	for _, s := range r.Sessions {
		if err := l.loadRoleSession(l.roles[arn], &s); err != nil {
			return at(err, "session %q", s.Name)
		}
	}
	return nil
}

// stableID is the tail of a unique identifier that is the same in every run.
func stableID(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func (l *loader) identityPolicies(byName map[string]any) ([]*policy.Document, error) {
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []*policy.Document
	for _, name := range names {
		doc, err := l.policy(byName[name], policy.Identity)
		if err != nil {
			return nil, at(err, "policy %q", name)
		}
		if doc == nil {
			return nil, fmt.Errorf("policy %q is empty", name)
		}
		all = append(all, doc)
	}
	return all, nil
}

func (l *loader) loadIAMUser(account string, u *IAMUserFile) error {
	if !nameForm.MatchString(u.Name) {
		return errors.New("a user name has 1 to 64 letters, digits or +=,.@_-")
	}
	policies, err := l.identityPolicies(u.Policies)
	if err != nil {
		return err
	}
	arn := "arn:" + l.Partition + ":iam::" + account + ":user/" + u.Name
	if _, twice := l.iamUsers[arn]; twice {
		return errors.New("the name stands twice in this account")
	}
	user := &IAMUser{Account: account, Name: u.Name, ID: "AIDA" + stableID(arn), Policies: policies, arn: arn}
	l.iamUsers[arn] = user
	for _, k := range u.AccessKeys {
		if !accessKeyForm.MatchString(k.ID) || k.Secret == "" {
			return fmt.Errorf("access key %q: an id is AKIA and 12 or more capitals or digits, with a secret", k.ID)
		}
		if _, twice := l.sessions[k.ID]; twice {
			return fmt.Errorf("access key %q stands twice", k.ID)
		}
		l.sessions[k.ID] = &Session{
			AccessKeyID: k.ID, SecretAccessKey: k.Secret, Issued: l.now(), Kind: KindIAMUser,
			Account: account, ARN: arn, UserID: user.ID,
		}
	}
	return nil
}
