package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// listFlags are the flags of list-grants, as typed.
type listFlags struct {
	account, prefix, permission string
	region                      regionName
	all                         bool
	output                      format
}

func newListGrants(a *app) *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use: "list-grants", Short: "List what S3 Access Grants lets you reach",
		Long: `Lists, by ListCallerAccessGrants, the grants of S3 Access Grants that are yours:
those of your user and its groups in IAM Identity Center, and those of the role.
AWS does not tell to which of them a grant was made. TYPE is BUCKET for a whole
bucket, OBJECT for one object, and PREFIX for whatever else ends with a star.

Grants that are bound to another application of IAM Identity Center are of no use
here and left out; --all-applications lists them, too. APPLICATION is "all" or the
one that a grant is bound to, "this one" if it is that of tip-cli, and "-" for
grants to the role.

Without --account-id it asks the configured account (s3ag_account_id), else that of
the role. With --prefix, if neither is named and there is nothing, the account is
asked that has the instance for that path. --prefix leaves out what does not begin
with it, so also a grant for a path above it: see tip-cli s3ag explain.

The role needs s3:ListCallerAccessGrants, which the original's template does not
give; get-data-access does without. Shells then complete the targets that were
listed. An empty list is no error. At most 100,000 grants are listed.

With --output json it is an object; docs/output.md explains its members.`,
		Example: `  tip-cli s3ag list-grants
  tip-cli s3ag list-grants --prefix s3://example-bucket/ --permission WRITE
  tip-cli s3ag list-grants --all-applications --output json`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usage(cmd, err)
			}
			return a.listGrants(cmd.Context(), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.account, "account-id", "", "account of the S3 Access Grants instance (default: the configured one, else the role's)")
	fl.Var(&f.region, "region", "region of the instance (default: the configured one, else that of the environment)")
	fl.StringVar(&f.prefix, "prefix", "", "only grants whose target begins with it, such as s3://example-bucket/")
	fl.StringVar(&f.permission, "permission", "", "only grants that include READ, WRITE or READWRITE")
	fl.BoolVar(&f.all, "all-applications", false, "list grants for other applications as well")
	f.output.register(cmd)
	return cmd
}

// check refuses flags that cannot be meant.
func (f *listFlags) check() error {
	if f.account != "" && !isAccount(f.account) {
		return fmt.Errorf("--account-id %q is not 12 digits", f.account)
	}
	if f.prefix != "" {
		if err := s3agcreds.ValidateTarget(f.prefix); err != nil {
			return fmt.Errorf("--prefix: %w", err)
		}
		f.prefix = strings.TrimSuffix(f.prefix, "*") // as the target of a grant has it
		f.prefix = strings.TrimSuffix(f.prefix, "s3://")
	}
	p := types.Permission(strings.ToUpper(f.permission))
	if p != "" && !slices.Contains(p.Values(), p) {
		return fmt.Errorf("--permission %q is none of READ, WRITE, READWRITE", f.permission)
	}
	f.permission = string(p)
	return nil
}

func (a *app) listGrants(ctx context.Context, f *listFlags) error {
	s, err := a.grantsSession(string(f.region))
	if err != nil {
		return err
	}
	end := a.progress.begin("asking S3 Access Grants")
	found, err := s.CallerGrants(ctx, session.GrantsQuery{AccountID: f.account, Region: string(f.region), Prefix: f.prefix, Owner: f.prefix})
	end()
	if err != nil {
		return err
	}
	l := newGrantList(&found, f)
	if f.output == formatJSON {
		return a.printJSON(l)
	}
	if len(l.Grants) > 0 {
		if err := a.printTable([]string{"TYPE", "TARGET", "PERMISSION", "APPLICATION"}, l.rows()); err != nil {
			return err
		}
	}
	for _, line := range a.remarks(l, f) {
		a.say("%s", oneLine(line))
	}
	return nil
}

// grantsSession is the flow for questions about grants; region is the one that was
// typed, or "".
func (a *app) grantsSession(region string) (*session.Session, error) {
	c, err := a.validConfig()
	if err != nil {
		return nil, err
	}
	if region != "" {
		typed := c
		typed.Region, typed.IdentityCenterRegion = region, ""
		if _, err := typed.Regions(a.Getenv, nil); err != nil {
			return nil, &usageError{err: fmt.Errorf("--region: %w", err), hint: "name a region such as eu-west-1"}
		}
	}
	return a.sessionFor(c)
}

