package local

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/ownprocess"
	"github.com/tip-cli/tip-cli/internal/store"
)

// ours is an AWS profile that gets its credentials from tip-cli.
type ours struct {
	awsprofile.Profile
	process ownprocess.Process
	path    string
}

// commandWords splits as a shell does, or as Windows does.
func commandWords(command string) []string {
	return awsprofile.Words(runtime.GOOS, strings.TrimSuffix(strings.TrimSpace(command), "&"))
}

// profiles looks at the AWS profiles that use tip-cli. That there is none is nothing wrong.
func (s *section) profiles() {
	const check, unreadable = "local.profiles", "local.profiles-unreadable"
	path, err := awsprofile.Path(s.Getenv, s.home)
	if err != nil {
		s.log.Skip(check, err.Error())
		return
	}
	all, err := awsprofile.All(path)
	if err != nil {
		s.log.Found(unreadable, path, err.Error(), s.profileHint(err))
		return
	}
	before := len(s.log.Results())
	var names []string
	for _, p := range all {
		process, ok := ownprocess.Parse(awsprofile.Words(s.system, p.Settings["credential_process"]))
		if !ok || !process.GetsCredentials() || process.State != "" && filepath.Clean(process.State) != s.Home {
			continue
		}
		names = append(names, p.Name)
		s.profile(&ours{p, process, path})
	}
	s.maskedByKeys(names)
	switch {
	case len(s.log.Results()) > before:
	case len(names) == 0:
		s.log.Skip(check, "no profile of "+path+" uses tip-cli; to write one: "+s.TipCLI("auth", "set-aws-profile", "--profile", "my-tti-profile"))
	default:
		s.log.OK(check, strings.Join(names, ", "))
	}
}

func (s *section) profileHint(err error) finding.Fix {
	if own, ok := errors.AsType[*awsprofile.Error](err); ok && own.Hint() != "" {
		return s.runs(own.Hint())
	}
	return finding.Fix{Who: finding.You, Does: "mend the file", Console: "in an editor"}
}

// profile looks at one profile, for what keeps it from working first.
func (s *section) profile(p *ours) {
	culprit := fmt.Sprintf("profile %s in %s", p.Name, p.path)
	if program, same, found := s.runsThis(p); !found {
		s.log.Found("local.profile-program-gone", culprit, "credential_process runs "+p.process.Program+", which is not there", s.rewrite(p))
	} else if !same {
		s.log.Found("local.profile-other-program", culprit, "credential_process runs "+program+", and this is "+s.own(), s.rewrite(p))
	}
	if !s.hasContext(p.process.Context) {
		s.log.Found("local.profile-context-gone", culprit, "it is for the context "+p.process.Context+", which has no configuration", s.rewriteIn(p, s.ContextName, "--overwrite"))
	}
	s.masked(p, culprit)
	s.loop(p, culprit)
	if p.Settings["region"] == "" && s.Getenv("AWS_REGION") == "" && s.Getenv("AWS_DEFAULT_REGION") == "" {
		s.log.Found("local.profile-without-region", culprit, "it names none, and neither does the environment", s.withRegion(p))
	}
}

// runsThis finds the program of a profile and says whether it is this one.
func (s *section) runsThis(p *ours) (program string, same, found bool) {
	program, err := s.lookPath(p.process.Program)
	if err != nil {
		return "", false, false
	}
	its, err := os.Stat(program)
	if err != nil {
		return "", false, false
	}
	own, err := os.Stat(s.own())
	return program, err != nil || os.SameFile(its, own), true
}

// own is the path of this program.
func (s *section) own() string {
	path, err := s.program()
	if err != nil {
		return "tip-cli"
	}
	return path
}

func (s *section) hasContext(name string) bool {
	if name == "" || name == store.DefaultContext || s.Home == "" {
		return true // what is configured there is another matter
	}
	names, err := store.Contexts(s.Home)
	return err != nil || slices.Contains(names, name)
}

// rewrite has this program write the profile's command anew, for the same context.
func (s *section) rewrite(p *ours) finding.Fix {
	return s.rewriteIn(p, cmp.Or(p.process.Context, s.Asked.Context))
}

func (s *section) rewriteIn(p *ours, context string, flags ...string) finding.Fix {
	words := append([]string{"auth", "set-aws-profile", "--profile", p.Name}, flags...)
	if i := slices.Index(p.process.Args, "get-data-access"); i >= 0 && i+1 < len(p.process.Args) {
		words = append(append(words, "--s3"), p.process.Args[i+1:]...)
	}
	return finding.Fix{Who: finding.You, Does: "have the profile run this tip-cli", Command: again(context, words...), Repair: repairRun}
}

