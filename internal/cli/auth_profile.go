package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// profileFlags are the flags of set-aws-profile, as typed.
type profileFlags struct {
	profile, region, output, s3 string
	grant                       grantFlags
	dryRun, overwrite           bool
}

func newSetAWSProfile(a *app) *cobra.Command {
	var f profileFlags
	cmd := &cobra.Command{
		Use: "set-aws-profile", Short: "Make an AWS profile get its credentials from tip-cli",
		Long: `Writes credential_process into a profile of the AWS config file (AWS_CONFIG_FILE,
else ~/.aws/config): the role session, or with --s3 credentials of S3 Access Grants
for a path. Everything else in the file stays as it is. The profile is for the
present context and stays so when another is chosen.

A profile that gets its credentials elsewhere is left alone unless --overwrite is
given: then another credential_process is replaced, and settings that would be used
instead, such as role_arn or sso_session, become comments.`,
		Example: `  tip-cli auth set-aws-profile --profile my-tti-profile
  aws sts get-caller-identity --profile my-tti-profile

  tip-cli auth set-aws-profile --profile my-tti-profile-s3ag --s3 s3://example-bucket/prefix/ --permission READWRITE
  tip-cli auth set-aws-profile --profile default --region eu-west-1 --output json --dry-run`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			words, err := f.check(cmd)
			if err != nil {
				return usage(cmd, err)
			}
			return a.setProfile(cmd.Context(), &f, words)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *profileFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.profile, "profile", "", "name of the AWS profile; default is one, too")
	fl.StringVar(&f.region, "region", "", "region of the profile, and with --s3 of the S3 Access Grants instance (default: the configured one, if any)")
	fl.StringVar(&f.output, "output", "", "output format of the AWS CLI in this profile: "+strings.Join(outputFormats, ", "))
	fl.StringVar(&f.s3, "s3", "", "S3 path whose credentials the profile gets from S3 Access Grants")
	f.grant.register(cmd)
	for _, name := range grantFlagNames {
		fl.Lookup(name).Usage = "with --s3: " + fl.Lookup(name).Usage
	}
	fl.BoolVar(&f.overwrite, "overwrite", false, "take over a profile that gets its credentials elsewhere")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print what would change, and change nothing")
}

// grantFlagNames are the flags of grantFlags.register that go into the profile.
var grantFlagNames = []string{"account-id", "permission", "duration-seconds", "target-type", "privilege", "audit-context"}

// outputFormats are those of the AWS CLI; its version 1 knows json, text and table.
var outputFormats = []string{"json", "yaml", "yaml-stream", "text", "table", "off"}

// check returns the words of the command that gets the credentials.
func (f *profileFlags) check(cmd *cobra.Command) ([]string, error) {
	switch {
	case f.profile == "":
		return nil, errors.New("--profile is missing")
	case f.region != "" && !config.IsRegion(f.region):
		return nil, fmt.Errorf("--region %q is not the name of a region, such as eu-west-1", f.region)
	case f.output != "" && !slices.Contains(outputFormats, f.output):
		return nil, fmt.Errorf("--output %q is none of %s", f.output, strings.Join(outputFormats, ", "))
	case cmd.Flags().Changed("s3"):
		return f.grantWords(cmd)
	}
	for _, name := range grantFlagNames {
		if cmd.Flags().Changed(name) {
			return nil, fmt.Errorf("--%s goes with --s3 only", name)
		}
	}
	return []string{"auth", "get-iam-credentials"}, nil
}

// grantWords are those of get-data-access with the flags that were given.
func (f *profileFlags) grantWords(cmd *cobra.Command) ([]string, error) {
	if _, err := f.grant.request(f.s3); err != nil {
		return nil, err
	}
	words := []string{"s3ag", "get-data-access", f.s3}
	for _, name := range grantFlagNames {
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() != "" {
			words = append(words, "--"+name, flag.Value.String())
		}
	}
	return words, nil
}

func (a *app) setProfile(ctx context.Context, f *profileFlags, words []string) error {
	c, _ := a.loadConfig() // a profile may be there before the configuration
	if elsewhere := f.region != "" && c.Region != "" && f.region != c.Region; elsewhere && f.s3 != "" {
		words = append(words, "--region", f.region)
	}
	settings, err := a.profileSettings(f, c.Region, words)
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
	if err := checkLoop(c, path, f.profile); err != nil {
		return err
	}
	set := func(dryRun bool) (awsprofile.Result, error) {
		return awsprofile.Set(path, f.profile, settings, func(o *awsprofile.Options) {
			o.DryRun, o.Overwrite, o.CredentialsPath, o.Ours = dryRun, f.overwrite, credentialsPath, a.runsUs
		})
	}
	result, err := set(true)
	if err == nil && result.Changed && !f.dryRun {
		var release func()
		if release, err = a.onlyWriter(ctx, result.Path); err == nil {
			defer release()
			result, err = set(false)
		}
	}
	if err != nil {
		return err
	}
	return a.reportProfile(f, result)
}

