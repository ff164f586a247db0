// Command s3-access-grants is AWS's notebook "Trusted Identity Propagation with S3
// Access Grants" as a program, its steps 0 to 5 in their order:
//
//	s3-access-grants
//
// It runs with the credentials of the notebook's role, from wherever the SDK finds
// them, signs a user in at an application, and has S3 as that user. It expects that the
// user may read the bucket and not write to it. It runs once, keeps nothing, and prints
// no password, token, key or identity context.
//
// Exit codes: 0 everything was as the notebook says, 1 it was not, 2 wrong settings.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// Time limits of a run and of a sign-in.
const (
	runTime    = 2 * time.Minute
	signInTime = 15 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, out, errs io.Writer) int {
	s, err := parse(args, getenv, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // and the flag set has said why
	}
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	if err = play(ctx, s, out); err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(errs, "s3-access-grants: error:", err)
	if text := hint(err); text != "" {
		_, _ = fmt.Fprintln(errs, "s3-access-grants: hint:", text)
	}
	return exitCode(err)
}

// hint is the first that an error, or one of its causes, has.
func hint(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		hinted, ok := err.(interface{ Hint() string })
		if ok && hinted.Hint() != "" {
			return hinted.Hint()
		}
	}
	return ""
}

func exitCode(err error) int {
	exchange, _ := errors.AsType[*tipcreds.OptionError](err)
	grants, _ := errors.AsType[*s3agcreds.OptionError](err)
	if exchange != nil || grants != nil {
		return 2
	}
	return 1
}

// play runs the notebook with the credentials that the SDK finds: those of the role.
func play(ctx context.Context, s *settings, out io.Writer) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.region))
	if err != nil {
		return err
	}
	client := &http.Client{
		Timeout:       signInTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it would take the password along
	}
	if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		client.Transport = built.GetTransport() // trusts AWS_CA_BUNDLE, too
	}
	n := &notebook{settings: *s, aws: cfg, http: client, out: out}
	return n.run(ctx)
}

// settings are the constants of the notebook.
type settings struct {
	region, account, endpoint, secret, application, role, bucket string
}

// parse reads the command line. Every setting has a flag and an environment variable;
// the defaults are those of tip-lab's world.
func parse(args []string, getenv func(string) string, errs io.Writer) (*settings, error) {
	var s settings
	flags := flag.NewFlagSet("s3-access-grants", flag.ContinueOnError)
	flags.SetOutput(errs)
	setting := func(p *string, name, variable, value, usage string) {
		flags.StringVar(p, name, cmp.Or(getenv(variable), value), usage+" ($"+variable+")")
	}
	setting(&s.region, "region", "REGION", "eu-west-1", "`region` of everything")
	setting(&s.account, "account-id", "ACCOUNT_ID", "444455556666", "`account` of S3 Access Grants")
	setting(&s.endpoint, "api-endpoint", "API_ENDPOINT", "http://127.0.0.1:8070", "`URL` of the application, below which is /users/login")
	setting(&s.secret, "user-creds", "TIP_APP_USER_CREDS", "tip-notebook/app-user", "name or ARN of the `secret` with the user's username and password")
	setting(&s.application, "idc-application-id", "IDC_APPLICATION_ID",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890", "`ARN` of the Identity Center application")
	setting(&s.role, "s3-data-access-role-arn", "S3_DATA_ACCESS_ROLE_ARN", "", "`ARN` of the role with s3:GetDataAccess (default S3DataAccessRole of the account)")
	setting(&s.bucket, "bucket-name", "BUCKET_NAME", "tip-notebook-data", "`bucket` that the user may read and not write to")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	s.role = cmp.Or(s.role, "arn:aws:iam::"+s.account+":role/S3DataAccessRole")
	s.endpoint = strings.TrimRight(s.endpoint, "/")
	err := checkEndpoint(s.endpoint)
	if flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		_, _ = fmt.Fprintln(errs, "s3-access-grants: error:", err)
		return nil, err
	}
	return &s, nil
}

// checkEndpoint refuses addresses to which a password would go in the clear.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("API_ENDPOINT is not of the form https://HOST/PATH")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && loopback {
		return nil
	}
	return errors.New("API_ENDPOINT must begin with https://, unless it is on this machine: a password goes there")
}
