package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

func newS3AG(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "s3ag", Short: "Credentials for S3 through S3 Access Grants",
		Example: "  tip-cli s3ag get-data-access --permission READ s3://example-bucket/prefix/",
		Args:    subcommandOnly,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGetDataAccess(a), newListCredentials(a), newClearCredentials(a))
	return cmd
}

// grantFlags are the flags of get-data-access, as typed.
type grantFlags struct {
	account, permission, targetType, privilege string
	duration                                   wholeSeconds
	minTTL                                     ttl
	force                                      bool
	// longer is how to get credentials of a longer life, "" if there is no way.
	longer string
}

func newGetDataAccess(a *app) *cobra.Command {
	f := grantFlags{longer: "for a longer life with --duration-seconds (43200 at most)"}
	cmd := &cobra.Command{
		Use: "get-data-access S3_PATH", Short: "Print S3 credentials for a path, for credential_process",
		Long: `Asks S3 Access Grants, as you, for credentials for an S3 path and prints them in
the form that credential_process of an AWS profile expects. Stored credentials
whose grant covers the path are printed while they hold. With --duration-seconds
only those do that were given for as long or longer, whatever is left of it; a
program that needs all of it also takes --force-new-creds.

With --min-ttl stored credentials are printed only if they have more than that
left; else new ones are asked for. These may fall short of it by the time that
getting them took, 50 seconds at most; it is an error if they do by more.`,
		Example: `  tip-cli s3ag get-data-access s3://example-bucket/prefix/ --permission READWRITE

  [profile my-tti-profile-s3ag]
  region=eu-west-1
  credential_process=tip-cli s3ag get-data-access s3://example-bucket/prefix/ --permission READWRITE`,
		Args: exactly(1, "the S3 path"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.request(args[0])
			if err != nil {
				return usage(cmd, err)
			}
			e, err := a.dataAccess(cmd.Context(), r)
			if err != nil {
				return err
			}
			return printCredentials(a.Stdout, s3Credentials(e))
		},
	}
	cmd.Flags().Var(&f.minTTL, "min-ttl", "life that must be left, such as 30m, or in seconds: else ask anew, or fail")
	cmd.Flags().BoolVar(&f.force, "force-new-creds", false, "ask S3 Access Grants even if stored credentials would do")
	f.register(cmd)
	return cmd
}

// register adds the flags that describe the request.
func (f *grantFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.account, "account-id", "", "account of the S3 Access Grants instance (default: the configured one, else the role's)")
	fl.StringVar(&f.permission, "permission", "READ", "READ, WRITE or READWRITE")
	fl.Var(&f.duration, "duration-seconds", "life of the credentials in seconds, 900 to 43200 (default: 3600); stored ones of a shorter life do not do then")
	fl.StringVar(&f.targetType, "target-type", "", "Object if the path is one object; else Prefix")
	fl.StringVar(&f.privilege, "privilege", "Default", "Default for all that the grant covers, Minimal for exactly the path")
}

func (f *grantFlags) request(target string) (session.GrantRequest, error) {
	if err := s3agcreds.ValidateTarget(target); err != nil {
		return session.GrantRequest{}, err
	}
	r := session.GrantRequest{
		Target: target, AccountID: f.account, Force: f.force,
		Permission: types.Permission(strings.ToUpper(f.permission)),
		Duration:   time.Duration(f.duration) * time.Second, MinTTL: time.Duration(f.minTTL),
	}
	if !slices.Contains(r.Permission.Values(), r.Permission) {
		return r, fmt.Errorf("--permission %q is none of READ, WRITE, READWRITE", f.permission)
	}
	switch strings.ToLower(f.targetType) {
	case "", "prefix":
	case "object":
		r.TargetType = types.S3PrefixTypeObject
	default:
		return r, fmt.Errorf("--target-type %q is neither Object nor Prefix", f.targetType)
	}
	switch strings.ToLower(f.privilege) {
	case "default":
		r.Privilege = types.PrivilegeDefault
	case "minimal":
		r.Privilege = types.PrivilegeMinimal
	default:
		return r, fmt.Errorf("--privilege %q is neither Default nor Minimal", f.privilege)
	}
	if f.duration != 0 && (f.duration < 900 || f.duration > 43200) {
		return r, fmt.Errorf("--duration-seconds %d is not between 900 and 43200", f.duration)
	}
	if f.account != "" && !isAccount(f.account) {
		return r, fmt.Errorf("--account-id %q is not 12 digits", f.account)
	}
	if longest := session.GrantLength(r.Duration); r.MinTTL > longest {
		return r, tooLong(r.MinTTL, longest, "the credentials have", f.longer)
	}
	return r, nil
}

