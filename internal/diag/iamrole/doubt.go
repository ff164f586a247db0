package iamrole

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// elsewhere are condition keys that depend on where a request comes from, when, and
// to whom an account belongs: a diagnosis that runs elsewhere does not know them.
// Those that end in a slash or a colon stand for all that begin so.
var elsewhere = []string{
	"aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
	"aws:UserAgent", "aws:Referer", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:SourceOrgID",
	"aws:SourceOrgPaths", "aws:ResourceAccount", "aws:TokenIssueTime", "aws:CurrentTime", "aws:EpochTime", "aws:RequestedRegion", "aws:SecureTransport", "aws:PrincipalTag/",
	"aws:userid", "aws:ResourceTag/", "iam:ResourceTag/", "sts:DurationSeconds", "sts:RoleSessionName", "sts:RequestContext/", "identitystore:", "identitycenter:",
	"aws:SourceIdentity", "s3:", "athena:", "lakeformation:", "glue:",
}

// doubtful reports whether a key may have a value in the request that is not known.
func (q *Request) doubtful(key string) bool {
	_, known := q.Keys.Get(key)
	return !known && !covers(q.Settled, key) && (covers(elsewhere, key) || covers(q.Unsettled, key))
}

// covers reports whether a key is among names, or begins as one that ends openly.
func covers(names []string, key string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		if strings.HasSuffix(name, "/") || strings.HasSuffix(name, ":") {
			return len(key) >= len(name) && strings.EqualFold(key[:len(name)], name)
		}
		return strings.EqualFold(key, name)
	})
}

var variable = lazyregexp.New(`\$\{([^},]+)[^}]*\}`)

// leanings returns a document as it stands if all doubts go the way of the request,
// and if none does, with the keys that are in doubt. Without any all three are the
// document itself and nil. Statements keep their places.
func (q *Request) leanings(doc *policy.Document) (kind, unkind *policy.Document, doubts []string) {
	if doc == nil {
		return nil, nil, nil
	}
	draft := Edit(doc)
	friend, foe := draft.Clone(), draft.Clone()
	for i := range draft.Statement {
		loose, found := q.withoutDoubts(draft.Statement[i])
		if len(found) == 0 {
			continue
		}
		doubts = append(doubts, found...)
		friend.Statement[i], foe.Statement[i] = loose, never(draft.Statement[i])
		if draft.Statement[i].Effect == "Deny" {
			friend.Statement[i], foe.Statement[i] = foe.Statement[i], friend.Statement[i]
		}
	}
	if len(doubts) == 0 {
		return doc, doc, nil
	}
	return reparsed(friend, doc), reparsed(foe, doc), doubts
}

// reparsed is a draft of a document as a document, the document itself if it cannot be.
func reparsed(d *Draft, of *policy.Document) *policy.Document {
	doc, err := policy.Parse([]byte(d.Text()), of.Kind())
	if err != nil {
		return of
	}
	return doc.WithARN(of.ARN())
}

// never is a statement that applies to nothing.
func never(s Statement) Statement {
	s.Action, s.NotAction = Value("sts:NoSuchOperation"), nil
	return s
}

// withoutDoubts is a statement without what may be true or false, and the keys of that.
func (q *Request) withoutDoubts(s Statement) (Statement, []string) {
	var doubts []string
	conditions := map[string]map[string]json.RawMessage{}
	if s.Condition != nil && json.Unmarshal(s.Condition, &conditions) != nil {
		return s, nil
	}
	for _, operands := range conditions {
		for key, values := range operands {
			if found := q.doubtsOf(key, string(values)); len(found) > 0 {
				doubts = append(doubts, found...)
				delete(operands, key)
			}
		}
	}
	if len(doubts) > 0 {
		s.Condition = Value(conditions)
	}
	var of []string
	s.Resource, of = q.anyResource(s.Resource)
	doubts = append(doubts, of...)
	if _, of := q.anyResource(s.NotResource); len(of) > 0 {
		s.Resource, s.NotResource, doubts = Value("*"), nil, append(doubts, of...)
	}
	if q.Anywhere && s.Resource != nil && !everywhere(s) || q.Anywhere && s.NotResource != nil {
		s.Resource, s.NotResource, doubts = Value("*"), nil, append(doubts, TheResource)
	}
	slices.Sort(doubts)
	return s, slices.Compact(doubts)
}

// everywhere reports whether a statement is about all resources.
func everywhere(s Statement) bool { return slices.Contains(List(s.Resource), "*") }

func (q *Request) doubtsOf(key, values string) []string {
	var doubts []string
	if q.doubtful(key) {
		doubts = append(doubts, key)
	}
	for _, v := range variable().FindAllStringSubmatch(values, -1) {
		if q.doubtful(v[1]) {
			doubts = append(doubts, v[1])
		}
	}
	return doubts
}

// anyResource puts a star for every variable in doubt.
func (q *Request) anyResource(resource json.RawMessage) (json.RawMessage, []string) {
	var doubts []string
	text := replaceVariables(string(resource), func(whole, key string) string {
		if !q.doubtful(key) {
			return whole
		}
		doubts = append(doubts, key)
		return "*"
	})
	if len(doubts) == 0 {
		return resource, nil
	}
	return json.RawMessage(text), doubts
}

func replaceVariables(text string, with func(whole, key string) string) string {
	var b strings.Builder
	for {
		at := variable().FindStringSubmatchIndex(text)
		if at == nil {
			return b.String() + text
		}
		b.WriteString(text[:at[0]])
		b.WriteString(with(text[at[0]:at[1]], text[at[2]:at[3]]))
		text = text[at[1]:]
	}
}
