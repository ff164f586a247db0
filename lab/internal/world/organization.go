package world

import (
	"fmt"
	"slices"
)

// OrganizationFile says who manages an organization and who administers a
// service in its name.
type OrganizationFile struct {
	// Management is the id of the management account.
	Management string `yaml:"management"`
	// DelegatedAdministrators are account ids by service principal, such as
	// sso.amazonaws.com.
	DelegatedAdministrators map[string][]string `yaml:"delegatedAdministrators"`
}

func (l *loader) loadOrganization() error {
	f := l.file.Organization
	l.management = f.Management
	if l.management == "" && len(l.file.IdentityCenter) > 0 {
		l.management = l.file.IdentityCenter[0].Account
	}
	if l.management != "" {
		if err := l.account(l.management); err != nil {
			return at(err, "organization")
		}
	}
	for service, accounts := range f.DelegatedAdministrators {
		for _, id := range accounts {
			if err := l.account(id); err != nil {
				return at(err, "organization: delegatedAdministrators of %s", service)
			}
			if id == l.management {
				return fmt.Errorf("organization: the management account cannot be a delegated administrator of %s", service)
			}
		}
	}
	l.delegated = f.DelegatedAdministrators
	return nil
}

// Management is the id of the organization's management account, empty without one.
func (w *World) Management() string { return w.management }

// Delegated reports whether an account is a delegated administrator of a service,
// by its principal.
func (w *World) Delegated(service, account string) bool {
	return slices.Contains(w.delegated[service], account)
}

// OfOrganization reports whether an instance is that of the organization, not the
// account instance of a member.
func (w *World) OfOrganization(in *Instance) bool {
	return in.Account == w.management || w.Delegated("sso.amazonaws.com", in.Account)
}

// Administers reports whether an account may administer an instance: its own, and
// with that of the organization the management account and delegated administrators.
func (w *World) Administers(account string, in *Instance) bool {
	if account == in.Account {
		return true
	}
	return w.OfOrganization(in) && (account == w.management || w.Delegated("sso.amazonaws.com", account))
}
