package local

import (
	"slices"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

// Checks returns what the section looks at.
func Checks() []finding.Check {
	return slices.Concat(settingChecks(), stateChecks(), networkChecks(), signInChecks(), profileChecks())
}

func settingChecks() []finding.Check {
	return []finding.Check{
		{ID: "local.context", Title: "context", Why: "It says which configuration and whose tokens are used.", Kinds: []finding.Kind{
			{ID: "local.context-unusable", Status: finding.Fail, Title: "the context in use is not known", Why: "Every command ends with exit code 5 until a context is chosen that there is."},
		}},
		{ID: "local.configuration", Title: "configuration", Why: "It names the identity provider, the application and the roles.", Kinds: []finding.Kind{
			{ID: "local.not-configured", Status: finding.Fail, Title: "nothing is configured", Why: "There is nobody to sign in to and nothing to exchange a token for: every command ends with exit code 5."},
			{ID: "local.configuration-unreadable", Status: finding.Fail, Title: "the configuration cannot be read", Why: "Every command ends with exit code 5."},
			{ID: "local.configuration-invalid", Status: finding.Fail, Title: "the configuration is not valid", Why: "No exchange is begun with it: AWS would answer ValidationException, invalid_grant or AccessDenied."},
			{ID: "local.configuration-odd", Status: finding.Warn, Title: "a part of the configuration has no effect, or another than it says", Why: "What somebody wanted to set is not in force."},
		}},
		{ID: "local.variables", Title: "environment variables of tip-cli", Why: "They come before the configuration.", Kinds: []finding.Kind{
			{ID: "local.variable-invalid", Status: finding.Fail, Title: "an environment variable has a value that it cannot have", Why: "Commands that need it end with exit code 5."},
			{ID: "local.variable-ignored", Status: finding.Warn, Title: "an environment variable has no effect", Why: "What somebody wanted to set is not in force."},
		}},
	}
}

func stateChecks() []finding.Check {
	return []finding.Check{
		{ID: "local.directory", Title: "state directory", Why: "Tokens and credentials are kept in it.", Kinds: []finding.Kind{
			{ID: "local.directory-unusable", Status: finding.Fail, Title: "the state cannot be kept in the directory", Why: "A JWT is marked as spent before it is sent: where nothing can be written safely, nothing is exchanged."},
			{ID: "local.directory-open", Status: finding.Warn, Title: "the state directory is open to other users", Why: "They can see what is there, and may be able to swap files."},
		}},
		{ID: "local.files", Title: "files of the state", Why: "Tokens and credentials are in them.", Kinds: []finding.Kind{
			{ID: "local.file-open", Status: finding.Warn, Title: "a file is open to other users", Why: "They can act as you with what is in it or, where they can write, have you use roles and programs of theirs."},
			{ID: "local.file-foreign", Status: finding.Warn, Title: "a file belongs to another user", Why: "Its owner can read and change it."},
			{ID: "local.file-unreadable", Status: finding.Fail, Title: "a file cannot be read", Why: "What is in it cannot be used, and nothing is put in its place."},
			{ID: "local.token-damaged", Status: finding.Fail, Title: "a file with your tokens is damaged", Why: "When the role session ends somebody has to sign in: \"sign-in required: the stored tokens were damaged\"."},
			{ID: "local.file-damaged", Status: finding.Warn, Title: "a file is damaged", Why: "What was in it is obtained anew at the next use; a full disk or a broken one may be behind it."},
		}},
		{ID: "local.tokens-sealed", Title: "seal of the tokens", Why: "Whoever copies the files, as backups do, must not have your identity with them.", Kinds: []finding.Kind{
			{ID: "local.tokens-plain", Status: finding.Warn, Title: "the tokens are not sealed", Why: "The original tip-cli left them in plain text: a refresh token in a backup is your identity at AWS until it is revoked."},
		}},
		{ID: "local.key", Title: "sealing key", Why: "Without it the tokens cannot be opened.", Kinds: []finding.Kind{
			{ID: "local.key-lost", Status: finding.Fail, Title: "the key that seals the tokens is lost", Why: "Nothing opens them again: when the role session ends somebody has to sign in."},
		}},
		{ID: "local.lock", Title: "locks", Why: "One process at a time exchanges a token: each can be exchanged once.", Kinds: []finding.Kind{
			{ID: "local.locked", Status: finding.Warn, Title: "another tip-cli is at work and does not end", Why: "Commands that need a new session wait for it, and SDKs give up meanwhile."},
			{ID: "local.lock-impossible", Status: finding.Fail, Title: "a lock cannot be taken", Why: "Nothing can be exchanged or stored."},
		}},
	}
}

func networkChecks() []finding.Check {
	return []finding.Check{
		{ID: "local.authorities", Title: "certificate authorities", Why: "AWS and the identity provider are believed because of them.", Kinds: []finding.Kind{
			{ID: "local.ca-bundle-unusable", Status: finding.Fail, Title: "the file of AWS_CA_BUNDLE cannot be used", Why: "No connection is made at all: \"AWS_CA_BUNDLE ...: no certificate in it\"."},
		}},
		{ID: "local.proxy", Title: "proxy", Why: "All requests go through it.", Kinds: []finding.Kind{
			{ID: "local.proxy-invalid", Status: finding.Fail, Title: "the address of the proxy is not a URL", Why: "Requests go past the proxy or end with an error, such as \"unsupported protocol scheme\" or a timeout."},
			{ID: "local.proxy-unreachable", Status: finding.Fail, Title: "the proxy does not answer", Why: "Neither AWS nor the identity provider can be reached: \"proxyconnect tcp: connection refused\"."},
		}},
		{ID: "local.endpoints", Title: "endpoints of AWS", Why: "Tokens and credentials are sent there.", Kinds: []finding.Kind{
			{ID: "local.endpoint-invalid", Status: finding.Fail, Title: "an endpoint is not a URL", Why: "Requests to the service end with an error of the SDK."},
			{ID: "local.endpoint-unreachable", Status: finding.Fail, Title: "AWS does not answer", Why: "Every exchange begins at STS: tip-cli ends with an error of the connection, and there are no credentials."},
			{ID: "local.endpoint-plain", Status: finding.Warn, Title: "an endpoint is without TLS", Why: "Your JWT and your credentials travel in the clear."},
		}},
		{ID: "local.clock", Title: "clock", Why: "Signatures and tokens hold for a time.", Kinds: []finding.Kind{
			{ID: "local.clock-off", Status: finding.Fail, Title: "the clock of this machine is wrong", Why: "AWS refuses signatures that are five minutes off (SignatureDoesNotMatch, RequestTimeTooSkewed), and tokens seem expired or not yet valid."},
			{ID: "local.clock-drifts", Status: finding.Warn, Title: "the clock of this machine is off", Why: "It still works; from five minutes on AWS refuses signatures (SignatureDoesNotMatch, RequestTimeTooSkewed)."},
			{ID: "local.provider-clock-off", Status: finding.Warn, Title: "the clock of the identity provider is off", Why: "AWS compares iat, nbf and exp of its tokens with its own clock and refuses them: ExpiredTokenException, invalid_grant."},
		}},
	}
}

func signInChecks() []finding.Check {
	return []finding.Check{
		{ID: "local.pause", Title: "failed sign-ins", Why: "After one that failed nobody is asked again by itself for some minutes.", Kinds: []finding.Kind{
			{ID: "local.sign-in-paused", Status: finding.Warn, Title: "a sign-in failed, and none is begun by itself for now", Why: "Commands that need one say \"sign-in required\" and ask nobody."},
		}},
		{ID: "local.redirect", Title: "redirect port", Why: "The browser brings the sign-in back by it.", Kinds: []finding.Kind{
			{ID: "local.port-in-use", Status: finding.Fail, Title: "another program has the redirect port", Why: "Nobody can sign in with a browser: the redirect would end there."},
			{ID: "local.port-forbidden", Status: finding.Fail, Title: "the redirect port may not be listened on", Why: "Nobody can sign in with a browser: ports below 1024 are the administrator's, and Windows reserves some."},
		}},
		{ID: "local.browser", Title: "browser", Why: "A sign-in opens it.", Kinds: []finding.Kind{
			{ID: "local.no-browser", Status: finding.Warn, Title: "there is no browser to open", Why: "sign_in_method is browser: the sign-in waits for a browser that nobody sees."},
			{ID: "local.browser-missing", Status: finding.Warn, Title: "the browser that BROWSER names is not there", Why: "The sign-in prints the address instead, for somebody to open."},
		}},
	}
}

func profileChecks() []finding.Check {
	return []finding.Check{
		{ID: "local.profiles", Title: "AWS profiles that use tip-cli", Why: "AWS tools get your credentials by them.", Kinds: []finding.Kind{
			{ID: "local.profiles-unreadable", Status: finding.Fail, Title: "the AWS config file cannot be used", Why: "No AWS tool can use a profile of it: ConfigParseError."},
			{ID: "local.profile-program-gone", Status: finding.Fail, Title: "a profile runs a program that is not there", Why: "AWS tools say \"Error when retrieving credentials from custom-process\"."},
			{ID: "local.profile-other-program", Status: finding.Warn, Title: "a profile runs another tip-cli than this one", Why: "It may be an older one, or the original: it knows neither sealed tokens nor contexts, and what works here may fail there."},
			{ID: "local.profile-context-gone", Status: finding.Fail, Title: "a profile is for a context that is not there", Why: "AWS tools say \"Error when retrieving credentials from custom-process\"."},
			{ID: "local.profile-masked", Status: finding.Fail, Title: "a profile gets other credentials than yours", Why: "AWS tools use them without a word: AWS then answers AccessDenied, or lets through who should not be."},
			{ID: "local.profile-loop", Status: finding.Fail, Title: "a profile waits for itself", Why: "The program of the configuration uses the profile whose credentials wait for it: \"tip-cli would run itself\"."},
			{ID: "local.profile-without-region", Status: finding.Warn, Title: "a profile has no region", Why: "AWS tools say \"You must specify a region\", or ask in us-east-1."},
		}},
	}
}
