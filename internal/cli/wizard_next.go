package cli

import (
	"context"
	"errors"
	"os"

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
}

// whatNext offers the steps that follow a configuration, one after the other. To
// leave it is no error: everything is stored.
func (a *app) whatNext(ctx context.Context, c config.Config, noSecret bool) error {
	steps := a.nextSteps(c, noSecret)
	for len(steps) > 0 {
		var choices []wizard.Choice
		for _, s := range steps {
			choices = append(choices, s.Choice)
		}
		choices = append(choices, wizard.Choice{Value: "done", Label: "Nothing more now", About: "Shows the commands for later."})
		taken, err := a.screen().Choose(ctx, "What next?", "", choices, choices[0].Value)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, wizard.ErrLeft) {
			return err
		}
		var left []step
		for _, s := range steps {
			if err != nil || s.Value != taken {
				left = append(left, s)
			} else if err := s.run(ctx); err != nil {
				return err
			}
		}
		if len(left) == len(steps) { // done, or left
			break
		}
		steps = left
	}
	for _, s := range steps {
		a.say("Later: %s", s.command)
	}
	return nil
}

func (a *app) nextSteps(c config.Config, noSecret bool) []step {
	var steps []step
	program := "tip-cli " + a.contextWord()
	if l, err := c.Login(); err == nil && noSecret && needsSecret(l) {
		steps = append(steps, step{
			wizard.Choice{Value: "secret", Label: "Store the client secret", About: "The sign-in needs it. It does not show while it is typed."},
			program + "configure client-secret", func(ctx context.Context) error { return a.alsoRun(ctx, newClientSecret(a)) },
		})
	}
	name := a.profileName()
	return append(steps,
		step{
			wizard.Choice{Value: "sign-in", Label: "Sign in now", About: "Shows whether the identity provider is set up."},
			program + "auth", func(ctx context.Context) error { return a.alsoRun(ctx, newAuth(a)) },
		},
		step{
			wizard.Choice{Value: "profile", Label: "Write an AWS profile", About: "AWS tools then get their credentials from tip-cli."},
			program + "auth set-aws-profile --profile " + name, a.writeProfile,
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
	home, err := store.Dir(a.Getenv, os.UserHomeDir)
	if err != nil {
		return "tip"
	}
	if name, err := a.chosenContext(home); err == nil && name != store.DefaultContext {
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
		o.DryRun, o.CredentialsPath = true, credentials
	})
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
