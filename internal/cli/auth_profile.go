package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/store"
)

func newSetAWSProfile(a *app) *cobra.Command {
	var profile, region, output string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "set-aws-profile", Short: "Make an AWS profile get its credentials from tip-cli",
		Long: `Writes credential_process into a profile of the AWS config file (AWS_CONFIG_FILE,
else ~/.aws/config). Everything else in the file stays as it is.`,
		Example: `  tip-cli auth set-aws-profile --profile my-tti-profile
  aws sts get-caller-identity --profile my-tti-profile`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if profile == "" {
				return usage(cmd, fmt.Errorf("--profile is missing"))
			}
			return a.setProfile(profile, region, output, dryRun)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "", "name of the AWS profile")
	cmd.Flags().StringVar(&region, "region", "", "region of the profile (default: the configured one, if any)")
	cmd.Flags().StringVar(&output, "output", "", "output format of the AWS CLI in this profile")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would change, and change nothing")
	return cmd
}

func (a *app) setProfile(profile, region, output string, dryRun bool) error {
	settings, err := a.profileSettings(region, output)
	if err != nil {
		return err
	}
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return err
	}
	credentialsPath, err := awsprofile.CredentialsPath(a.Getenv, os.UserHomeDir)
	if err != nil {
		return err
	}
	result, err := awsprofile.Set(path, profile, settings, func(o *awsprofile.Options) {
		o.DryRun, o.CredentialsPath = dryRun, credentialsPath
	})
	if err != nil {
		return err
	}
	for _, w := range result.Warnings {
		a.warn(w.String())
	}
	if dryRun {
		_, err := fmt.Fprint(a.Stdout, result.Diff())
		return err
	}
	if !result.Changed {
		a.say("The profile %s in %s is as it should be.", profile, result.Path)
		return nil
	}
	a.say("The profile %s in %s now gets its credentials from tip-cli. Try: %s", profile, result.Path,
		awsprofile.Command("aws", "sts", "get-caller-identity", "--profile", profile))
	return nil
}

func (a *app) profileSettings(region, output string) ([]awsprofile.KV, error) {
	exe, err := ownPath()
	if err != nil {
		return nil, fmt.Errorf("find this program's own path: %w", err)
	}
	if region == "" {
		if c, err := a.loadConfig(); err == nil {
			region = c.Region
		}
	}
	words, err := a.contextWords()
	if err != nil {
		return nil, err
	}
	words = append(words, "auth", "get-iam-credentials")
	settings := []awsprofile.KV{{Key: "credential_process", Value: awsprofile.Command(exe, words...)}}
	if region != "" {
		settings = append(settings, awsprofile.KV{Key: "region", Value: region})
	}
	if output != "" {
		settings = append(settings, awsprofile.KV{Key: "output", Value: output})
	}
	return settings, nil
}

// contextWords name the context for a command that is run later: a profile goes on
// meaning the same one, and so the same person, when another is chosen.
func (a *app) contextWords() ([]string, error) {
	home, err := store.Dir(a.Getenv, os.UserHomeDir)
	if err != nil {
		return nil, err
	}
	name, err := a.chosenContext(home)
	if err == nil {
		_, err = store.ContextDir(home, name)
	}
	if err != nil {
		return nil, err
	}
	return []string{"--context", name}, nil
}

// ownPath is the absolute path of this program, by the name on the PATH if it is
// found there: package managers put a link there that outlives an upgrade.
func ownPath() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	found, err := exec.LookPath(filepath.Base(exe))
	if err == nil && filepath.IsAbs(found) && sameFile(found, exe) {
		return found, nil
	}
	return exe, nil
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
