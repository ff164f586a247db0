package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// pageTime bounds what a page asks AWS and the identity provider for. Downloads and
// uploads take as long as they take.
const pageTime = 30 * time.Second

// app is the application. It is safe for concurrent use.
type app struct {
	base     *url.URL
	idp      *identityProvider
	sessions *sessions
	pool     *tipcreds.Pool
	// The clients of AWS are those of all users and have no credentials: every call
	// is given those of the person whom it is for.
	grants  *s3control.Client
	objects *s3.Client
	// plugin gets what S3 takes from them: credentials that S3 Access Grants vends.
	plugin *s3agcreds.Plugin
	// account owns the S3 Access Grants instance.
	account string
	log     *slog.Logger
}

func newApp(ctx context.Context, s *settings, cfg aws.Config, client *http.Client, log *slog.Logger) (*app, error) {
	base, err := url.Parse(s.url)
	if err != nil || base.Host == "" || base.Path != "" && base.Path != "/" {
		return nil, fmt.Errorf("-url %q is not like https://files.example.com", s.url)
	}
	role, err := arn.Parse(s.accessRole)
	if err != nil {
		return nil, fmt.Errorf("-access-role: %w", err)
	}
	idp, err := discover(ctx, s, base.JoinPath("callback").String(), client)
	if err != nil {
		return nil, fmt.Errorf("identity provider %s: %w", s.issuer, err)
	}
	pool, err := tipcreds.NewPool(s.accessRole, s.application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN = s.applicationRole
		o.AWSConfig = cfg
		o.IdentityCenterRegion = s.identityRegion
		o.UserAgent = "example-webapp"
		o.Timeout = pageTime
		o.MaxUsers = maxSessions
		o.Logger = log
	})
	if err != nil {
		return nil, err
	}
	shared := pool.Config(cfg)
	plugin, err := newPlugin(shared, role.AccountID, log)
	if err != nil {
		return nil, err
	}
	return &app{
		base: base, idp: idp, sessions: newSessions(base.Scheme == "https"), pool: pool,
		grants: s3control.NewFromConfig(shared), objects: s3.NewFromConfig(shared), plugin: plugin, account: role.AccountID, log: log,
	}, nil
}

// handler is the whole application.
func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /sign-in", a.signIn)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /sign-out", a.signOut)
	mux.HandleFunc("GET /signed-out", a.signedOut)
	mux.Handle("GET /browse", a.signedIn(a.browse))
	mux.Handle("GET /download", a.signedIn(a.download))
	mux.Handle("POST /upload", a.signedIn(a.upload))
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.show(w, r, problemNotFound) })

	// Browsers say where a form was sent from. One of another site's is refused before
	// anything looks at it, so that no other page can upload in somebody's name.
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.show(w, r, problemCrossOrigin) }))
	return a.protect(crossOrigin.Handler(mux))
}

// contentPolicy lets pages have the style sheet and forms of this application, and
// nothing else: there are no scripts, and none would run.
const contentPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect sets the headers of every answer, and refuses requests that came by another
// host name (DNS rebinding; and the cookies would be another's).
func (a *app) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // with none, some browsers send no Origin either
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if a.base.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.Host != a.base.Host {
			http.Error(w, "This application is at "+a.base.String(), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page is a handler of requests that somebody makes who is signed in.
type page func(w http.ResponseWriter, r *http.Request, s *session) error

// signedIn finds out who asks. What the page calls on the request's context is then
// signed as this user, or by the pool's clients not at all.
func (a *app) signedIn(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := a.sessions.of(r)
		if s == nil {
			a.show(w, r, problemSignIn)
			return
		}
		user := a.pool.For(s.subject, a.webToken(s))
		if err := p(w, r.WithContext(tipcreds.WithUser(r.Context(), user)), s); err != nil {
			a.fail(w, r, s, err)
		}
	})
}
