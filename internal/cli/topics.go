package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
)

// Topic is something to know that belongs to no command.
type Topic struct {
	// Name is what follows `tip-cli help`, such as "exit-codes".
	Name string
	// Short is one line without a full stop, Intro a few sentences.
	Short, Intro string
	Entries      []Entry
}

// Entry is one thing in a topic and what it means.
type Entry struct{ Name, Text string }

// Topics returns the topics in the order in which they are listed.
func Topics() []Topic {
	return []Topic{
		{
			"environment", "Environment variables that tip-cli reads",
			"A flag comes before a variable, and a variable before the configuration.", environment(),
		},
		{
			"exit-codes", "What the exit codes say",
			"Stdout carries the answer or nothing. An error is a line on stderr, and where something can be done about it, a second line says what. The exit code of exec is that of the command that it runs.", exitCodes(),
		},
		{
			"files", "What lies where",
			"The state is in ~/.aws_tip_cli, mode 0700, or where AWS_TIP_CLI says. The files are those of the original, and some more.", files(),
		},
	}
}

func environment() []Entry {
	return []Entry{
		{store.HomeVariable, "the state directory; a relative path is relative to the working directory, and ~ is not expanded (default: ~/.aws_tip_cli)"},
		{store.ContextVariable, "the context, as --context"},
		{signInVariable, "whether commands other than auth may ask for a sign-in: auto, never or always; before the key sign_in of the configuration"},
		{store.KeyringVariable, "off keeps the sealing key out of the keyring of the operating system, in a file"},
		{accessibleVariable + ", " + otherAccessibleVariable, "if one is not empty, questions are asked in plain lines, as screen readers want them"},
		{"TIP_CLI_FASTPATH", "off switches the shortcut off by which auth get-iam-credentials and s3ag get-data-access print stored credentials"},
		{recursion.Variable, "set by tip-cli for the programs that it runs, so that none of them leads back to it"},
		{"TIP_CLI_COMPLETION_DESCRIPTIONS", "false leaves the descriptions out of what a shell completes"},
		{"AWS_REGION, AWS_DEFAULT_REGION", "the region where the configuration has none"},
		{"AWS_PROFILE, AWS_DEFAULT_PROFILE", "the AWS profile whose region counts where nothing else names one; nothing more is taken from a profile"},
		{"AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE", "the files that auth set-aws-profile writes and looks at (default: ~/.aws/config and ~/.aws/credentials)"},
		{botoVariable, "a file of boto: exec --server looks whether it has keys, which the AWS CLI would take first"},
		{shellenv.RegionsVariable, "what env has set of the region in this shell; env --unset removes it"},
		{transport.CAVariable, "a file of CA certificates, added to those of the system, for AWS and the identity provider alike"},
		{"SSL_CERT_FILE, SSL_CERT_DIR", "on systems other than Windows and macOS, certificate authorities in place of the system's"},
		{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy, in capitals or not; HTTP_PROXY counts for nothing where REQUEST_METHOD is set, as it is in CGI"},
		{"AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SSO_OIDC, AWS_ENDPOINT_URL_S3_CONTROL, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_IDENTITYSTORE", "other endpoints than those of AWS, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true"},
		{"AWS_ENDPOINT_URL_SSO_ADMIN, AWS_ENDPOINT_URL_IAM, AWS_ENDPOINT_URL_ATHENA", "the same for what diag reads"},
		{"AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT", "true asks for such endpoints of AWS"},
		{"AWS_RETRY_MODE, AWS_MAX_ATTEMPTS, AWS_DEFAULTS_MODE, AWS_SDK_UA_APP_ID", "as every AWS SDK has them"},
		{"BROWSER", "the browser that signs you in, as a command; %s in it is the address"},
		{"DISPLAY, WAYLAND_DISPLAY", "on Linux, whether this machine can show a browser"},
		{"SSH_CONNECTION, SSH_CLIENT, SSH_TTY", "whether you sit at another machine, where a browser that opens here is of no use"},
		{"CI, TF_BUILD, JENKINS_URL, TEAMCITY_VERSION, CODEBUILD_BUILD_ID", "whether this is a job in which nobody can be asked"},
		{"AWS_EXECUTION_ENV, KUBERNETES_SERVICE_HOST, container, REMOTE_CONTAINERS, CODESPACES, ECS_CONTAINER_METADATA_URI_V4", "whether this is a container"},
		{"WSL_DISTRO_NAME, WSL_INTEROP", "whether this is Linux on Windows, whose browser can be opened"},
		{"SHELL, PSModulePath, USERPROFILE", "the shell for which env prints, the latter two on Windows"},
		{"DBUS_SESSION_BUS_ADDRESS", "on Linux, where the keyring is"},
		{"NO_COLOR", "if it is not empty, there is no colour; TERM=dumb does the same"},
	}
}

func exitCodes() []Entry {
	var entries []Entry
	for _, e := range []struct {
		code int
		text string
	}{
		{ExitOK, "done"},
		{ExitError, "another error"},
		{ExitUsage, "wrong command line"},
		{ExitSignInRequired, "a person has to sign in: tip-cli auth"},
		{ExitAccessDenied, "access denied by AWS or by the identity provider"},
		{ExitConfiguration, "something is not configured, or wrongly"},
		{ExitUnavailable, "AWS or the identity provider cannot be reached, or is too slow"},
		{ExitCannotRun, "exec: the command is there and cannot be run"},
		{ExitNotFound, "exec: the command was not found"},
		{ExitInterrupted, "interrupted, such as by Ctrl-C"},
	} {
		entries = append(entries, Entry{strconv.Itoa(e.code), e.text})
	}
	return entries
}

func files() []Entry {
	return []Entry{
		{store.ConfigFile, "what tip-cli configure was told"},
		{store.IDPTokenFile, "the ID token and the refresh token, sealed"},
		{store.RoleFile, "the credentials of the identity-enhanced session, mode 0600"},
		{store.IdentityFile, "whose session that is, for whoami and status"},
		{store.S3File, "the credentials of S3 Access Grants, mode 0600"},
		{store.S3DeniedFile, "what S3 Access Grants has refused in the last minute, for the processes that wait for the same answer"},
		{store.GrantsFile, "the targets of your S3 access grants as list-grants has seen them, for completion"},
		{store.ApplicationTokenFile, "the refresh token of IAM Identity Center, sealed"},
		{store.ClientSecretFile, "the secret of a confidential client, sealed"},
		{store.IssuerFile, "the issuer of a Cognito user pool, where it had to be learned"},
		{store.SignInFile, "when a sign-in was last tried in vain"},
		{store.CurrentContextFile, "the context that tip-cli configure use-context chose"},
		{"sealing_key_*", "the key that seals, where there is no keyring"},
		{"sealing_keys.json", "the names of the keys that are in the keyring"},
		{"*.lock", "locks, empty; they stay"},
		{"*.damaged, *.damaged-N", "what could not be read and was set aside; delete it when you are done with it"},
		{"contexts/NAME", "the same files of the context NAME"},
		{"~/.aws/config", "the AWS profiles, of which auth set-aws-profile writes one"},
	}
}

// newTopics are the topics for cobra: commands that do nothing.
func newTopics(a *app) []*cobra.Command {
	var commands []*cobra.Command
	for _, t := range Topics() {
		cmd := &cobra.Command{Use: t.Name, Short: t.Short, Long: t.text(), ValidArgsFunction: cobra.NoFileCompletions}
		cmd.SetHelpFunc(a.helpOnTopic)
		commands = append(commands, cmd)
	}
	return commands
}

// helpOnTopic prints a topic. A help function returns no error: what is wrong with
// the command line is left for Run.
func (a *app) helpOnTopic(cmd *cobra.Command, args []string) {
	asked, err := cmd.Flags().GetBool("help")
	if rest := cmd.Flags().Args(); len(rest) > 0 && (err != nil || !asked) {
		a.refused = exactly(0, "")(cmd, rest)
		return
	}
	a.help(cmd, args)
}

// beside is the length of a name, in characters, up to which its text stands beside it.
const beside = 24

// text is the topic for a terminal.
func (t Topic) text() string {
	lines := append(wrapped(t.Intro, helpWidth), "")
	width := 0
	for _, e := range t.Entries {
		width = max(width, len(e.Name))
	}
	for _, e := range t.Entries {
		if width <= beside {
			lines = append(lines, hanging(fmt.Sprintf("  %-*s  ", width, e.Name), e.Text)...)
			continue
		}
		lines = append(lines, "  "+strings.Join(wrapped(e.Name, helpWidth-2), "\n  "))
		lines = append(lines, hanging("      ", e.Text)...)
	}
	return strings.Join(lines, "\n")
}

// hanging puts text behind lead, and its further lines below its first.
func hanging(lead, text string) []string {
	lines := wrapped(text, helpWidth-len(lead))
	for i := range lines {
		if i == 0 {
			lines[i] = lead + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", len(lead)) + lines[i]
		}
	}
	return lines
}

// wrapped breaks text into lines of at most width characters, where words allow.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