// wholeSeconds is the value of --duration-seconds; zero if it was not given.
type wholeSeconds int

// String implements pflag.Value.
func (n *wholeSeconds) String() string { return strconv.Itoa(int(*n)) }

// Type implements pflag.Value.
func (n *wholeSeconds) Type() string { return "int" }

// Set implements pflag.Value.
func (n *wholeSeconds) Set(text string) error {
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return errors.New("give a whole number of seconds, 900 to 43200")
	}
	*n = wholeSeconds(number)
	return nil
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

func newListCredentials(a *app) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "list-credentials", Short: "List the stored S3 credentials",
		Example: `  tip-cli s3ag list-credentials
  tip-cli s3ag list-credentials --output json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			st, err := a.store()
			if err != nil {
				return err
			}
			entries, err := st.LoadS3()
			if err != nil {
				return err
			}
			return a.printGrants(entries, f)
		},
	}
	f.register(cmd)
	return cmd
}

func (a *app) printGrants(entries []store.S3Entry, f format) error {
	if f == formatJSON {
		list := make([]listedGrant, len(entries)) // [] and not null
		for i, e := range entries {
			list[i] = listedGrant{e.Target, e.Permission, e.TargetType, e.Privilege, e.AccountID, e.Expiration.UTC()}
		}
		return a.printJSON(list)
	}
	if len(entries) == 0 {
		a.say("There are no stored S3 credentials. Get some: tip-cli s3ag get-data-access S3_PATH")
		return nil
	}
	var rows [][]cell
	for _, e := range entries {
		row := cells(e.Target, e.Permission, e.Privilege, e.AccountID, expiry(e.Expiration))
		if time.Until(e.Expiration) <= 0 {
			row[4].style = faint
		}
		rows = append(rows, row)
	}
	return a.printTable([]string{"TARGET", "PERMISSION", "PRIVILEGE", "ACCOUNT", "EXPIRES"}, rows)
}

// listedGrant is an entry without its keys.
type listedGrant struct {
	Target     string    `json:"target"`
	Permission string    `json:"permission"`
	TargetType string    `json:"target_type"`
	Privilege  string    `json:"privilege"`
	AccountID  string    `json:"account_id,omitempty"`
	Expiration time.Time `json:"expiration"`
}

// expiry says when credentials end, for a person.
func expiry(at time.Time) string {
	text := at.Local().Format("2006-01-02 15:04:05")
	if left := time.Until(at); left <= 0 {
		return text + " (expired)"
	}
	return text
}

func newClearCredentials(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "clear-credentials [TARGET]", Short: "Delete stored S3 credentials, all or those of a target",
		Long: `Deletes the S3 credentials that are stored here: all, or those of one target as
"tip-cli s3ag list-credentials" shows it. It is an error (exit code 1) if there
are none of it. S3 takes credentials that were handed out until they expire.`,
		Example: `  tip-cli s3ag clear-credentials
  tip-cli s3ag clear-credentials 's3://example-bucket/prefix/*'`,
		Args: between(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := ""
			if len(args) == 1 {
				if target = args[0]; target == "" {
					return usage(cmd, errors.New("the target is empty"))
				}
			}
			st, err := a.store()
			if err != nil {
				return err
			}
			n, err := a.clearS3(cmd.Context(), st, target)
			if err != nil {
				return err
			}
			a.say("Deleted %s.", counted(n, "entry of stored S3 credentials", "entries of stored S3 credentials"))
			return nil
		},
	}
}

// clearPatience bounds how long clear-credentials waits for those who store some.
const clearPatience = 10 * time.Second

// clearS3 deletes the entries of a target, or all of them if it is "", and counts them.
func (a *app) clearS3(ctx context.Context, st *store.Store, target string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, clearPatience)
	defer cancel()
	defer a.progress.begin(waitingForOthers)()
	n, err := st.ClearS3(ctx, target)
	if err != nil || n > 0 || target == "" {
		return n, err
	}
	entries, err := st.LoadS3()
	if err != nil {
		return 0, err
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Target)
	}
	return 0, &targetError{target: target, near: nearest(target, there)}
}

// targetError says that there are no stored credentials of a target.
type targetError struct{ target, near string }

// Error implements error.
func (e *targetError) Error() string {
	return fmt.Sprintf("there are no stored S3 credentials of %.100q", e.target)
}

// Hint is the target that may have been meant.
func (e *targetError) Hint() string {
	if e.near == "" {
		return "see: tip-cli s3ag list-credentials"
	}
	return fmt.Sprintf("did you mean %.100q? See: tip-cli s3ag list-credentials", e.near)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
