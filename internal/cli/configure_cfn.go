package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/rolestemplate"
	"github.com/tip-cli/tip-cli/internal/thumbprint"
)

// templateFlags are those of generate-cfn-template.
type templateFlags struct {
	audiences, services, tags, grantsAccounts []string
	application, provider, region             string
	oidcRole, enhancedRole                    string
	session                                   int
	format                                    string
	noCheck                                   bool
}

var templateFormats = []string{"yaml", "json"}

func newGenerateTemplate(a *app) *cobra.Command {
	var f templateFlags
	cmd := &cobra.Command{
		Use: "generate-cfn-template URL AUD [THUMBPRINT]", Short: "Print a CloudFormation template of the roles",
		Long: `Prints a template with the OIDC provider of your issuer and the two roles of the
exchange, for AWS CloudFormation in the account of the roles. Its outputs
OIDCRoleArn and IdEnhancedRoleArn are what tip-cli configure idp asks for.

URL is the issuer exactly as its tokens have it in iss, with or without a slash at
the end. AUD is their aud, or their azp where they have one: the client id.

THUMBPRINT, the SHA-1 fingerprint of a certificate, can be left out. Then the host of
the issuer's keys is asked for its certificates, and the template has that of the top
one of the chain, if this system or AWS_CA_BUNDLE vouches for it. IAM looks at it where
no public CA has issued the certificate. With --no-check nobody is asked: IAM takes
what it needs from the chain itself when the stack is created.

The roles may do no more than they need: --application-arn narrows the exchange to
one application, --service chooses what the session may use (s3 and athena, as the
original), --region where. Roles with names of their own need CAPABILITY_NAMED_IAM.`,
		Example: `  tip-cli configure generate-cfn-template https://dev-123456789.okta.com/oauth2/default abcdefghij1234567890 > ~/idp-template.yaml
  aws cloudformation deploy --template-file ~/idp-template.yaml --stack-name tip-blog-iam-stack --capabilities CAPABILITY_IAM`,
		Args: templateArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.generateTemplate(cmd, &f, args) },
	}
	f.register(cmd)
	return cmd
}

func templateArgs(cmd *cobra.Command, args []string) error {
	return between(2, 3, [...]string{"URL", "AUD", ""}[min(len(args), 2)])(cmd, args)
}

func (f *templateFlags) register(cmd *cobra.Command) {
	var services []string
	for _, s := range rolestemplate.Services() {
		services = append(services, string(s))
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.audiences, "audience", nil, "accept another audience, too; repeatable")
	fl.StringVar(&f.application, "application-arn", "", "ARN of the application in IAM Identity Center, the only one to exchange tokens at (default any)")
	fl.StringSliceVar(&f.services, "service", nil, "what the session may use: "+oneOf(services)+"; repeatable (default s3,athena)")
	fl.StringVar(&f.region, "region", "", "the only region of these services (default any)")
	fl.StringSliceVar(&f.grantsAccounts, "access-grants-account", nil, "`ACCOUNT` with an S3 Access Grants instance beside that of the roles; repeatable")
	fl.StringVar(&f.provider, "existing-provider", "", "`ARN` of the OIDC provider, if the account has it already: IAM takes no second one of an issuer")
	fl.StringVar(&f.oidcRole, "oidc-role-name", "", "name of the role that trades ID tokens (default of CloudFormation's making)")
	fl.StringVar(&f.enhancedRole, "id-enhanced-role-name", "", "name of the role that speaks for the person (default of CloudFormation's making)")
	fl.IntVar(&f.session, "session-duration", 0, "the longest session of that role (MaxSessionDuration) in `SECONDS`, 3600 to 43200; the exchange itself gets an hour at most")
	fl.StringArrayVar(&f.tags, "tag", nil, "`KEY=VALUE` to tag the resources with; repeatable")
	fl.StringVar(&f.format, "format", templateFormats[0], oneOf(templateFormats))
	fl.BoolVar(&f.noCheck, "no-check", false, "do not look at the certificates of the identity provider")
	for flag, values := range map[string][]string{"service": services, "format": templateFormats} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flags are there
	}
}

