package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

// settings are what an operator chooses. Secrets are not among the flags, which
// every process of the machine can read.
type settings struct {
	addr         string
	drain, grace time.Duration
	verbose      bool

	accessRole, applicationRole, application string // ARNs
	identityCenterRegion                     string
	account                                  string // of the Access Grants instance
	issuer, audience                         string

	redisURL string // empty: no replica shares anything
	keys     []rediscache.Key
	lockTTL  time.Duration
}

func readSettings(args []string, getenv func(string) string) (*settings, error) {
	s := &settings{redisURL: getenv("REDIS_URL")}
	var keysFile string
	flags := flag.NewFlagSet("replicas", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	text := func(p *string, name, env, usage string) { flags.StringVar(p, name, getenv(env), usage+"; "+env) }
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flags.DurationVar(&s.drain, "drain", 5*time.Second, "how long /healthz says 503 before the server stops")
	flags.DurationVar(&s.grace, "grace", 20*time.Second, "how long requests under way may take to end")
	flags.BoolVar(&s.verbose, "verbose", false, "log every renewal")
	text(&s.accessRole, "access-role", "ACCESS_ROLE_ARN", "role that carries the user's identity")
	text(&s.applicationRole, "application-role", "APPLICATION_ROLE_ARN", "role that the JWT assumes to sign the exchange")
	text(&s.application, "application", "APPLICATION_ARN", "application of IAM Identity Center")
	text(&s.identityCenterRegion, "identity-center-region", "IDENTITY_CENTER_REGION", "region of IAM Identity Center, if another")
	text(&s.account, "access-grants-account", "ACCESS_GRANTS_ACCOUNT", "account of S3 Access Grants, if not the access role's")
	text(&s.issuer, "issuer", "OIDC_ISSUER", "issuer of the tokens")
	text(&s.audience, "audience", "OIDC_AUDIENCE", "audience of the tokens")
	text(&keysFile, "sealing-keys-file", "SEALING_KEYS_FILE", "file with the sealing keys, in place of SEALING_KEYS")
	flags.DurationVar(&s.lockTTL, "lock-ttl", rediscache.DefaultLockTTL, "after how long a dead replica loses its lock")
	if err := flags.Parse(args); err != nil {
		return nil, usage(flags, err)
	}
	if s.issuer == "" || s.audience == "" {
		return nil, errors.New("OIDC_ISSUER and OIDC_AUDIENCE are required")
	}
	if role, err := arn.Parse(s.accessRole); err == nil && s.account == "" {
		s.account = role.AccountID
	}
	return s, s.readKeys(getenv("SEALING_KEYS"), keysFile)
}

// readKeys reads the sealing keys: the first one seals, all of them open.
func (s *settings) readKeys(text, file string) error {
	if s.redisURL == "" {
		return nil
	}
	source := "SEALING_KEYS"
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("sealing keys: %w", err)
		}
		source, text = file, string(content)
	}
	var err error
	if s.keys, err = rediscache.ParseKeys(text); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return nil
}

// usage adds the flags to what is wrong with them.
func usage(flags *flag.FlagSet, err error) error {
	var b strings.Builder
	flags.SetOutput(&b)
	flags.PrintDefaults()
	return fmt.Errorf("%w\n%s", err, b.String())
}
