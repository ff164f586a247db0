package world

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

func (l *loader) loadIssuers() error {
	for i := range l.file.Issuers {
		if err := l.loadIssuer(&l.file.Issuers[i]); err != nil {
			return at(err, "issuer %q", l.file.Issuers[i].Name)
		}
	}
	return nil
}

func (l *loader) loadIssuer(f *IssuerFile) error {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("url is not an absolute http or https URL without query and fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("an http issuer must be on loopback")
	}
	if f.Face == "" {
		f.Face = "plain"
	}
	if f.Face != "plain" && f.Face != "okta" {
		return fmt.Errorf("face %q is none of plain, okta", f.Face)
	}
	for _, other := range l.issuers {
		if other.URL == f.URL || other.Name == f.Name {
			return errors.New("the name or url stands twice")
		}
	}
	is := &Issuer{
		Name: f.Name, URL: f.URL, Face: f.Face,
		IDTokenLifetime:      seconds(f.IDTokenLifetime, time.Hour),
		RefreshTokenLifetime: seconds(f.RefreshTokenLifetime, 7*24*time.Hour),
		RotationGrace:        seconds(f.RotationGrace, 0),
	}
	if err := is.addClients(f.Clients); err != nil {
		return err
	}
	if err := is.addPeople(f.People); err != nil {
		return err
	}
	l.issuers = append(l.issuers, is)
	return nil
}

func (is *Issuer) addClients(list []ClientFile) error {
	for _, c := range list {
		if c.ID == "" || len(c.RedirectURIs) == 0 {
			return fmt.Errorf("client %q: id and redirectUris are needed", c.ID)
		}
		is.Clients = append(is.Clients, Client(c))
	}
	return nil
}

func (is *Issuer) addPeople(list []PersonFile) error {
	logins := make([]string, 0, len(list))
	for _, p := range list {
		if p.Login == "" || p.Subject == "" || p.Password == "" {
			return fmt.Errorf("person %q: login, password and subject are needed", p.Login)
		}
		for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce"} {
			if _, reserved := p.Claims[name]; reserved {
				return fmt.Errorf("person %q: claim %q is the issuer's own", p.Login, name)
			}
		}
		is.People = append(is.People, Person(p))
		logins = append(logins, strings.ToLower(p.Login))
	}
	if name, twice := duplicate(logins); twice {
		return fmt.Errorf("person %q stands twice", name)
	}
	return nil
}

func seconds(n int, otherwise time.Duration) time.Duration {
	if n == 0 {
		return otherwise
	}
	return time.Duration(n) * time.Second
}
