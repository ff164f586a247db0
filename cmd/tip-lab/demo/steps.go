package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

func (s *story) configure(ctx context.Context, p *person) error {
	s.heading("Configure tip-cli, as " + p.login)
	s.printf("   $ tip-cli configure idp --provider okta --config '{\"okta_url\": \"%s\", ...}'\n", issuer)
	_, stderr, code, err := s.tipCLI(ctx, p, "configure", "idp", "--provider", "okta", "--config", s.configuration())
	if err != nil || code != 0 {
		return fmt.Errorf("configure: exit code %d: %s: %w", code, strings.TrimSpace(stderr), err)
	}
	return s.expect(strings.Contains(stderr, "config.json"), "the configuration is stored in the original's file")
}

func (s *story) signIn(ctx context.Context, p *person) error {
	s.heading("Sign in at the identity provider: authorization code with PKCE")
	if s.Browser {
		s.printf("   Sign in as %s in the browser window.\n", p.login)
	}
	s.printf("   $ tip-cli auth\n")
	_, stderr, code, err := s.tipCLI(ctx, p, "auth")
	if err != nil || code != 0 {
		return fmt.Errorf("sign in: exit code %d: %s: %w", code, strings.TrimSpace(stderr), err)
	}
	s.printf("   ->   browser    %s\n", s.shortenURL(stderr))
	s.printf("   <-   redirect   http://localhost:%d/callback?code=...&state=...\n", s.port)
	return s.expect(strings.Contains(stderr, "Signed in as "+p.login+"@example.com"), "the ID token's signature, iss, aud, exp and nonce hold: %s@example.com", p.login)
}

// shortenURL finds the authorization URL in tip-cli's output.
func (s *story) shortenURL(stderr string) string {
	for word := range strings.FieldsSeq(stderr) {
		if address, _, ok := strings.Cut(word, "?"); ok && strings.HasPrefix(word, issuer) {
			return address + "?response_type=code&code_challenge_method=S256&..."
		}
	}
	return issuer
}

func (s *story) exchange(ctx context.Context, p *person) error {
	s.heading("Exchange the ID token for credentials that carry the identity")
	before := s.count()
	first, err := s.mustRun(ctx, p, "auth", "get-iam-credentials")
	if err != nil {
		return err
	}
	hops := s.since(before)
	s.tellAll(hops)
	if err := s.expect(len(hops) == 3, "three requests: AssumeRoleWithWebIdentity, CreateTokenWithIAM, AssumeRole"); err != nil {
		return err
	}
	began := time.Now()
	second, stderr, code, err := s.tipCLI(ctx, p, "auth", "get-iam-credentials")
	if err != nil || code != 0 {
		return fmt.Errorf("second get-iam-credentials: exit code %d: %s: %w", code, stderr, err)
	}
	return s.expect(first == second && s.count() == before+3, "asked again, tip-cli answers from disk without a request, in %s", time.Since(began).Round(time.Millisecond))
}

// processOutput is what a credential_process prints.
type processOutput struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
}

// enhanced are the identity-enhanced credentials of p, from tip-cli.
func (s *story) enhanced(ctx context.Context, p *person) (aws.CredentialsProvider, error) {
	text, stderr, code, err := s.tipCLI(ctx, p, "auth", "get-iam-credentials")
	if err != nil || code != 0 {
		return nil, fmt.Errorf("get-iam-credentials: exit code %d: %s: %w", code, strings.TrimSpace(stderr), err)
	}
	var c processOutput
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, err
	}
	return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken), nil
}

func (s *story) config(provider aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: region, HTTPClient: s.lab.HTTPClient(), Credentials: provider}
}

func (s *story) whoAmI(ctx context.Context, p *person) error {
	s.heading("Who am I?")
	provider, err := s.enhanced(ctx, p)
	if err != nil {
		return err
	}
	before := s.count()
	out, err := sts.NewFromConfig(s.config(provider)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fmt.Errorf("step %d: %w", s.step, err)
	}
	s.tellAll(s.since(before))
	return s.expect(strings.HasSuffix(*out.UserId, ":tip-"+p.userID), "the session is named tip-{Identity Center user id}")
}

// granted is an S3 client whose credentials come from tip-cli by credential_process.
func (s *story) granted(p *person, target, permission string) *s3.Client {
	args := []string{"s3ag", "get-data-access", target, "--permission", permission}
	s.printf("   $ tip-cli %s\n", strings.Join(args, " "))
	provider := processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		cmd := s.command(ctx, p, args...)
		return cmd, nil
	}))
	return s3.NewFromConfig(s.config(aws.NewCredentialsCache(provider)))
}

