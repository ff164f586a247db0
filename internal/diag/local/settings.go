package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// signInVariable overrides the key sign_in.
const signInVariable = "TIP_CLI_SIGN_IN"

// Variables are the variables of tip-cli's own. Any other that begins like them is none.
func Variables() []string {
	return []string{
		signInVariable, store.KeyringVariable, store.ContextVariable, "TIP_CLI_ACCESSIBLE", "TIP_CLI_FASTPATH", "TIP_CLI_CHAIN",
		"TIP_CLI_COMPLETION_DESCRIPTIONS", "TIP_CLI_ENV_REGIONS",
	}
}

// chosen looks at which context is in use.
func (s *section) chosen() {
	const check, kind = "local.context", "local.context-unusable"
	switch {
	case s.Store == nil && s.StoreErr == nil:
		s.log.Skip(check, "which context is in use was not looked at")
	case s.Store == nil:
		s.log.Found(kind, s.culpritOf(s.StoreErr), s.StoreErr.Error(), s.contextFixes()...)
	default:
		s.log.OK(check, s.ContextName+" in "+s.Store.Dir())
	}
}

// culpritOf is what an error of the store is about.
func (s *section) culpritOf(err error) string {
	if file, ok := errors.AsType[*store.FileError](err); ok {
		return file.Path
	}
	if s.Asked.Context != "" {
		return "--context " + s.Asked.Context
	}
	return store.ContextVariable
}

func (s *section) contextFixes() []finding.Fix {
	if file, ok := errors.AsType[*store.FileError](s.StoreErr); ok {
		if errors.Is(file, fs.ErrPermission) {
			return s.letIn(file.Path)
		}
		return []finding.Fix{s.runs(file.Hint())}
	}
	return []finding.Fix{set(store.ContextVariable, "name a context that there is: tip-cli configure list-contexts shows them")}
}

// configuration looks at what is configured.
func (s *section) configuration() {
	const check = "local.configuration"
	var invalid *config.InvalidError
	switch {
	case s.Store == nil:
		s.log.Skip(check, noState)
	case errors.Is(s.ConfigErr, store.ErrNotFound) && !s.Asked.JWT.IsZero() && s.Asked.ApplicationARN != "":
		s.log.Skip(check, "nothing is configured; -j and -a say what to diagnose")
	case errors.Is(s.ConfigErr, store.ErrNotFound):
		s.log.Found("local.not-configured", s.Store.Path(store.ConfigFile), "there is no configuration of the context "+s.ContextName, s.configure()...)
	case errors.As(s.ConfigErr, &invalid):
		for _, p := range invalid.Problems {
			s.invalid(p)
		}
	case s.ConfigErr != nil:
		s.log.Found("local.configuration-unreadable", s.Store.Path(store.ConfigFile), cause(s.ConfigErr), s.readable())
	case len(s.Warnings) > 0:
		s.oddities()
	default:
		s.log.OK(check, s.configured())
	}
}

func (s *section) configure() []finding.Fix {
	fixes := []finding.Fix{{Who: finding.You, Does: "configure the identity provider, the application and the roles", Command: s.TipCLI("configure", "idp")}}
	if s.ContextName != store.DefaultContext {
		fixes = append(fixes, finding.Fix{Who: finding.You, Does: "or choose a context that there is", Command: "tip-cli configure list-contexts"})
	}
	return fixes
}

// readable is the fix for a configuration that cannot be read.
func (s *section) readable() finding.Fix {
	if errors.Is(s.ConfigErr, store.ErrNotRegular) || errors.Is(s.ConfigErr, fs.ErrPermission) {
		return s.moveAway(s.Store.Path(store.ConfigFile))
	}
	return s.runs(hintOf(s.ConfigErr, s.TipCLI("configure", "idp")))
}

// hintOf is the hint of an error of the store, or a command.
func hintOf(err error, command string) string {
	if file, ok := errors.AsType[*store.FileError](err); ok && file.Hint() != "" {
		return file.Hint()
	}
	return "run: " + command
}

