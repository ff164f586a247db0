package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// grantFlags are the flags of get-data-access, as typed.
type grantFlags struct {
	account, permission, targetType, privilege string
	region                                     regionName
	duration                                   wholeSeconds
	auditContext                               auditText
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

Without --account-id and s3ag_account_id of the configuration the account of your
role is asked. If that has no instance, or no grant for you, AWS is asked whose
instance the path belongs to, and then that account. The instance must be in the
region of the bucket: the configured one, or --region.

An --audit-context is what CloudTrail records with the credentials. Stored ones do
only for the very same text, and without one only those that were given without.

Programs that ask for the same bucket at the same time wait for one of them, for
half a minute at most, and take what it got if that covers their path; those that it
does not help ask soon after, and --force-new-creds waits for nobody.

With --min-ttl stored credentials are printed only if they have more than that
left; else new ones are asked for. These may fall short of it by the time that
getting them took, 50 seconds at most; it is an error if they do by more.`,
		Example: `  tip-cli s3ag get-data-access s3://example-bucket/prefix/ --permission READWRITE
  tip-cli s3ag get-data-access s3://other-bucket/ --account-id 111122223333 --region us-east-1

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
	cmd.Flags().Var(&f.region, "region", "region of the S3 Access Grants instance and the bucket (default: the configured one)")
	cmd.Flags().BoolVar(&f.force, "force-new-creds", false, "ask S3 Access Grants even if stored credentials would do")
	f.register(cmd)
	return cmd
}

// register adds the flags that describe the request.
func (f *grantFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.account, "account-id", "", "account of the S3 Access Grants instance (default: the configured one, else the role's, else the owner of the instance for the path)")
	fl.StringVar(&f.permission, "permission", "READ", "READ, WRITE or READWRITE")
	fl.Var(&f.duration, "duration-seconds", "life of the credentials in seconds, 900 to 43200 (default: 3600); stored ones of a shorter life do not do then")
	fl.StringVar(&f.targetType, "target-type", "", "Object if the path is one object; else Prefix")
	fl.Var(&f.auditContext, "audit-context", "why the credentials are needed, for CloudTrail, 1 to 2048 characters; stored ones do only if it is the same")
	fl.StringVar(&f.privilege, "privilege", "Default", "Default for all that the grant covers, Minimal for exactly the path")
}

func (f *grantFlags) request(target string) (session.GrantRequest, error) {
	if err := s3agcreds.ValidateTarget(target); err != nil {
		return session.GrantRequest{}, err
	}
	r := session.GrantRequest{
		Target: target, AccountID: f.account, Region: string(f.region), AuditContext: f.auditContext.text, Force: f.force,
		Permission: types.Permission(strings.ToUpper(f.permission)),
		Duration:   time.Duration(f.duration) * time.Second, MinTTL: time.Duration(f.minTTL),
	}
	if !slices.Contains(r.Permission.Values(), r.Permission) {
		return r, fmt.Errorf("--permission %q is none of READ, WRITE, READWRITE", f.permission)
	}
	switch strings.ToLower(f.targetType) {
	case "", "prefix":
	case "object":
		if r.TargetType = types.S3PrefixTypeObject; !isObject(target) {
			return r, fmt.Errorf("--target-type Object is for one object, and %.100q is a bucket or has a star at its end", target)
		}
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
	if err := f.auditContext.check(); err != nil {
		return r, err
	}
	if longest := session.GrantLength(r.Duration); r.MinTTL > longest {
		return r, tooLong(r.MinTTL, longest, "the credentials have", f.longer)
	}
	return r, nil
}

// isObject reports whether a target can be one object.
func isObject(target string) bool {
	_, key, _ := strings.Cut(strings.TrimPrefix(target, "s3://"), "/")
	return key != "" && !strings.HasSuffix(key, "*")
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