// grantList is the JSON of list-grants.
type grantList struct {
	AccountID   string      `json:"account_id"`
	Region      string      `json:"region"`
	Application known       `json:"application_arn"`
	Grants      []grantLine `json:"grants"`
	// Other is how many are left out because they are for other applications.
	Other     int    `json:"for_other_applications"`
	Truncated bool   `json:"truncated"`
	Unfound   string `json:"owner_unread,omitempty"`
	// ownerFound says that the account was looked up.
	ownerFound bool
}

type grantLine struct {
	Type        string `json:"type"`
	Target      string `json:"target"`
	Permission  string `json:"permission"`
	Application known  `json:"application"`
	Usable      bool   `json:"usable"`
}

func newGrantLine(found *session.CallerGrants, g session.CallerGrant) grantLine {
	return grantLine{session.GrantType(g.Scope), g.Scope, string(g.Permission), known(g.Application), found.Usable(g)}
}

func newGrantList(found *session.CallerGrants, f *listFlags) *grantList {
	l := &grantList{
		AccountID: found.AccountID, Region: found.Region, Application: known(found.Application),
		Grants: []grantLine{}, Truncated: found.Truncated, Unfound: found.Unfound, ownerFound: found.Found,
	}
	for _, g := range found.Grants {
		switch {
		case f.permission != "" && !g.Permits(types.Permission(f.permission)):
		case !f.all && !found.Usable(g):
			l.Other++
		default:
			l.Grants = append(l.Grants, newGrantLine(found, g))
		}
	}
	return l
}

func (l *grantList) rows() [][]cell {
	var rows [][]cell
	for _, g := range l.Grants {
		row := cells(g.Type, g.Target, g.Permission, g.application(string(l.Application)))
		if !g.Usable {
			for i := range row {
				row[i].style = faint
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// application is whom a grant is bound to, for a person; own is that of the session.
func (g *grantLine) application(own string) string {
	switch g.Application {
	case "ALL":
		return "all"
	case "NA", "":
		return "-"
	case known(own):
		return "this one"
	}
	return string(g.Application)
}

// remarks are what else there is to say to a person.
func (a *app) remarks(l *grantList, f *listFlags) []string {
	var lines []string
	where := fmt.Sprintf("in the S3 Access Grants instance of account %s in %s", l.AccountID, l.Region)
	if len(l.Grants) == 0 {
		lines = append(lines, "There is no grant for you "+where+f.narrowed()+". Ask its administrator for one, or look elsewhere with --account-id or --region.")
		if command := a.explainPrefix(f); command != "" {
			lines = append(lines, "A grant for a path above it is not in such a list; see: "+command)
		}
	} else if l.ownerFound {
		lines = append(lines, "They are "+where+", which AWS names for "+visible(f.prefix)+".")
	}
	if l.Other > 0 {
		lines = append(lines, counted(l.Other, "grant is", "grants are")+" for other applications; see them with: tip-cli s3ag list-grants --all-applications")
	}
	if l.Truncated {
		lines = append(lines, "There are more; narrow the list with --prefix.")
	}
	if l.Unfound != "" {
		lines = append(lines, "Whether another account has the bucket is not known: "+l.Unfound)
	}
	return lines
}

// explainPrefix is the command that also tells of grants for what is above a prefix, ""
// if there is none to be told.
func (a *app) explainPrefix(f *listFlags) string {
	if f.prefix == "" {
		return ""
	}
	r := session.GrantRequest{Target: f.prefix, Permission: types.Permission(orElse(f.permission, "READ")), AccountID: f.account, Region: string(f.region)}
	if !strings.HasSuffix(f.prefix, "/") {
		r.Target += "*"
	}
	return a.s3agCommand("explain", &r)
}

// narrowed says what the list was narrowed to.
func (f *listFlags) narrowed() string {
	text := ""
	if f.prefix != "" {
		text += " that begins with " + visible(f.prefix)
	}
	if f.permission != "" {
		text += " with " + f.permission
	}
	return text
}
