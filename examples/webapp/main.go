// Command webapp is an example of a web application in front of S3 Access Grants. Its
// users sign in at the identity provider of their company and see, get and put the
// files that S3 Access Grants lets each of them see, get and put. The application has
// no rights of its own and decides nothing: every request to AWS is signed with
// credentials of the person who asks.
//
// One process serves all users, who share one [tipcreds.Pool] and the clients of AWS.
// Sessions are in its memory, and end with it. Several replicas need sticky sessions,
// or a session store and a cache of exchanges that they share (tipcreds/rediscache).
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "webapp: error:", err)
		os.Exit(1)
	}
}

// settings is what the application is told. The defaults are those of tip-lab's world.
type settings struct {
	url, listen, issuer, clientID, clientSecret, scopes      string
	accessRole, application, applicationRole, identityRegion string
}

func parse(args []string) (*settings, error) {
	var s settings
	flags := flag.NewFlagSet("webapp", flag.ContinueOnError)
	setting := func(p *string, name, variable, value, usage string) {
		flags.StringVar(p, name, cmp.Or(os.Getenv(variable), value), usage+" ($"+variable+")")
	}
	setting(&s.url, "url", "WEBAPP_URL", "http://localhost:8090", "`URL` at which browsers see the application; its /callback is registered at the identity provider")
	setting(&s.listen, "listen", "WEBAPP_LISTEN", "", "`address` to listen on, if it is not the host of -url")
	setting(&s.issuer, "issuer", "TIP_ISSUER", "https://dev-123456789.okta.com/oauth2/default", "`URL` of the identity provider")
	setting(&s.clientID, "client-id", "TIP_CLIENT_ID", "0oaTipCliEXAMPLE", "`client` at the identity provider; its secret, if it has one, in $TIP_CLIENT_SECRET")
	setting(&s.scopes, "scopes", "TIP_SCOPES", "openid profile email offline_access", "`scopes` to ask for; offline_access is for the refresh token")
	setting(&s.application, "application", "TIP_APPLICATION_ARN",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", "`ARN` of the Identity Center application")
	setting(&s.applicationRole, "application-role", "TIP_APPLICATION_ROLE_ARN",
		"arn:aws:iam::444455556666:role/tip-oidc-role", "`ARN` of the role that exchanges tokens")
	setting(&s.accessRole, "access-role", "TIP_ACCESS_ROLE_ARN",
		"arn:aws:iam::444455556666:role/tip-id-enhanced-role", "`ARN` of the role that users work with, in the account of S3 Access Grants")
	setting(&s.identityRegion, "identity-center-region", "TIP_IDENTITY_CENTER_REGION", "", "`region` of Identity Center, if it is not that of the buckets")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	s.clientSecret = os.Getenv("TIP_CLIENT_SECRET") // not a flag: everybody on the machine sees those
	return &s, nil
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	// Regions, endpoints, proxies and CAs come from the environment as in every program
	// with the SDK. Its credentials do not: tipcreds takes no notice of them.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awsClient()))
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	a, err := newApp(ctx, s, cfg, identityProviderClient(cfg), log)
	if err != nil {
		return err
	}
	base, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(s.listen, base.Host))
	if err != nil {
		return err
	}
	log.Info("the application listens", "address", listener.Addr().String(), "url", s.url)
	return serve(ctx, listener, a.handler())
}

// awsClient gives up on a service that does not answer. How long a body may take is
// not bounded: files may be large.
func awsClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = 30 * time.Second
		t.MaxIdleConnsPerHost = 64 // all users share the connections
	})
}

// identityProviderClient goes through the same proxies, and trusts the same CAs
// (AWS_CA_BUNDLE) as the clients of AWS.
func identityProviderClient(cfg aws.Config) *http.Client {
	client := &http.Client{Timeout: 15 * time.Second}
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		client.Transport = c.GetTransport()
	}
	return client
}

// serve serves until ctx ends, and then lets requests under way end.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
