package idp

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// place is where an endpoint is: host in lower case, without the port that the
// scheme implies, and path.
type place struct{ host, path string }

// route is an endpoint: the methods it takes and what answers them.
type route struct {
	methods []string
	handle  http.HandlerFunc
}

// newRoutes maps the endpoints. The metadata stand at Discovery's place, at
// Okta's, and where RFC 8414, section 3.1, puts them.
func (p *provider) newRoutes() map[place]route {
	get := []string{http.MethodGet}
	read := []string{http.MethodGet, http.MethodHead}
	post := []string{http.MethodPost}
	both := []string{http.MethodGet, http.MethodPost}
	issuer := strings.TrimSuffix(p.issuer.URL, "/")
	routes := map[place]route{}
	add := func(target string, methods []string, handle http.HandlerFunc) {
		if target != "" {
			routes[p.placeOf(target)] = route{methods, handle}
		}
	}
	add(issuer+"/.well-known/openid-configuration", read, p.metadata)
	add(issuer+"/.well-known/oauth-authorization-server", read, p.metadata)
	add(strings.TrimSuffix(issuer, p.path)+"/.well-known/oauth-authorization-server"+p.path, read, p.metadata)
	add(p.face.keys, read, p.jwks)
	add(p.face.authorize, both, p.authorize)
	add(p.signInURL(), post, p.signIn)
	add(p.face.token, post, p.token)
	add(p.face.userInfo, both, p.userInfo)
	add(p.face.revoke, post, p.revocation)
	add(p.face.logout, get, p.signOut)
	if d := p.face.device; d != nil {
		add(d.endpoint, post, p.deviceAuthorize)
		add(d.page, get, p.deviceEntry)
		add(d.page+"/code", post, p.deviceCode)
		add(d.page+"/sign-in", post, p.deviceSignIn)
		add(d.page+"/decision", post, p.deviceDecision)
	}
	return routes
}

// signInURL is where the sign-in page sends its form.
func (p *provider) signInURL() string { return p.face.authorize + "/sign-in" }

func (p *provider) placeOf(target string) place {
	u, err := url.Parse(target)
	if err != nil { // faces and checked issuers make none such
		return place{}
	}
	return place{hostPort(u.Scheme, u.Host), u.Path}
}

// pathOf is the path of an absolute URL.
func pathOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Path
}

// owns reports whether a request is for this issuer.
func (p *provider) owns(r *http.Request) bool {
	if scheme(r) != p.base.Scheme {
		return false
	}
	at := p.place(r)
	if _, known := p.routes[at]; known {
		return true
	}
	own := at.host == hostPort(p.base.Scheme, p.base.Host)
	return own && p.path != "" && (at.path == p.path || strings.HasPrefix(at.path, p.path+"/"))
}

func (p *provider) place(r *http.Request) place {
	return place{hostPort(p.base.Scheme, r.Host), r.URL.Path}
}

func scheme(r *http.Request) string {
	switch {
	case r.URL.Scheme != "":
		return r.URL.Scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// hostPort writes a host in lower case and without the port that the scheme implies.
func hostPort(scheme, host string) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err == nil && (scheme == "https" && port == "443" || scheme == "http" && port == "80") {
		return name
	}
	return host
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.warm()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	end, ok := p.routes[p.place(r)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if slices.Contains(end.methods, r.Method) {
		end.handle(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(end.methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}
