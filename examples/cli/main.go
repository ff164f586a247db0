// Command cli is an example of a program that a company writes for its analysts. It
// signs its user in at the identity provider, lets AWS know them by trusted identity
// propagation, and shows what S3 Access Grants lets them see.
//
//	cli                        who AWS thinks you are, your grants, and the files below each
//	cli s3://bucket/key        that file, on the standard output
//
// It runs as one user and keeps nothing between runs. Exit codes: 0 done, 1 another
// error, 2 wrong command line, 3 the sign-in did not work or AWS did not take it,
// 4 access denied.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// signInTime is how long a person may take.
const signInTime = 5 * time.Minute

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string) int {
	c, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // and the flag set has said why
	}
	if err = c.run(ctx, os.Stdout); err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "cli: error:", err)
	if hinted, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok && hinted.Hint() != "" {
		fmt.Fprintln(os.Stderr, "cli: hint:", hinted.Hint())
	}
	return exitCode(err)
}

func exitCode(err error) int {
	exchange, _ := errors.AsType[*tipcreds.ExchangeError](err)
	answer, _ := errors.AsType[smithy.APIError](err)
	switch {
	case exchange != nil && (exchange.Code != "" || exchange.Step == tipcreds.StepWebToken):
		return 3
	case answer != nil && answer.ErrorCode() == "AccessDenied":
		return 4
	}
	return 1
}

// command is a command line. Every setting has a flag and an environment variable;
// the defaults are those of tip-lab's world.
type command struct {
	issuer, clientID, redirect               string
	accessRole, application, applicationRole string
	tokenCommand, file                       string

	aws  aws.Config
	http *http.Client
}

func parse(args []string) (*command, error) {
	var c command
	flags := flag.NewFlagSet("cli", flag.ContinueOnError)
	setting := func(p *string, name, variable, value, usage string) {
		flags.StringVar(p, name, cmp.Or(os.Getenv(variable), value), usage+" ($"+variable+")")
	}
	setting(&c.issuer, "issuer", "TIP_ISSUER", "https://dev-123456789.okta.com/oauth2/default", "`URL` of the identity provider")
	setting(&c.clientID, "client-id", "TIP_CLIENT_ID", "0oaTipCliEXAMPLE", "public `client` at the identity provider")
	setting(&c.redirect, "redirect", "TIP_REDIRECT_URL", "http://localhost:8090/callback", "`URL` registered for the client")
	setting(&c.application, "application", "TIP_APPLICATION_ARN",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef", "`ARN` of the Identity Center application")
	setting(&c.applicationRole, "application-role", "TIP_APPLICATION_ROLE_ARN",
		"arn:aws:iam::444455556666:role/tip-oidc-role", "`ARN` of the role that exchanges tokens")
	setting(&c.accessRole, "access-role", "TIP_ACCESS_ROLE_ARN",
		"arn:aws:iam::444455556666:role/tip-id-enhanced-role", "`ARN` of the role that you work with, in the account of S3 Access Grants")
	setting(&c.tokenCommand, "token-command", "TIP_TOKEN_COMMAND", "", "`program` and arguments that print a JWT, in place of a sign-in")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if c.file = flags.Arg(0); flags.NArg() > 1 || c.file != "" && !strings.HasPrefix(c.file, "s3://") {
		_, _ = fmt.Fprintln(flags.Output(), "cli: want one file at most, as in: cli s3://bucket/key")
		return nil, errors.New("wrong command line")
	}
	return &c, nil
}

func (c *command) run(ctx context.Context, out io.Writer) (err error) {
	// Regions, endpoints, proxies and CAs come from the environment as in every
	// program with the SDK. Its credentials do not: tipcreds takes no notice of them.
	if c.aws, err = config.LoadDefaultConfig(ctx); err != nil {
		return err
	}
	c.http = &http.Client{Timeout: 15 * time.Second}
	if client, ok := c.aws.HTTPClient.(*awshttp.BuildableClient); ok {
		c.http.Transport = client.GetTransport() // trusts AWS_CA_BUNDLE, too
	}
	provider, err := tipcreds.New(c.accessRole, c.application, c.webToken, func(o *tipcreds.Options) {
		o.ApplicationRoleARN = c.applicationRole
		o.AWSConfig = c.aws
		o.Timeout = signInTime
	})
	if err != nil {
		return err
	}
	// From here on it is a program like any other: this configuration makes clients
	// that AWS knows the user by.
	user := tipcreds.Config(c.aws, provider)
	role, err := arn.Parse(c.accessRole)
	if err != nil {
		return err
	}
	grants := &grants{s3control.NewFromConfig(user), role.AccountID, c.aws}
	if c.file != "" {
		return grants.print(ctx, out, c.file)
	}
	who, err := sts.NewFromConfig(user).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "You are", aws.ToString(who.Arn))
	return grants.list(ctx, out)
}

// grants is what S3 Access Grants of an account gives the user.
type grants struct {
	client  *s3control.Client
	account string
	aws     aws.Config
}

