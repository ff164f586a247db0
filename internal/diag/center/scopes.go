package center

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// workgroupScope is what Athena's work groups with Identity Center want.
const workgroupScope = "athena:workgroup:read_write"

// needed are the access scopes that a service cannot do without.
func needed(s chain.Service) []string {
	return map[chain.Service][]string{
		chain.S3:            {"s3:access_grants:read_write"},
		chain.AthenaService: {"lakeformation:query"},
		chain.LakeFormation: {"lakeformation:query"},
		chain.Redshift:      {"redshift:connect"},
		chain.QBusiness: {
			"qbusiness:conversations:access", "qbusiness:conversations:read_write", "qbusiness:messages:access", "qbusiness:messages:read_write",
		},
	}[s]
}

// scopes looks for those of the services that are wanted.
func (l *look) scopes(ctx context.Context) {
	p := ssoadmin.NewListApplicationAccessScopesPaginator(l.sso, &ssoadmin.ListApplicationAccessScopesInput{ApplicationArn: &l.c.Asked.ApplicationARN, MaxResults: aws.Int32(10)})
	list, err := every(ctx, p, func(p *ssoadmin.ListApplicationAccessScopesOutput) []types.ScopeDetails { return p.Scopes })
	if r := refusal.Of("sso:ListApplicationAccessScopes", err); r != nil {
		l.unread(r, "center.scopes")
		return
	}
	have := map[string][]string{}
	for i := range list {
		have[aws.ToString(list[i].Scope)] = list[i].AuthorizedTargets
	}
	l.c.Registration.Scopes = have
	l.judgeScopes(have)
}

func (l *look) judgeScopes(have map[string][]string) {
	var missing []string
	bound := map[string]bool{}
	for _, service := range l.c.Asked.Services {
		for _, scope := range needed(service) {
			if targets, ok := have[scope]; !ok {
				missing = append(missing, scope)
			} else if len(targets) > 0 && !slices.ContainsFunc(targets, l.ownTarget) {
				bound[scope] = true
			}
		}
	}
	missing = distinct(missing)
	if len(missing) > 0 {
		l.Found("center.scope-missing", l.c.Asked.ApplicationARN, "missing: "+listed(missing)+"; there: "+listed(slices.Sorted(maps.Keys(have))), l.putScopes(missing))
	}
	for _, scope := range slices.Sorted(maps.Keys(bound)) {
		l.Found("center.scope-target", l.c.Asked.ApplicationARN, "the authorized targets of "+scope+" are "+listed(have[scope])+"; none is of "+l.c.Registration.InstanceARN,
			l.putTarget(scope, have[scope]))
	}
	if _, ok := have[workgroupScope]; !ok && l.c.Asked.Wants(chain.AthenaService) {
		l.Found("center.scope-workgroup", l.c.Asked.ApplicationARN, "missing: "+workgroupScope, l.putScopes([]string{workgroupScope}))
	}
	if !l.Has("center.scopes") {
		l.OK("center.scopes", described(have))
	}
}

// ownTarget reports whether a target is the instance or an application of it. Which
// application of AWS is the right one cannot be told from here.
func (l *look) ownTarget(arn string) bool {
	return arn == l.c.Registration.InstanceARN || strings.Contains(arn, ":application/"+l.arn.instanceID+"/")
}

// putScopes adds scopes without a limit to targets.
func (l *look) putScopes(scopes []string) finding.Fix {
	commands := make([]string, len(scopes))
	for i, scope := range scopes {
		commands[i] = l.aws("sso-admin", "put-application-access-scope", "--application-arn", l.c.Asked.ApplicationARN, "--scope", scope)
	}
	return fix("add to the application: "+strings.Join(scopes, ", "), strings.Join(commands, " && "))
}

// putTarget adds the instance to the targets of a scope, in place of the last one if
// there is no room.
func (l *look) putTarget(scope string, targets []string) finding.Fix {
	const most = 10
	words := []string{"sso-admin", "put-application-access-scope", "--application-arn", l.c.Asked.ApplicationARN, "--scope", scope, "--authorized-targets"}
	words = append(words, targets[:min(len(targets), most-1)]...)
	return fix("add the instance to the targets of "+scope, l.aws(append(words, l.c.Registration.InstanceARN)...))
}

func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// described names scopes, and the targets of those that have any.
func described(have map[string][]string) string {
	texts := make([]string, 0, len(have))
	for _, scope := range slices.Sorted(maps.Keys(have)) {
		if targets := have[scope]; len(targets) > 0 {
			scope += " (for " + listed(targets) + ")"
		}
		texts = append(texts, scope)
	}
	return listed(texts)
}
