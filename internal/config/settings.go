package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// SignInPolicy says whether commands other than `auth` may start a sign-in.
type SignInPolicy string

// The values of the key sign_in.
const (
	SignInAuto   SignInPolicy = "auto"   // where a person is
	SignInNever  SignInPolicy = "never"  // only `auth` signs in
	SignInAlways SignInPolicy = "always" // even without a terminal
)

// SignInPolicy returns the key sign_in, or SignInAuto.
func (c Config) SignInPolicy() SignInPolicy {
	return SignInPolicy(orElse(c.SignIn, string(SignInAuto)))
}

// Method is a way to sign in.
type Method string

// The values of the key sign_in_method.
const (
	MethodAuto      Method = "auto"       // what the surroundings allow
	MethodBrowser   Method = "browser"    // open a browser here
	MethodNoBrowser Method = "no-browser" // print the URL and wait for the redirect
	MethodDevice    Method = "device"     // RFC 8628
	MethodPaste     Method = "paste"      // print the URL and read the redirect from the terminal
)

// Method returns the key sign_in_method, or MethodAuto.
func (c Config) Method() Method { return Method(orElse(c.SignInMethod, string(MethodAuto))) }

// The values of the key assertion.
const (
	AssertionIDToken     = "id_token"
	AssertionAccessToken = "access_token"
)

// The values of the key client_authentication (OpenID Connect Core section 9, RFC
// 6749 section 2.3.1).
const (
	ClientAuthNone  = "none"
	ClientAuthBasic = "client_secret_basic"
	ClientAuthPost  = "client_secret_post"
)

// ClientAuth returns how the client proves itself at the token endpoint: the key
// client_authentication, else what the provider wants of every client, else
// ClientAuthBasic if there is a client_secret_command, else ClientAuthNone. A
// secret is needed for all but ClientAuthNone.
func (c Config) ClientAuth() string {
	preset, _ := PresetFor(c.IdP)
	usual := ClientAuthNone
	if len(c.ClientSecretCommand) > 0 {
		usual = ClientAuthBasic
	}
	return orElse(c.ClientAuthentication, orElse(preset.ClientAuthentication, usual))
}

// The limits of a session by role chaining (AssumeRole, DurationSeconds).
const (
	minSessionDuration = 900
	maxSessionDuration = 3600
)

// SessionLength returns the length to ask for, or 0 if it is not configured.
func (c Config) SessionLength() time.Duration { return time.Duration(c.SessionDuration) * time.Second }

// TokenSource is where JWTs come from if not from a sign-in; at most one member
// is set.
type TokenSource struct {
	// Command is a program that prints a JWT, and its arguments.
	Command []string
	// File holds a JWT.
	File string
}

// TokenSource returns the keys token_command and token_file.
func (c Config) TokenSource() TokenSource {
	return TokenSource{Command: slices.Clone(c.TokenCommand), File: c.TokenFile}
}

// IsZero reports whether there is none: then people sign in.
func (s TokenSource) IsZero() bool { return len(s.Command) == 0 && s.File == "" }

func (s TokenSource) key() string {
	if len(s.Command) > 0 {
		return "token_command"
	}
	return "token_file"
}

// settingProblems checks what a sign-in takes from elsewhere than the provider's keys.
func (c Config) settingProblems() []Problem {
	return slices.Concat(
		oneOf("sign_in", c.SignIn, string(SignInAuto), string(SignInNever), string(SignInAlways)),
		c.methodProblems(), c.assertionProblems(), c.audienceProblems(), c.parameterProblems(), c.clientProblems(),
	)
}

func oneOf(key, value string, allowed ...string) []Problem {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	last := len(allowed) - 1
	return []Problem{{
		Key: key, Message: fmt.Sprintf("must be %s or %s, not %q", strings.Join(allowed[:last], ", "), allowed[last], value),
		Hint: setHint(key, `"`+allowed[0]+`"`),
	}}
}

func (c Config) methodProblems() []Problem {
	const key = "sign_in_method"
	preset, _ := PresetFor(c.IdP)
	if c.Method() == MethodDevice && preset.Quirks.NoDeviceGrant {
		return []Problem{{Key: key, Message: preset.Title + " has no device authorization (RFC 8628)", Hint: setHint(key, `"`+string(MethodPaste)+`"`)}}
	}
	return oneOf(key, c.SignInMethod, string(MethodAuto), string(MethodBrowser), string(MethodNoBrowser), string(MethodDevice), string(MethodPaste))
}

func (c Config) assertionProblems() []Problem {
	preset, _ := PresetFor(c.IdP)
	if c.Assertion == AssertionAccessToken && preset.AccessToken != nil {
		return preset.AccessToken(c)
	}
	return oneOf("assertion", c.Assertion, AssertionIDToken, AssertionAccessToken)
}

