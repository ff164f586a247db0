package world

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The principal of the lab's own administrators, see [World.Bootstrap].
const (
	AdministratorRole    = "tip-lab-administrator"
	AdministratorSession = "bootstrap"
)

// administrators are the sessions with which work in an account begins. They do
// not change.
type administrators struct {
	byAccount, byKey map[string]*Session
	entity           *Entity // what they may do
}

// Bootstrap gives each account of the world an administrator: a session of a role
// [AdministratorRole] that may do anything, has no end, and is not part of the
// account's IAM, which neither lists nor exports it. The keys follow from the
// secret seed. It is to be called before the world is shared.
func (w *World) Bootstrap(seed []byte) error {
	all, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), policy.Identity)
	if err != nil {
		return at(err, "the administrators' policy")
	}
	made := administrators{byAccount: map[string]*Session{}, byKey: map[string]*Session{}, entity: &Entity{Name: AdministratorRole, Path: "/", Policies: []*policy.Document{all}}}
	for account := range w.accounts {
		s := w.administratorOf(account, seed)
		made.byAccount[account], made.byKey[s.AccessKeyID] = s, s
	}
	w.administrators = made
	return nil
}

func (w *World) administratorOf(account string, seed []byte) *Session {
	role := &Role{}
	role.Account, role.Name = account, AdministratorRole
	arn := "arn:" + w.Partition + ":iam::" + account + ":role/" + AdministratorRole
	key, secret, token := derived(seed, account+" id", 10), derived(seed, account+" secret", 30), derived(seed, account+" token", 96)
	return &Session{
		AccessKeyID:     "ASIA" + base32.StdEncoding.EncodeToString(key),
		SecretAccessKey: base64.StdEncoding.EncodeToString(secret),
		SessionToken:    "IQoJb3JpZ2luX2Vj" + base64.StdEncoding.EncodeToString(token),
		Issued:          w.now(), Kind: KindAssumedRole, Account: account,
		ARN: w.AssumedRoleARN(role, AdministratorSession), UserID: "AROA" + stableID(arn) + ":" + AdministratorSession,
		RoleARN: arn, SessionName: AdministratorSession,
	}
}

// derived are n bytes that follow from a seed and what they are for.
func derived(seed []byte, use string, n int) []byte {
	var out []byte
	for block := byte(0); len(out) < n; block++ {
		mac := hmac.New(sha256.New, seed)
		_, _ = mac.Write(append([]byte(use), 0, block)) // never fails
		out = mac.Sum(out)
	}
	return out[:n]
}

// Administrator returns the session of an account's administrator, see [World.Bootstrap].
func (w *World) Administrator(account string) (*Session, bool) {
	s, ok := w.administrators.byAccount[account]
	return s, ok
}

// has reports whether a session is that of an administrator.
func (a *administrators) has(s *Session) bool { return a.byKey[s.AccessKeyID] == s }

// OrganizationAccount is an account and what it is in the organization.
type OrganizationAccount struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Management says that the account manages the organization.
	Management bool `json:"management,omitempty"`
	// Outside says that the account is of no organization.
	Outside bool `json:"outside,omitempty"`
	// Administers are the service principals that it is a delegated administrator of.
	Administers []string `json:"delegatedAdministratorOf,omitempty"`
}

// Accounts returns all accounts in the order of their ids.
func (w *World) Accounts() []OrganizationAccount {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]OrganizationAccount, 0, len(w.accounts))
	for id, name := range w.accounts {
		m := OrganizationAccount{ID: id, Name: name, Management: id == w.management, Outside: w.management == "" || slices.Contains(w.outside, id)}
		for service := range w.delegated {
			if slices.Contains(w.delegated[service], id) {
				m.Administers = append(m.Administers, service)
			}
		}
		slices.Sort(m.Administers)
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b OrganizationAccount) int { return strings.Compare(a.ID, b.ID) })
	return all
}
