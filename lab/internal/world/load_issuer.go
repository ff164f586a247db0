package world

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
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
	if err := checkIssuer(f, u); err != nil {
		return err
	}
	for _, other := range l.issuers {
		if other.URL == f.URL || other.Name == f.Name {
			return errors.New("the name or url stands twice")
		}
	}
	is := &Issuer{
		Name: f.Name, URL: f.URL, Face: f.Face, HostedDomain: f.Domain,
		IDTokenLifetime:      seconds(f.IDTokenLifetime, time.Hour),
		RefreshTokenLifetime: seconds(f.RefreshTokenLifetime, refreshLifetime(f.Face)),
		RotationGrace:        seconds(f.RotationGrace, 0), IssParameter: f.IssParameter,
	}
	if err := is.addAPIs(f.APIs, u); err != nil {
		return err
	}
	if err := is.addClients(f.Clients); err != nil {
		return err
	}
	if id, twice := l.clientTwice(is); twice {
		return fmt.Errorf("client %s stands twice in the user pools of %s", id, is.poolRegion())
	}
	if err := is.addPeople(f.People); err != nil {
		return err
	}
	l.issuers = append(l.issuers, is)
	return nil
}

// checkIssuer refuses what an issuer of its face, at u, cannot be.
func checkIssuer(f *IssuerFile, u *url.URL) error {
	if err := checkFace(f.Face, u); err != nil {
		return err
	}
	for name, n := range map[string]int{
		"idTokenLifetime": f.IDTokenLifetime, "refreshTokenLifetime": f.RefreshTokenLifetime, "rotationGrace": f.RotationGrace,
	} {
		if err := checkSeconds(n); err != nil {
			return at(err, "%s", name)
		}
	}
	return checkDomain(f)
}

// What the URL of a vendor's issuer looks like: a tenant's id, and a user pool
// in a region.
var (
	entraPath  = regexp.MustCompile(`^/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0$`)
	cognitoURL = regexp.MustCompile(`^https://cognito-idp\.([a-z]{2}(?:-[a-z]+)+-[0-9]+)\.amazonaws\.com/([a-z0-9-]+)_([0-9A-Za-z]+)$`)
)

// domainForm is a host of Cognito's hosted sign-in pages; the group is its region.
var domainForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.auth\.([a-z0-9-]+)\.amazoncognito\.com$`)

// checkDomain refuses a domain of another face, form or region.
func checkDomain(f *IssuerFile) error {
	if f.Domain == "" {
		return nil
	}
	if f.Face != "cognito" {
		return errors.New("domain is for the face cognito")
	}
	m := domainForm.FindStringSubmatch(f.Domain)
	if m == nil || m[1] != cognitoURL.FindStringSubmatch(f.URL)[1] {
		return fmt.Errorf("domain %q is not {prefix}.auth.{the pool's region}.amazoncognito.com", f.Domain)
	}
	return nil
}

// checkFace refuses an unknown face, and a URL that its vendor's issuers do not have.
func checkFace(face string, u *url.URL) error {
	switch face {
	case "plain", "okta":
		return nil
	case "entra-id":
		if !entraPath.MatchString(u.EscapedPath()) {
			return errors.New("the path of an entra-id issuer is /{tenant}/v2.0, tenant a UUID in lower case")
		}
		return nil
	case "cognito":
		if m := cognitoURL.FindStringSubmatch(u.String()); m == nil || m[1] != m[2] {
			return errors.New("a cognito issuer is https://cognito-idp.{region}.amazonaws.com/{region}_{id}")
		}
		return nil
	}
	return fmt.Errorf("face %q is none of plain, okta, entra-id, cognito", face)
}

// refreshLifetime is the vendor's default.
func refreshLifetime(face string) time.Duration {
	const day = 24 * time.Hour
	switch face {
	case "entra-id":
		return 90 * day
	case "cognito":
		return 30 * day
	}
	return 7 * day
}

// Domain is the URL, without a slash at the end, of the host on which Cognito
// has its hosted pages: the one that it makes from the id of a user pool, in
// lower case and without the underscore. It is empty for other faces.
func (is *Issuer) Domain() string {
	m := cognitoURL.FindStringSubmatch(is.URL)
	if m == nil || is.Face != "cognito" {
		return ""
	}
	if is.HostedDomain != "" {
		return "https://" + is.HostedDomain
	}
	return "https://" + m[2] + strings.ToLower(m[3]) + ".auth." + m[1] + ".amazoncognito.com"
}

// Hosts are the names, in lower case and without ports, of the hosts that the
// issuer answers on: that of its URL first.
func (is *Issuer) Hosts() []string {
	var hosts []string
	for _, target := range []string{is.URL, is.Domain()} {
		if u, err := url.Parse(target); err == nil && u.Host != "" {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	return hosts
}

// reservedClaims are never a person's.
var reservedClaims = []string{"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce"}

func (is *Issuer) addPeople(list []PersonFile) error {
	logins := make([]string, 0, len(list))
	for _, p := range list {
		if p.Login == "" || p.Subject == "" || p.Password == "" {
			return fmt.Errorf("person %q: login, password and subject are needed", p.Login)
		}
		for _, name := range reservedClaims {
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

// maxSeconds bounds every number of seconds in a world file: ten years, with
// which neither a duration nor a date overflows.
const maxSeconds = 10 * 365 * 24 * 60 * 60

func checkSeconds(n int) error {
	if n < 0 || n > maxSeconds {
		return fmt.Errorf("%d seconds, 0 to %d (ten years) are allowed", n, maxSeconds)
	}
	return nil
}

// seconds is n, which [checkSeconds] has admitted, or what stands for zero.
func seconds(n int, otherwise time.Duration) time.Duration {
	if n == 0 {
		return otherwise
	}
	return time.Duration(n) * time.Second
}
