package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
)

// explainFlags are the flags of explain beside those that it shares with get-data-access.
type explainFlags struct {
	grantFlags
	live   bool
	output format
}

func newExplain(a *app) *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use: "explain S3_PATH", Short: "Explain which grants serve a path, which one does, and why not the others",
		Long: `Lists your grants of S3 Access Grants and says of each what it is to an S3 path and
a permission: the one that serves it (the most specific: one object before the
longest prefix), those that would if that one were not there, and those that do
not, the nearest first, with the reason. If none does, it says what would help.

It compares texts as AWS documents it; AWS decides. --live asks GetDataAccess for
new credentials, stores them as get-data-access does, and compares. The life of the
credentials and the audit context make a difference to that, and to which stored
ones would do, and to nothing else.

Without --account-id the configured account is asked, else that of the role, and if
nothing there serves the path, the account that has the instance for it. The role
needs s3:ListCallerAccessGrants, which the original's template does not give: without
it the report has what else is known, and --live is the way on.

The exit code is 0 if something serves the path, and 4 if nothing does, or if the
grants may not be listed: the report is on stdout before the error. With --live it
is that of get-data-access.

With --output json it is an object; docs/output.md explains its members.`,
		Example: `  tip-cli s3ag explain s3://example-bucket/prefix/ --permission WRITE
  tip-cli s3ag explain 's3://example-bucket/prefix/*' --permission READ --privilege Minimal
  tip-cli s3ag explain s3://example-bucket/prefix/ --live --output json`,
		Args: exactly(1, "the S3 path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.request(args[0])
			if err != nil {
				return usage(cmd, err)
			}
			return a.explain(cmd.Context(), &r, &f)
		},
	}
	cmd.Flags().Var(&f.region, "region", "region of the instance and the bucket (default: the configured one)")
	cmd.Flags().BoolVar(&f.live, "live", false, "ask AWS for credentials, too, and compare")
	f.register(cmd)
	f.output.register(cmd)
	return cmd
}

// explain lists the grants, asks AWS if it is to, and prints what it makes of them.
func (a *app) explain(ctx context.Context, r *session.GrantRequest, f *explainFlags) error {
	c, err := a.validConfig()
	if err != nil {
		return err
	}
	if r.Region, err = a.grantRegion(c, r.Region); err != nil {
		return err
	}
	s, err := a.grantsSession(r.Region)
	if err != nil {
		return err
	}
	end := a.progress.begin("asking S3 Access Grants")
	found, err := a.find(ctx, s, c, r, f.live)
	end()
	if err != nil {
		return err
	}
	e := found.explanation()
	if f.output == formatJSON {
		err = a.printJSON(e)
	} else {
		err = a.printExplanation(e)
	}
	if err != nil {
		return err
	}
	return found.outcome(e)
}

// unservedError says that nothing serves a request, as far as is known.
type unservedError struct {
	text, hint string
	err        error // AWS's, or nil
}

// Error implements error.
func (e *unservedError) Error() string { return e.text }

// Unwrap returns AWS's refusal, if it was asked.
func (e *unservedError) Unwrap() error { return e.err }

// Hint is the next thing to do.
func (e *unservedError) Hint() string { return e.hint }

// outcome is the error of an explanation.
func (f *findings) outcome(e *explanation) error {
	switch {
	case f.live != nil && f.live.err != nil:
		return &unservedError{f.live.err.Error(), e.hint(), f.live.err}
	case f.live != nil, e.ServedBy != nil:
		return nil
	case f.unlisted != nil:
		return &unservedError{f.unlisted.Error(), hintOf(f.unlisted) + "; " + e.hint(), f.unlisted}
	}
	return &unservedError{"no grant of yours gives " + e.Permission + " on " + visible(e.Target), e.hint(), nil}
}
