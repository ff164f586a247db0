package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/wizard"
)

// step is something to do once a configuration is stored.
type step struct {
	wizard.Choice
	command string
	run     func(context.Context) error
	// failed is the error of the last try, or nil.
	failed error
}

// whatNext offers the steps that follow a configuration, one after the other. To
// leave it is no error: everything is stored. A step that failed is offered again, and
// what it failed with is the error if it is left at that.
func (a *app) whatNext(ctx context.Context, c config.Config, noSecret bool) error {
	left, err := a.takeSteps(ctx, a.nextSteps(c, noSecret))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, s := range left {
		a.say("Later: %s", s.command)
	}
	return err
}

// takeSteps takes the steps that the person chooses and returns those that are left.
func (a *app) takeSteps(ctx context.Context, steps []step) (left []step, err error) {
	about := ""
	for len(steps) > 0 {
		taken, err := a.chooseStep(ctx, about, steps)
		switch {
		case errors.Is(err, wizard.ErrLeft), err == nil && taken < 0:
			return steps, firstFailure(steps)
		case err != nil:
			return steps, err
		}
		s := &steps[taken]
		s.failed = s.run(ctx)
		switch {
		case ctx.Err() != nil:
			return steps, ctx.Err()
		case s.failed == nil:
			steps, about = slices.Delete(steps, taken, taken+1), ""
		default:
			a.warnOfFailed(s.failed)
			about = s.Label + ": that failed, and can be tried again."
		}
	}
	return nil, nil
}

// firstFailure is what the first of the steps failed with that was tried.
func firstFailure(steps []step) error {
	for _, s := range steps {
		if s.failed != nil {
			return s.failed
		}
	}
	return nil
}

// warnOfFailed says what a step met, and what to do about it.
func (a *app) warnOfFailed(err error) {
	a.progress.end()
	a.warn(err.Error())
	if hint := cmp.Or(hintOf(err), usualHints[exitCode(err)]); hint != "" {
		a.label("hint", bold, a.inContext(hint))
	}
}

// chooseStep returns the index of the step that the person takes, or -1 for none.
func (a *app) chooseStep(ctx context.Context, about string, steps []step) (int, error) {
	var choices []wizard.Choice
	for _, s := range steps {
		choices = append(choices, s.Choice)
	}
	choices = append(choices, wizard.Choice{Value: "done", Label: "Nothing more now", About: "Shows the commands for later."})
	taken, err := a.screen().Choose(ctx, "What next?", about, choices, choices[0].Value)
	return slices.IndexFunc(steps, func(s step) bool { return s.Value == taken }), err
}

func (a *app) nextSteps(c config.Config, noSecret bool) []step {
	var steps []step
	program := "tip-cli " + a.contextWord()
	if l, err := c.Login(); err == nil && noSecret && needsSecret(l) {
		steps = append(steps, step{
			Choice:  wizard.Choice{Value: "secret", Label: "Store the client secret", About: "The sign-in needs it. It does not show while it is typed."},
			command: program + "configure client-secret", run: func(ctx context.Context) error { return a.alsoRun(ctx, newClientSecret(a)) },
		})
	}
	name := a.profileName()
	return append(steps,
		step{
			Choice:  wizard.Choice{Value: "sign-in", Label: "Sign in now", About: "Shows whether the identity provider is set up."},
			command: program + "auth", run: func(ctx context.Context) error { return a.alsoRun(ctx, newAuth(a)) },
		},
		step{
			Choice:  wizard.Choice{Value: "profile", Label: "Write an AWS profile", About: "AWS tools then get their credentials from tip-cli."},
			command: program + "auth set-aws-profile --profile " + name, run: a.writeProfile,
		})
}

// contextWord is the flag for the chosen context and a space, or nothing.
func (a *app) contextWord() string {
	if a.contextFlag == "" {
		return ""
	}
	return "--context " + a.contextFlag + " "
}

// profileName is what an AWS profile may be called: like the context.
func (a *app) profileName() string {
	if _, name, err := a.inUse(); err == nil && name != store.DefaultContext {
		return name
	}
	return "tip"
}

// writeProfile asks for a name and writes the profile.
func (a *app) writeProfile(ctx context.Context) error {
	name := a.profileName()
	err := a.screen().Fill(ctx, "AWS profile", []wizard.Field{{
		Label: "Name of the profile", About: "aws ... --profile NAME uses it", Value: &name,
		Check: func(text string) error { return a.profileRefused(text) },
	}})
	if errors.Is(err, wizard.ErrLeft) && ctx.Err() == nil {
		return nil
	}
	if err != nil {
		return err
	}
	return a.alsoRun(ctx, newSetAWSProfile(a), "--profile", name)
}

// profileRefused tries a name without writing anything.
func (a *app) profileRefused(name string) error {
	if name == "" {
		return errors.New("a name is needed")
	}
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return err
	}
	credentials, err := awsprofile.CredentialsPath(a.Getenv, os.UserHomeDir)
	if err != nil {
		return err
	}
	_, err = awsprofile.Set(path, name, []awsprofile.KV{{Key: "credential_process", Value: "tip-cli"}}, func(o *awsprofile.Options) {
		o.DryRun, o.CredentialsPath, o.Ours = true, credentials, a.runsUs
	})
	if taken, ok := errors.AsType[*awsprofile.TakenError](err); ok {
		return taken // without the path, for the sake of the form
	}
	return err
}

// alsoRun runs another command within this one.
func (a *app) alsoRun(ctx context.Context, cmd *cobra.Command, args ...string) error {
	cmd.SetArgs(append([]string{}, args...))
	cmd.SetIn(a.Stdin)
	cmd.SetOut(a.Stdout)
	cmd.SetErr(a.Stderr)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	return cmd.ExecuteContext(ctx)
}
