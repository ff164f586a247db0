package world

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// OrganizationFile says who manages an organization and who administers a
// service in its name.
type OrganizationFile struct {
	// ID of the organization, o- and 10 to 32 lower-case letters or digits. Made
	// from the management account's by default.
	ID string `yaml:"id"`
	// Outside are the accounts of the world that are not members.
	Outside []string `yaml:"outside"`
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
	return at(l.loadMembers(&f), "organization")
}

func (l *loader) loadMembers(f *OrganizationFile) error {
	if l.management == "" {
		if f.ID != "" || len(f.Outside) > 0 {
			return errors.New("management is missing")
		}
		return nil
	}
	if l.organizationID = f.ID; f.ID == "" {
		l.organizationID = "o-" + strings.ToLower(stableID(l.management))[:10]
	}
	if !organizationForm.MatchString(l.organizationID) {
		return fmt.Errorf("id %q is not o- and 10 to 32 lower-case letters or digits", f.ID)
	}
	for _, id := range f.Outside {
		if err := l.account(id); err != nil {
			return at(err, "outside")
		}
		if id == l.management {
			return errors.New("outside: the management account is a member")
		}
		for service, administrators := range f.DelegatedAdministrators {
			if slices.Contains(administrators, id) {
				return fmt.Errorf("outside: a delegated administrator of %s is a member", service)
			}
		}
	}
	l.outside = f.Outside
	return nil
}

// OrganizationID is the id of the organization that an account is a member of,
// empty if it is of none.
func (w *World) OrganizationID(account string) string {
	if _, ours := w.Account(account); !ours || slices.Contains(w.outside, account) {
		return ""
	}
	return w.organizationID
}

// exportOrganization is the organization as a world file has it. w.mu is held.
func (w *World) exportOrganization() OrganizationFile {
	return OrganizationFile{ID: w.organizationID, Outside: slices.Clone(w.outside), Management: w.management, DelegatedAdministrators: w.delegated}
}

// OrganizationPath is where an account stands in its organization, as the
// condition key aws:PrincipalOrgPaths has it. The lab's organization has a root
// and no organizational units.
func (w *World) OrganizationPath(account string) string {
	id := w.OrganizationID(account)
	if id == "" {
		return ""
	}
	return id + "/r-" + id[2:6] + "/"
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
	return !in.OfAccount && (in.Account == w.management || w.Delegated("sso.amazonaws.com", in.Account))
}

// Administers reports whether an account may administer an instance: its own, and
// with that of the organization the management account and delegated administrators.
func (w *World) Administers(account string, in *Instance) bool {
	if account == in.Account {
		return true
	}
	return w.OfOrganization(in) && (account == w.management || w.Delegated("sso.amazonaws.com", account))
}