func (s *story) allowedRead(ctx context.Context, p *person) error {
	s.heading("Read an object that the group analysts may read, through S3 Access Grants")
	client := s.granted(p, "s3://"+bucket+"/reports/", "READ")
	before := s.count()
	body, err := read(ctx, client, "reports/2026/revenue.csv")
	if err != nil {
		return fmt.Errorf("step %d: %w", s.step, err)
	}
	s.tellAll(s.since(before))
	s.printf("   ->   s3         GetObject s3://%s/reports/2026/revenue.csv\n   <-   200        %d bytes: %q\n", bucket, len(body), body)
	return s.expect(strings.HasPrefix(body, "quarter,revenue\n"), "the object is there")
}

func read(ctx context.Context, client *s3.Client, key string) (string, error) {
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return "", err
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	return string(body), err
}

func (s *story) deniedWrite(ctx context.Context, p *person) error {
	s.heading("Write there: denied, twice")
	_, err := s.granted(p, "s3://"+bucket+"/reports/", "READ").PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("reports/2026/mine.csv"), Body: strings.NewReader("mine"),
	})
	s.printf("   ->   s3         PutObject s3://%s/reports/2026/mine.csv with those credentials\n   <-   %s\n", bucket, denial(err))
	if err := s.expect(code(err) == "AccessDenied", "credentials for READ do not write"); err != nil {
		return err
	}
	before := s.count()
	args := []string{"s3ag", "get-data-access", "s3://" + bucket + "/reports/", "--permission", "WRITE"}
	s.printf("   $ tip-cli %s\n", strings.Join(args, " "))
	_, _, exit, err := s.tipCLI(ctx, p, args...)
	if err != nil {
		return err
	}
	s.tellAll(s.since(before))
	return s.expect(exit == 4, "no grant gives WRITE: tip-cli ends with exit code 4")
}

func (s *story) deniedDirectly(ctx context.Context, p *person) error {
	s.heading("Read with the identity-enhanced session itself: denied by AWS's own allow list")
	provider, err := s.enhanced(ctx, p)
	if err != nil {
		return err
	}
	_, err = read(ctx, s3.NewFromConfig(s.config(provider)), "reports/2026/revenue.csv")
	s.printf("   ->   s3         GetObject s3://%s/reports/2026/revenue.csv\n   <-   %s\n", bucket, denial(err))
	return s.expect(code(err) == "AccessDenied", "an identity context opens no other door")
}

// deniedReplay sends the assertion again that Identity Center has seen already.
func (s *story) deniedReplay(ctx context.Context, _ *person) error {
	s.heading("Send the same ID token to Identity Center again: a JWT is exchanged once")
	var bootstrap *sts.AssumeRoleWithWebIdentityOutput
	var seen *ssooidc.CreateTokenWithIAMInput
	for _, x := range s.since(0) {
		if out, ok := x.Output.(*sts.AssumeRoleWithWebIdentityOutput); ok {
			bootstrap = out
		}
		if in, ok := x.Input.(*ssooidc.CreateTokenWithIAMInput); ok {
			seen = in
		}
	}
	if bootstrap == nil || seen == nil {
		return errors.New("the exchange was not observed")
	}
	c := bootstrap.Credentials
	client := ssooidc.NewFromConfig(s.config(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)))
	before := s.count()
	_, err := client.CreateTokenWithIAM(ctx, &ssooidc.CreateTokenWithIAMInput{ClientId: seen.ClientId, GrantType: seen.GrantType, Assertion: seen.Assertion})
	s.tellAll(s.since(before))
	var refused *types.InvalidGrantException
	return s.expect(errors.As(err, &refused), "the replay is refused")
}

// otherPerson shows that the same commands give somebody else something else.
func (s *story) otherPerson(ctx context.Context, p *person) error {
	if err := s.configure(ctx, p); err != nil {
		return err
	}
	if err := s.signIn(ctx, p); err != nil {
		return err
	}
	s.heading("The same role, another person: other grants")
	before := s.count()
	_, _, exit, err := s.tipCLI(ctx, p, "s3ag", "get-data-access", "s3://"+bucket+"/reports/", "--permission", "READ")
	if err != nil {
		return err
	}
	s.printf("   $ tip-cli s3ag get-data-access s3://%s/reports/ --permission READ\n", bucket)
	hops := s.since(before)
	s.tellAll(hops[max(0, len(hops)-1):])
	if err := s.expect(exit == 4, "engineer may not read what analyst read"); err != nil {
		return err
	}
	body, err := read(ctx, s.granted(p, "s3://"+bucket+"/pipelines/", "READ"), "pipelines/nightly.sql")
	if err != nil {
		return fmt.Errorf("step %d: %w", s.step, err)
	}
	return s.expect(body != "", "but reads s3://%s/pipelines/nightly.sql: %q", bucket, body)
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// denial is a refusal in a line, without the SDK's wrapping.
func denial(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return fmt.Sprint(err)
}