func (s *section) configured() string {
	provider := s.Config.IdP
	if preset, ok := config.PresetFor(s.Config.IdP); ok {
		provider = preset.Title
	}
	if provider == "" {
		provider = "a token source"
	}
	return fmt.Sprintf("%s: %s, %s", s.Store.Path(store.ConfigFile), provider, s.Config.TokenExchangeApplicationARN)
}

func (s *section) invalid(p config.Problem) {
	hint := p.Hint
	if hint == "" {
		hint = "run: " + config.ConfigureCommand
	}
	s.log.Found("local.configuration-invalid", s.setting(p.Key), p.Error(), s.runs(hint))
}

func (s *section) setting(key string) string {
	path := s.Store.Path(store.ConfigFile)
	if key == "" {
		return path
	}
	return key + " in " + path
}

// mostOdd bounds the oddities that are told one by one.
const mostOdd = 20

func (s *section) oddities() {
	told := s.Warnings[:min(mostOdd, len(s.Warnings))]
	for _, p := range told {
		s.odd(p)
	}
	if more := len(s.Warnings) - len(told); more > 0 {
		s.log.Found("local.configuration-odd", s.setting(""), fmt.Sprintf("and %d more", more), finding.Fix{
			Who: finding.You, Does: "take out the others first, and run diag again, which tells the next; or write the file anew", Console: "in an editor: " + s.setting(""),
		})
	}
}

// odd says what has no effect. A key that nobody knows is taken out by setting it to null.
func (s *section) odd(p config.Problem) {
	fix := finding.Fix{
		Who: finding.You, Does: "take it out, or write what was meant",
		Command: s.TipCLI("configure", "idp", "--config", `{`+quoted(p.Key)+`: null}`),
	}
	if _, unknown := s.Config.Unknown[p.Key]; !unknown {
		fix = finding.Fix{Who: finding.You, Does: "store it as it is understood", Command: s.TipCLI("configure", "idp", "--config", "{}")}
	}
	s.log.Found("local.configuration-odd", s.setting(p.Key), p.Error(), fix)
}

// variables looks at the environment variables that only tip-cli reads, and at what the
// SDK makes of its own.
func (s *section) variables() {
	const check, ignored = "local.variables", "local.variable-ignored"
	before := len(s.log.Results())
	switch s.policy() {
	case config.SignInAuto, config.SignInNever, config.SignInAlways:
	default:
		if value := s.Getenv(signInVariable); value != "" {
			s.log.Found("local.variable-invalid", signInVariable, fmt.Sprintf("it is %q, and must be auto, never or always", value), set(signInVariable, "unset it, or set it to one of them"))
		}
	}
	if _, err := transport.AWSConfig(nil, "us-east-1"); err != nil {
		s.log.Found("local.variable-invalid", "an environment variable of the AWS SDKs", err.Error(), set("the one that is named", "correct it, or unset it"))
	}
	for _, name := range []string{store.KeyringVariable, "TIP_CLI_FASTPATH"} {
		if value := s.Getenv(name); value != "" && !strings.EqualFold(value, "off") {
			s.log.Found(ignored, name, fmt.Sprintf("it is %q; off is the one value that it knows", value), set(name, "unset it, or set it to off"))
		}
	}
	known := Variables()
	for _, entry := range s.environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "TIP_CLI_") && !slices.Contains(known, name) {
			s.log.Found(ignored, name, "tip-cli reads no variable of that name", set(name, "unset it; tip-cli help environment lists those that there are"))
		}
	}
	if len(s.log.Results()) == before {
		s.log.OK(check, "none has a value that it cannot have")
	}
}

// quoted is a text in JSON.
func quoted(text string) string {
	bytes, _ := json.Marshal(text) // a text always can
	return string(bytes)
}

// again is a command of tip-cli in a context that is named.
func again(context string, words ...string) string {
	line := []string{"tip-cli"}
	if context != "" {
		line = append(line, "--context", context)
	}
	return chain.Quoted(append(line, words...)...)
}
