package idp

import (
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// face is what tells one vendor's provider from another's. It is data: no code
// asks for the name of a face. Its URLs are written with marks that
// [face.resolve] fills in; an empty one is an endpoint that the vendor lacks.
type face struct {
	authorize, token, keys, userInfo, revoke, logout string
	// cookies is the URL below which the authorization endpoint's cookies are sent.
	cookies string
	// device is the device authorization grant, nil for none.
	device *deviceFace

	// scopes that clients may ask for.
	scopes []string
	// strictScopes refuses unknown scopes with invalid_scope; otherwise they
	// are left out (OIDC Core, 3.1.2.1).
	strictScopes bool
	// anyLocalhostPort ignores the port of http://localhost redirect URIs (RFC 8252, 7.3).
	anyLocalhostPort bool

	refresh refreshHabit
	// refreshAlways gives a refresh token without the scope offline_access.
	refreshAlways bool
	// revokesRefreshOnly refuses to revoke anything but a refresh token.
	revokesRefreshOnly bool
	claims             claimHabits
	access             accessHabits

	// authMethods are what discovery says of client authentication; nil for what
	// the issuer's clients use.
	authMethods []string
	// silentPKCE leaves code_challenge_methods_supported out of the metadata. The
	// authorization endpoint wants S256 all the same.
	silentPKCE bool
	// silentScope leaves scope out of token answers.
	silentScope bool
	// unknownClient is the refusal of a client_id that is not known; nil for invalid_client.
	unknownClient *refusal
	// badClient is the HTTP status of invalid_client; zero for 401.
	badClient int
	// issParameter names the issuer in authorization responses (RFC 9207).
	issParameter bool
	// slashAfterHost sends people back to http://host/ where http://host is registered.
	slashAfterHost bool
}

// accessHabits say what a vendor's access tokens are.
type accessHabits struct {
	// audience is how one gets the API that it is for.
	audience audienceHabit
	// byDefault is the audience of a server that has no API in the world.
	byDefault string
	// always makes JWTs also where there is no API; otherwise those are opaque.
	always bool
	// ownKeys signs them with keys of their own.
	ownKeys bool
	// claims of one; lifetimes and person's claims excepted.
	claims func(*provider, *accessRequest) map[string]any
}

// audienceHabit is how an access token gets the API that it is for.
type audienceHabit int

const (
	// forNone: access tokens have no aud.
	forNone audienceHabit = iota
	// byParameter: the request's audience, else the client's.
	byParameter
	// ofServer: all are for the one API of the authorization server.
	ofServer
	// byScope: that to which the scopes belong.
	byScope
)

// claimHabits say what stands in a vendor's ID tokens.
type claimHabits struct {
	// tokenID is the claim that names the token, tokenIDPrefix what stands
	// before its random part.
	tokenID, tokenIDPrefix string
	// thin are the claims of the standard scopes that an ID token carries when
	// an access token comes with it; the rest is left to userinfo. Nil for all.
	thin []string
	// fixed stand in every ID token.
	fixed map[string]any
	// login is a claim that carries the person's login unless the world says otherwise.
	login string
	// omit are claims of OIDC Core that the vendor leaves out.
	omit []string
	// notBefore adds nbf, tenant adds tid and, with the scope profile, oid.
	notBefore, tenant bool
	// origin adds origin_jti, which all tokens of one sign-in share.
	origin bool
	// pairwise gives every client a subject of its own (OIDC Core, 8.1).
	pairwise bool
	// openidAlone releases everything when openid is the only scope.
	openidAlone bool
}

// refreshHabit is what a refresh does to the token that was used.
type refreshHabit int

const (
	// rotates: a new token each time, the old one is good only within the grace.
	rotates refreshHabit = iota
	// renews: a new token each time, the old one stays good.
	renews
	// keeps: no new token.
	keeps
)

// deviceFace is how a vendor does the device authorization grant (RFC 8628).
type deviceFace struct {
	// endpoint, page and the cookies of the page are URLs as in face.
	endpoint, page, cookies string
	lifetime                time.Duration
	// complete adds verification_uri_complete, message a text for people.
	complete, message bool
	// declined and unknown are the error codes for a denied and for a wrong device code.
	declined, unknown string
}

// resolve fills in the URLs for an issuer: {issuer}, the {host} it is on, the
// {tenant}, which is the issuer without its last segment, and the {domain} of
// hosted pages.
func (f *face) resolve(issuer *world.Issuer) {
	base := strings.TrimSuffix(issuer.URL, "/")
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	fill := strings.NewReplacer(
		"{issuer}", base, "{host}", scheme+"://"+host,
		"{tenant}", base[:strings.LastIndexByte(base, '/')], "{domain}", issuer.Domain())
	urls := []*string{&f.authorize, &f.token, &f.keys, &f.userInfo, &f.revoke, &f.logout, &f.cookies}
	if f.device != nil {
		urls = append(urls, &f.device.endpoint, &f.device.page, &f.device.cookies)
	}
	for _, u := range urls {
		*u = fill.Replace(*u)
	}
}