// input is what the command line asks for.
func (f *templateFlags) input(cmd *cobra.Command, args []string) (rolestemplate.Input, error) {
	in := rolestemplate.Input{
		URL: args[0], Audiences: append([]string{args[1]}, f.audiences...), ApplicationARN: f.application, OIDCRoleName: f.oidcRole, EnhancedRoleName: f.enhancedRole,
		SessionDuration: f.session, Region: f.region, GrantsAccounts: f.grantsAccounts, ProviderARN: f.provider,
	}
	if len(args) > 2 {
		if in.Thumbprint = args[2]; in.Thumbprint == "" {
			return in, errors.New("THUMBPRINT is empty: leave it out")
		}
	}
	if !slices.Contains(templateFormats, f.format) {
		return in, fmt.Errorf("--format must be %s, not %q", oneOf(templateFormats), f.format)
	}
	if cmd.Flags().Changed("session-duration") && f.session == 0 {
		return in, errors.New("--session-duration 0 is no duration")
	}
	for _, s := range f.services {
		in.Services = append(in.Services, rolestemplate.Service(s))
	}
	for _, text := range f.tags {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return in, fmt.Errorf("--tag %q is not KEY=VALUE", text)
		}
		in.Tags = append(in.Tags, rolestemplate.Tag{Key: key, Value: value})
	}
	return in, nil
}

func (a *app) generateTemplate(cmd *cobra.Command, f *templateFlags, args []string) error {
	in, err := f.input(cmd, args)
	if err != nil {
		return usage(cmd, err)
	}
	t, err := rolestemplate.New(in) // before anybody is asked
	if err != nil {
		return usage(cmd, err)
	}
	if in.Thumbprint == "" && in.ProviderARN == "" && !f.noCheck {
		if in.Thumbprint, err = a.thumbprintOf(cmd.Context(), in.URL); err != nil {
			return err
		}
		if t, err = rolestemplate.New(in); err != nil {
			return err
		}
	}
	if f.session > 3600 {
		a.warn("sessions of tip-cli last an hour at most, whatever MaxSessionDuration says: one role assumes another (role chaining)")
	}
	return a.printTemplate(t, f.format)
}

func (a *app) printTemplate(t *rolestemplate.Template, format string) (err error) {
	text := t.YAML()
	if format == "json" {
		if text, err = t.JSON(); err != nil {
			return err
		}
	}
	if err := printed(a.Stdout.Write(text)); err != nil {
		return err
	}
	a.say("Next: aws cloudformation deploy --template-file FILE --stack-name tip-blog-iam-stack --capabilities %s", t.Capability())
	return nil
}

// thumbprintOf is what IAM may need of the identity provider's certificates.
// What cannot be seen is told, and stops nothing: IAM looks by itself. The only error is
// that of ctx.
func (a *app) thumbprintOf(ctx context.Context, issuer string) (string, error) {
	chain, err := a.chainOf(ctx, issuer)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		hint := cmp.Or(hintOf(err), "check the address, the network, HTTPS_PROXY and NO_PROXY, or leave the look out with --no-check")
		a.warn(fmt.Sprintf("%v (%s); the template has no thumbprint: IAM takes it from the chain by itself when the stack is created", err, hint))
		return "", nil
	}
	if chain.Issuer != issuer {
		a.warn(fmt.Sprintf("%s calls itself %q in its discovery document: tokens have that in iss, and IAM finds no provider of another URL; give it exactly so", issuer, chain.Issuer))
	}
	if chain.Public && cmp.Or(a.Getenv("SSL_CERT_FILE"), a.Getenv("SSL_CERT_DIR")) == "" { // which replace the system's roots
		return chain.Thumbprint, nil // which IAM keeps and does not need, and an update of the stack may
	}
	a.say("The certificate of %s is of no CA that this system is known to trust by itself. The template has the thumbprint of the top of its chain, %s.\n"+
		"If a proxy on the way intercepts TLS, it is the proxy's: take --no-check.", chain.Host, chain.Thumbprint)
	if chain.Alone {
		a.warn(chain.Host + " sends its own certificate only: when it is replaced, the thumbprint must be as well")
	}
	return chain.Thumbprint, nil
}

func (a *app) chainOf(ctx context.Context, issuer string) (thumbprint.Chain, error) {
	client, err := a.httpClient()
	if err != nil {
		return thumbprint.Chain{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*discoveryWait)
	defer cancel()
	defer a.progress.begin("looking at the certificates of " + issuer)()
	return thumbprint.Look(ctx, &http.Client{Transport: client.GetTransport()}, issuer)
}
