package cli

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/session"
)

// grantCommandLine is the command line of a subcommand of s3ag that asks for the same, to
// be copied; "" if it has characters that are not shown.
type grantCommandLine func(name string, r *session.GrantRequest, more ...string) string

// s3agCommand is a [grantCommandLine] in the context of this one.
func (a *app) s3agCommand(name string, r *session.GrantRequest, more ...string) string {
	words := []string{"s3ag", name, r.Target, "--permission", string(r.Permission)}
	if r.Privilege == types.PrivilegeMinimal {
		words = append(words, "--privilege", string(r.Privilege))
	}
	seconds := ""
	if r.Duration != 0 {
		seconds = strconv.Itoa(int(r.Duration / time.Second))
	}
	for _, flag := range []struct{ name, value string }{
		{"--target-type", string(r.TargetType)}, {"--account-id", r.AccountID}, {"--region", r.Region},
		{"--duration-seconds", seconds}, {"--audit-context", r.AuditContext},
	} {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	if a.contextFlag != "" {
		words = append([]string{"--context", a.contextFlag}, words...)
	}
	command := awsprofile.Command("tip-cli", append(words, more...)...)
	if command != printable(command) {
		return ""
	}
	return command
}