// noAccessToken says why an access token cannot be sent, and what to do.
func noAccessToken(why, hint string) []Problem {
	if hint == "" {
		hint = setHint("assertion", `"`+AssertionIDToken+`"`)
	}
	return []Problem{{Key: "assertion", Message: "cannot be access_token: " + why, Hint: hint}}
}

func (c Config) audienceProblems() []Problem {
	if strings.ContainsFunc(c.Audience, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return []Problem{{Key: "audience", Message: "must be one word, the identifier of an API", Hint: setHint("audience", `"https://api.example.com"`)}}
	}
	return nil
}

// ownParameters are what the protocol sets itself (RFC 6749 section 4.1.1, RFC
// 7636, OpenID Connect Core sections 3.1.2.1 and 6), and what must not be in a URL.
var ownParameters = []string{
	"client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "redirect_uri",
	"request", "request_uri", "response_mode", "response_type", "scope", "state",
}

// parameterForm is that of RFC 6749 appendix A.
var parameterForm = lazyregexp.New(`^[A-Za-z0-9._-]+$`)

func (c Config) parameterProblems() []Problem {
	const key = "authorization_parameters"
	for _, name := range slices.Sorted(maps.Keys(c.AuthorizationParameters)) {
		switch plain := strings.ToLower(name); { // some servers ignore case
		case slices.Contains(ownParameters, plain):
			return []Problem{{Key: key, Message: "must not hold " + plain + ", which tip-cli sets itself", Hint: "leave " + plain + " out" + instead(plain)}}
		case plain == "audience" && c.Audience != "":
			return []Problem{{Key: key, Message: "must not hold audience beside the key audience", Hint: "leave one of them out"}}
		case !parameterForm().MatchString(name):
			return []Problem{{Key: key, Message: fmt.Sprintf("%q is not the name of a parameter (RFC 6749 appendix A)", name), Hint: setHint(key, `{"prompt": "login"}`)}}
		case strings.ContainsFunc(c.AuthorizationParameters[name], unicode.IsControl):
			return []Problem{{Key: key, Message: name + " has a control character in its value", Hint: setHint(key, `{"prompt": "login"}`)}}
		}
	}
	return nil
}

// instead names the setting behind a parameter.
func instead(parameter string) string {
	switch parameter {
	case "scope":
		return " and set the key scopes"
	case "client_secret":
		return " and run: " + ClientSecretCommand
	case "redirect_uri":
		return " and set redirect_host, redirect_port and redirect_path"
	}
	return ""
}

func (c Config) clientProblems() []Problem {
	const key = "client_authentication"
	if c.ClientAuthentication == ClientAuthNone && len(c.ClientSecretCommand) > 0 {
		return []Problem{{Key: key, Message: "is none, but there is a client_secret_command", Hint: setHint(key, `"`+ClientAuthBasic+`"`)}}
	}
	return append(
		oneOf(key, c.ClientAuthentication, ClientAuthNone, ClientAuthBasic, ClientAuthPost),
		commandProblems("client_secret_command", c.ClientSecretCommand)...,
	)
}

func commandProblems(key string, command []string) []Problem {
	hint := setHint(key, `["program", "argument"]`)
	switch {
	case len(command) == 0:
		return nil
	case strings.TrimSpace(command[0]) == "":
		return []Problem{{Key: key, Message: "must begin with the name of a program", Hint: hint}}
	case slices.ContainsFunc(command, func(word string) bool { return strings.ContainsRune(word, 0) }):
		return []Problem{{Key: key, Message: "must hold no NUL character", Hint: hint}}
	}
	return nil
}

func (c Config) sourceProblems() []Problem {
	problems := commandProblems("token_command", c.TokenCommand)
	switch {
	case c.TokenFile == "":
	case len(c.TokenCommand) > 0:
		problems = append(problems, Problem{Key: "token_file", Message: "cannot be set beside token_command: tokens come from one of them", Hint: "leave one of them out"})
	case !filepath.IsAbs(c.TokenFile) || strings.ContainsFunc(c.TokenFile, unicode.IsControl):
		problems = append(problems, Problem{Key: "token_file", Message: "must be an absolute path: commands run in any folder", Hint: "give the whole path of the file"})
	}
	return problems
}

func (c Config) durationProblems() []Problem {
	const key = "session_duration"
	problem := Problem{Key: key, Hint: setHint(key, "3600")}
	switch {
	case c.SessionDuration == 0 || c.SessionDuration >= minSessionDuration && c.SessionDuration <= maxSessionDuration:
		return nil
	case c.SessionDuration > maxSessionDuration:
		problem.Message = "must be 3600 seconds at most: this is role chaining, and AWS limits sessions that one role opens for another to one hour"
	default:
		problem.Message = "must be 900 seconds at least, AWS's lower limit"
	}
	return []Problem{problem}
}