// list prints every grant of the user, and the files in it.
func (g *grants) list(ctx context.Context, out io.Writer) error {
	pages := s3control.NewListCallerAccessGrantsPaginator(g.client, &s3control.ListCallerAccessGrantsInput{
		AccountId: &g.account, AllowedByApplication: true, // of no use are those for other applications
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, grant := range page.CallerAccessGrantsList {
			scope := aws.ToString(grant.GrantScope)
			_, _ = fmt.Fprintf(out, "%-9s %q\n", grant.Permission, scope)
			if grant.Permission == types.PermissionWrite {
				continue // may be written to, and not be looked into
			}
			if err := g.files(ctx, out, scope); err != nil {
				return err
			}
		}
	}
	return nil
}

// files prints the files in the scope of a grant.
func (g *grants) files(ctx context.Context, out io.Writer, scope string) error {
	client, err := g.open(scope)
	if err != nil {
		return err
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(scope, "s3://"), "/")
	prefix, isPrefix := strings.CutSuffix(key, "*")
	if !isPrefix {
		return nil // the grant is for this one file
	}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for i := range page.Contents {
			object := &page.Contents[i]
			_, _ = fmt.Fprintf(out, "%19d %q\n", aws.ToInt64(object.Size), "s3://"+bucket+"/"+aws.ToString(object.Key))
		}
	}
	return nil
}

// print copies a file to out.
func (g *grants) print(ctx context.Context, out io.Writer, file string) error {
	client, err := g.open(file)
	if err != nil {
		return err
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(file, "s3://"), "/")
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }()
	_, err = io.Copy(out, object.Body)
	return err
}

// open returns an S3 client that may read a target. The user's own credentials open
// nothing in S3; those that GetDataAccess gives them for the target do.
func (g *grants) open(target string) (*s3.Client, error) {
	access, err := s3agcreds.NewProvider(g.client, g.account, target, types.PermissionRead)
	if err != nil {
		return nil, err
	}
	return s3.NewFromConfig(tipcreds.Config(g.aws, access)), nil
}

// webToken is the tipcreds.WebTokenProvider: it returns a JWT of the user that
// Identity Center has not seen, from a program where there is one, else by a sign-in.
func (c *command) webToken(ctx context.Context) (string, error) {
	words := strings.Fields(c.tokenCommand)
	if len(words) == 0 {
		return c.signIn(ctx)
	}
	program := exec.CommandContext(ctx, words[0], words[1:]...)
	program.Stderr = os.Stderr
	token, err := program.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w", words[0], err)
	}
	return strings.TrimSpace(string(token)), nil
}

// signIn signs the user in with their browser (authorization code with PKCE, RFC 8252)
// and returns the verified ID token.
func (c *command) signIn(ctx context.Context) (string, error) {
	ctx = oidc.ClientContext(ctx, c.http)
	provider, err := oidc.NewProvider(ctx, c.issuer)
	if err != nil {
		return "", err
	}
	redirect, err := url.Parse(c.redirect)
	if err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", redirect.Host) // before the browser comes
	if err != nil {
		return "", err
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	client := oauth2.Config{ClientID: c.clientID, Endpoint: provider.Endpoint(), RedirectURL: c.redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
	client.Endpoint.AuthStyle = oauth2.AuthStyleInParams // finding out by trying could cost the code
	browse(client.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	code, err := await(ctx, listener, redirect.Path, state)
	if err != nil {
		return "", err
	}
	answer, err := client.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", err
	}
	raw, _ := answer.Extra("id_token").(string)
	token, err := provider.Verifier(&oidc.Config{ClientID: c.clientID}).Verify(ctx, raw)
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return "", errors.New("the ID token is of another sign-in")
	}
	return raw, nil
}

// browse shows the address, and opens it with $BROWSER where there is one, a command
// of the shell in which %s is the address.
func browse(address string) {
	fmt.Fprintln(os.Stderr, "Sign in at "+address)
	command := os.Getenv("BROWSER")
	if command == "" {
		return
	}
	if !strings.Contains(command, "%s") {
		command += " %s"
	}
	command = strings.NewReplacer("%s", `"$0"`, "%%", "%").Replace(command)
	browser := exec.Command("sh", "-c", command, address) //nolint:noctx,gosec // it may stay open when the sign-in is over, and is the command that the user chose
	if err := browser.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "cli: warning: BROWSER does not open:", err)
	}
}

// await serves the redirect address until the browser brings the code of this sign-in.
func await(ctx context.Context, listener net.Listener, path, state string) (string, error) {
	type result struct {
		code string
		err  error
	}
	results := make(chan result, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.Error(w, "This is not the sign-in that the program waits for.", http.StatusBadRequest)
			return
		}
		res := result{code: q.Get("code")}
		if res.code == "" {
			res.err = fmt.Errorf("the identity provider refused: %q", q.Get("error"))
		}
		_, _ = io.WriteString(w, "Go back to the terminal. You can close this window.\n")
		select {
		case results <- res:
		default: // the browser came twice
		}
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is shut down
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx) // when the page has been delivered
	}()
	select {
	case res := <-results:
		return res.code, res.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