func (s *section) withRegion(p *ours) finding.Fix {
	region := cmp.Or(s.Regions.Region, "us-east-1")
	return finding.Fix{Who: finding.You, Does: "name one", Command: chain.Quoted("aws", "configure", "set", "region", region, "--profile", p.Name)}
}

// masked looks for what AWS tools take before credential_process.
func (s *section) masked(p *ours, culprit string) {
	credentials, err := awsprofile.CredentialsPath(s.Getenv, s.home)
	if err != nil {
		return
	}
	kv := []awsprofile.KV{{Key: "credential_process", Value: p.Settings["credential_process"]}}
	result, err := awsprofile.Set(p.path, p.Name, kv, func(o *awsprofile.Options) { o.DryRun, o.CredentialsPath = true, credentials })
	if taken, ok := errors.AsType[*awsprofile.TakenError](err); ok {
		s.log.Found("local.profile-masked", culprit, fmt.Sprintf("%s in line %d is used instead of credential_process", taken.Key, taken.Line), s.rewriteIn(p, cmp.Or(p.process.Context, s.Asked.Context), "--overwrite"))
		return
	}
	lines := map[string][]int{}
	for _, w := range result.Warnings {
		switch w.Kind {
		case awsprofile.MaskedByCredentials, awsprofile.MaskedByDefaults:
			lines[w.Path] = append(lines[w.Path], w.Line)
		case awsprofile.Refused:
			s.refused(w)
		case awsprofile.QuotesStripped, awsprofile.QuotedOnWindows, awsprofile.ExpandedOnWindows:
		}
	}
	for _, path := range []string{credentials, p.path} {
		if len(lines[path]) > 0 {
			s.log.Found("local.profile-masked", culprit, fmt.Sprintf("%s of line %s is used instead of credential_process", path, numbers(lines[path], ", ", "")), comment(path, lines[path]))
		}
	}
}

// refused is said once a file, however many profiles are in it.
func (s *section) refused(w awsprofile.Warning) {
	if !s.log.Has("local.profiles-unreadable") {
		s.log.Found("local.profiles-unreadable", fmt.Sprintf("%s:%d", w.Path, w.Line), w.Reason, comment(w.Path, []int{w.Line}))
	}
}

// comment makes comments of lines, and leaves the file as it was beside it.
func comment(path string, lines []int) finding.Fix {
	return finding.Fix{Who: finding.You, Does: "make comments of the lines (a copy stays in " + path + ".bak)", Command: chain.Quoted("sed", "-i.bak", numbers(lines, "; ", "s/^/# /"), path)}
}

func numbers(lines []int, between, behind string) string {
	words := make([]string, len(lines))
	for i, line := range lines {
		words[i] = fmt.Sprint(line) + behind
	}
	return strings.Join(words, between)
}

// loop looks whether the programs of the configuration use the profile. Another context's
// were not read.
func (s *section) loop(p *ours, culprit string) {
	if p.process.Context != "" && p.process.Context != s.ContextName {
		return
	}
	for setting, command := range map[string][]string{"token_command": s.Config.TokenCommand, "client_secret_command": s.Config.ClientSecretCommand} {
		if way, err := awsprofile.Loop(p.path, command, p.Name); err == nil && way != nil {
			s.log.Found("local.profile-loop", culprit, fmt.Sprintf("%s uses it (%s)", setting, strings.Join(way, " > ")), finding.Fix{
				Who: finding.You, Does: "have " + setting + " use a profile that does without tip-cli", Console: s.setting(setting),
			})
		}
	}
}

// maskedByKeys: keys in the environment come before a profile that the environment chooses.
func (s *section) maskedByKeys(names []string) {
	chosen := awsprofile.Ambient(s.Getenv)
	if s.Getenv("AWS_ACCESS_KEY_ID") == "" || s.Getenv("AWS_PROFILE")+s.Getenv("AWS_DEFAULT_PROFILE") == "" || !slices.Contains(names, chosen) {
		return
	}
	s.log.Found("local.profile-masked", "AWS_ACCESS_KEY_ID", "it is set beside AWS_PROFILE="+chosen+", and AWS tools use the keys", finding.Fix{
		Who: finding.You, Does: "take the keys out of the environment", Console: "in the shell that runs AWS tools: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
	})
}