// reportProfile says what was done; with --dry-run what would have been.
func (a *app) reportProfile(f *profileFlags, result awsprofile.Result) error {
	for _, w := range result.Warnings {
		a.warn(w.String())
	}
	a.warnOfState()
	switch {
	case !result.Changed:
		a.say("The profile %s in %s is as it should be.", f.profile, result.Path)
	case f.dryRun:
		a.say("Nothing was changed. Without --dry-run this would be in %s:", result.Path)
		return printed(fmt.Fprint(a.Stdout, result.Diff()))
	default:
		a.say("The profile %s in %s now gets its credentials from tip-cli. Try: %s", f.profile, result.Path,
			awsprofile.Command("aws", append(f.trial(), "--profile", f.profile)...))
	}
	return nil
}

// trial is what works with the credentials of the profile.
func (f *profileFlags) trial() []string {
	if r, err := f.grant.request(f.s3); err == nil && lists(&r) {
		return []string{"s3", "ls", strings.TrimSuffix(f.s3, "*")}
	}
	return []string{"sts", "get-caller-identity"}
}

// lists reports whether credentials for a request let their holder list what is in its
// target: S3 takes a list of all that begins with something for reading.
func lists(r *session.GrantRequest) bool {
	folder := s3agcreds.NormalizeTarget(r.Target)
	wild := strings.HasSuffix(folder, "*")
	_, _, inBucket := strings.Cut(strings.TrimPrefix(folder, "s3://"), "/")
	return r.Permission != types.PermissionWrite && folder == printable(folder) && inBucket &&
		(wild || strings.HasSuffix(folder, "/") && r.Privilege == types.PrivilegeDefault && r.TargetType == "")
}

// warnOfState says that the profile does not carry a state directory of its own.
func (a *app) warnOfState() {
	set, err := a.home()
	usual, usualErr := store.Dir(func(string) string { return "" }, os.UserHomeDir)
	if err == nil && (usualErr != nil || set != usual) {
		a.warn(store.HomeVariable + " is set, and the profile does not carry it: set it for every program that uses the profile as well")
	}
}

func (a *app) profileSettings(f *profileFlags, region string, words []string) ([]awsprofile.KV, error) {
	exe, err := ownPath()
	if err != nil {
		return nil, fmt.Errorf("find this program's own path: %w", err)
	}
	context, err := a.contextWords()
	if err != nil {
		return nil, err
	}
	settings := []awsprofile.KV{{Key: "credential_process", Value: awsprofile.Command(exe, append(context, words...)...)}}
	if f.region != "" {
		region = f.region
	}
	if region != "" {
		settings = append(settings, awsprofile.KV{Key: "region", Value: region})
	}
	if f.output != "" {
		settings = append(settings, awsprofile.KV{Key: "output", Value: f.output})
	}
	return settings, nil
}

// writersWait bounds how long another tip-cli is waited for that edits AWS files.
const writersWait = 10 * time.Second

// onlyWriter holds off other tip-cli processes that edit the file at path, of whatever
// context and state directory, until release is called. Where that cannot be, it is said,
// and the file is still replaced in one piece. The error is that others went on for too
// long.
func (a *app) onlyWriter(ctx context.Context, path string) (release func(), err error) {
	free := func() {}
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return free, nil // whoever writes there says why not
	}
	ctx, cancel := context.WithTimeout(ctx, writersWait)
	defer cancel()
	defer a.progress.begin(waitingForOthers)()
	release, err = store.LockBeside(ctx, path)
	switch {
	case errors.Is(err, store.ErrLocked):
		return free, err
	case err != nil:
		a.warn("another tip-cli that edits the file at the same time is not held off: " + err.Error())
		return free, nil
	}
	return release, nil
}

// contextWords name the context for a command that is run later: a profile goes on
// meaning the same one, and so the same person, when another is chosen.
func (a *app) contextWords() ([]string, error) {
	home, name, err := a.inUse()
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
