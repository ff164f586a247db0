package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/diag"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// diagFlags are the flags of diag.
type diagFlags struct {
	jwt, application    string
	profile, appProfile string
	services            []string
	target, permission  string
	workgroup           string
	live, fix, yes      bool
	strict              bool
	output, html        string
}

func newDiag(a *app) *cobra.Command {
	var f diagFlags
	cmd := &cobra.Command{
		Use: "diag", Short: "Find out what is wrong between you and your data, and how to mend it",
		Long: `Looks at every link of the chain, in order: this machine, the identity provider,
the token, the roles in IAM, the application in IAM Identity Center, S3 Access
Grants, Athena, and the regions. Of each check it says what was seen, why it
matters, and the exact command that mends it.

What AWS knows is read with credentials that may read it: --profile is a profile of
the AWS config file for the account of Identity Center (without it, the ambient
credentials), --app-profile one for the account of the roles and of S3 Access
Grants. What may not be read is unknown, with the permission that is missing, and
never ok. Without --app-profile what only IAM can tell is unknown.

--live makes the exchange as well, step by step. It spends one JWT: that of -j, else
the stored one or a fresh one. It uses none of the profiles.

-j and -a diagnose another JWT and another application than the configured ones;
-j - reads the JWT from standard input, where no other process sees it.

The exit code is 0 if nothing failed, else 1; with --strict, warnings and what is
unknown count as failed.`,
		Example: `  tip-cli diag
  tip-cli diag --live --target s3://amzn-s3-demo-bucket/reports/
  tip-cli diag --profile identity-center --app-profile tip-app --html diagnosis.html
  get-my-jwt | tip-cli diag -j - -a arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return a.diagnose(cmd.Context(), &f)
		},
	}
	f.register(cmd)
	cmd.AddCommand(newDiagExplain(a))
	return cmd
}

var (
	diagServices    = []string{string(chain.S3), string(chain.AthenaService), string(chain.LakeFormation), string(chain.Redshift), string(chain.QBusiness)}
	diagFormats     = []string{"tree", "json"}
	diagPermissions = []string{"READ", "WRITE", "READWRITE"}
)

func (f *diagFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVarP(&f.jwt, "jwt", "j", "", "JWT to diagnose instead of the stored one, - for standard input")
	fl.StringVarP(&f.application, "application-arn", "a", "", "ARN of the application to diagnose instead of the configured one")
	fl.StringVar(&f.profile, "profile", "", "AWS profile for the account of Identity Center (default: the ambient credentials)")
	fl.StringVar(&f.appProfile, "app-profile", "", "AWS profile for the account of the roles and of S3 Access Grants")
	fl.StringSliceVar(&f.services, "service", nil, "what must work: "+oneOf(diagServices)+"; repeatable (default s3)")
	fl.StringVar(&f.target, "target", "", "s3://bucket/prefix that is to be reached through S3 Access Grants")
	fl.StringVar(&f.permission, "permission", "READ", oneOf(diagPermissions)+", with --target")
	fl.StringVar(&f.workgroup, "workgroup", "", "work group of Athena that is to be used")
	fl.BoolVar(&f.live, "live", false, "make the exchange, too: it spends one JWT")
	fl.BoolVar(&f.fix, "fix", false, "mend what can be mended on this machine, after asking")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask, with --fix")
	fl.BoolVar(&f.strict, "strict", false, "count warnings and what is unknown as failed")
	fl.StringVarP(&f.output, "output", "o", diagFormats[0], "tree for people, json for programs")
	fl.StringVar(&f.html, "html", "", "write the report to a file as a page for a browser, too")
	for flag, values := range map[string][]string{"service": diagServices, "permission": diagPermissions, "output": diagFormats} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flags are there
	}
}

func (f *diagFlags) check(cmd *cobra.Command) error {
	var err error
	switch {
	case !slices.Contains(diagFormats, f.output):
		err = fmt.Errorf("--output must be %s, not %q", oneOf(diagFormats), f.output)
	case !slices.Contains(diagPermissions, f.permission):
		err = fmt.Errorf("--permission must be %s, not %q", oneOf(diagPermissions), f.permission)
	case cmd.Flags().Changed("permission") && f.target == "":
		err = errors.New("--permission is for --target")
	case f.target != "" && !strings.HasPrefix(f.target, "s3://"):
		err = fmt.Errorf("--target %q does not begin with s3://", f.target)
	case f.yes && !f.fix:
		err = errors.New("--yes is for --fix")
	case cmd.Flags().Changed("jwt") && f.jwt == "":
		err = errors.New("the JWT of -j is empty: without -j the stored one is looked at")
	case cmd.Flags().Changed("application-arn") && f.application == "":
		err = errors.New("the ARN of -a is empty: without -a the configured application is looked at")
	}
	for _, name := range []string{"target", "workgroup", "html"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" { // such as an unset variable of a script
			err = fmt.Errorf("--%s is empty: leave it out, or give a value", name)
		}
	}
	for _, service := range f.services {
		if !slices.Contains(diagServices, service) {
			err = fmt.Errorf("--service %q is none of %s", service, oneOf(diagServices))
		}
	}
	if err != nil {
		return usage(cmd, err)
	}
	return nil
}

// asked is what the flags ask for.
func (a *app) asked(f *diagFlags) (chain.Asked, error) {
	asked := chain.Asked{
		JWT: secret.New(f.jwt), ApplicationARN: f.application, Target: f.target, Permission: f.permission, Workgroup: f.workgroup, Live: f.live,
		Context: a.contextFlag, CenterProfile: f.profile, AppProfile: f.appProfile,
	}
	if f.jwt == "-" {
		const longest = 1 << 20
		text, err := io.ReadAll(io.LimitReader(a.Stdin, longest+1))
		if err != nil {
			return asked, fmt.Errorf("read the JWT from standard input: %w", err)
		}
		if asked.JWT = secret.New(strings.TrimSpace(string(text))); asked.JWT.IsZero() {
			return asked, errors.New("there is no JWT on standard input")
		}
	}
	for _, service := range f.services {
		asked.Services = append(asked.Services, chain.Service(service))
	}
	if len(asked.Services) == 0 {
		asked.Services = []chain.Service{chain.S3}
	}
	if f.workgroup != "" && !asked.Wants(chain.AthenaService) {
		asked.Services = append(asked.Services, chain.AthenaService)
	}
	return asked, nil
}

func (a *app) diagnose(ctx context.Context, f *diagFlags) error {
	if a.looking = true; !f.live {
		a.keyringWait = keyringPatience
	}
	if f.html != "" {
		if _, err := pageTarget(f.html); err != nil {
			return err
		}
	}
	asked, err := a.asked(f)
	if err != nil {
		return err
	}
	first := asked
	first.Live = asked.Live && !f.fix // else the exchange comes after what is mended
	report, err := a.diagnosis(ctx, first)
	if err != nil {
		return err
	}
	printed := false
	if f.fix {
		if report, printed, err = a.fixed(ctx, f, asked, report); err != nil {
			return err
		}
	}
	if !printed {
		if err := a.printDiagnosis(f, &report); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := a.writePage(f.html, &report, &asked); err != nil {
			return err
		}
	}
	return f.outcome(&report)
}

// diagnosis looks at everything.
func (a *app) diagnosis(ctx context.Context, asked chain.Asked) (finding.Report, error) {
	defer a.progress.begin("looking for AWS credentials")()
	c := a.chain(ctx, asked)
	return diag.Run(ctx, c, func(s finding.Section) { a.progress.begin("looking at: " + s.Title()) })
}

// brokenError says how much of a diagnosis failed. The report has said the rest.
type brokenError struct{ failed, warned, unknown int }

// Error implements error.
func (e *brokenError) Error() string {
	text := fmt.Sprintf("%d failed", e.failed)
	if e.warned+e.unknown > 0 {
		text += fmt.Sprintf(", %s, %d unknown (--strict)", counted(e.warned, "warning", "warnings"), e.unknown)
	}
	return text
}

// Hint says where to begin.
func (*brokenError) Hint() string { return "begin with the first one: what follows may come of it" }

func (f *diagFlags) outcome(r *finding.Report) error {
	e := &brokenError{failed: r.Count(finding.Fail)}
	if f.strict {
		e.warned, e.unknown = r.Count(finding.Warn), r.Count(finding.Unknown)
	}
	if *e == (brokenError{}) {
		return nil
	}
	return e
}
