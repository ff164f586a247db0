package explain

import (
	"fmt"
	"slices"
	"strings"
)

// mostEvents are explained of a list.
const mostEvents = 50

// cloudTrail finds events of CloudTrail: one, those of a log file (Records), those of
// lookup-events (Events with CloudTrailEvent in a string), and those of EventBridge (detail).
func cloudTrail(documents []any) []map[string]any {
	var events []map[string]any
	var look func(v any, depth int)
	look = func(v any, depth int) {
		const deepest = 4
		if depth > deepest {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				look(one, depth+1)
			}
		case map[string]any:
			if text, ok := v["CloudTrailEvent"].(string); ok && strings.HasPrefix(text, "{") {
				for _, one := range parse(text) {
					look(one, depth+1)
				}
				return
			}
			if _, ok := v["eventName"].(string); ok && hasAny(v, "eventSource", "userIdentity") {
				events = append(events, v)
				return
			}
			for _, name := range []string{"Records", "Events", "detail"} {
				look(v[name], depth+1)
			}
		}
	}
	look(documents, 0)
	return events
}

func explainEvents(events []map[string]any) []Explanation {
	left := len(events) - mostEvents
	if left > 0 { // what failed is what somebody looks for
		slices.SortStableFunc(events, func(a, b map[string]any) int { return failed(b) - failed(a) })
	}
	var all []Explanation
	for _, o := range events[:min(mostEvents, len(events))] {
		all = append(all, aboutEvent(event(o)))
	}
	if left > 0 {
		last := &all[len(all)-1]
		last.Facts = append(last.Facts, Fact{Name: "left out", Value: plural(left, "more event", "more events")})
	}
	return all
}

func failed(o event) int {
	if o.at("errorCode") != "" {
		return 1
	}
	return 0
}

// event is one of CloudTrail.
type event map[string]any

// at is the value behind some member names, "" if there is none or it is no text.
func (o event) at(path ...string) string {
	v := o.member(path...)
	if s, ok := v.(string); ok {
		return s
	}
	return ""
}

func (o event) member(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func aboutEvent(o event) Explanation {
	e := Explanation{Kind: CloudTrail, ID: "cloudtrail.event", Source: "CloudTrail guide: userIdentity; IAM Identity Center guide: CloudTrail use cases"}
	e.Title = shown(fmt.Sprintf("%s of %s", o.at("eventName"), o.at("eventSource")))
	e.Facts = o.facts()
	v := o.identity()
	e.Verdicts = append(e.Verdicts, v)
	e.Means = "It succeeded."
	if code := o.at("errorCode"); code != "" {
		o.failure(&e, code)
	}
	if v.Problem && len(e.Causes) == 0 {
		e.ID = "cloudtrail.no-identity"
		e.Causes = []Cause{
			{Why: "the session was made without ProvidedContexts: the program took other credentials than those of tip-cli, such as variables of the environment", Check: "local.profiles", Command: "tip-cli whoami"},
			{Why: "it is an event of the application role's, which acts before anybody's identity is in play"},
			{Why: "the session was made with sts:audit_context or without any, by another program"},
			{Why: "of S3 data events: the trust policy of the location role lacks sts:SetContext", Check: "grants.location-trust"},
		}
	}
	return e
}

// failure adds what is known of the error.
func (o event) failure(e *Explanation, code string) {
	e.Means = "It failed: " + shown(strings.TrimSuffix(code+": "+o.at("errorMessage"), ": ")) + "."
	r := newRefused(code, o.at("eventName"), o.at("errorMessage"))
	if known, ok := r.explain(); ok {
		e.ID = known.ID
		e.Means += " " + known.Title + ". " + known.Means
		e.Causes, e.Source = known.Causes, e.Source+"; "+known.Source
	}
}

func (o event) facts() []Fact {
	var facts []Fact
	add := func(name, value, means string) {
		if value = shown(value); value != "" {
			facts = append(facts, Fact{Name: name, Value: value, Means: means})
		}
	}
	add("time", o.at("eventTime"), "")
	add("region", o.at("awsRegion"), "")
	add("by", o.who(), o.at("userIdentity", "type"))
	add("on behalf of", o.at("userIdentity", "onBehalfOf", "userId"), "the user's id in the identity store")
	add("identity store", o.at("userIdentity", "onBehalfOf", "identityStoreArn"), "")
	add("credential id", o.at("userIdentity", "credentialId"), "of the token of Identity Center that the call was made with")
	add("identity provider", o.at("userIdentity", "identityProvider"), "")
	for _, name := range []string{
		"roleArn", "roleSessionName", "clientId", "grantType", "target", "permission", "privilege", "accountId", "s3prefix", "bucketName", "key",
		"workGroup", "applicationArn", "instanceArn",
	} {
		add("asked: "+name, plainText(o.member("requestParameters", name)), "")
	}
	if contexts := o.member("requestParameters", "providedContexts"); contexts != nil {
		add("asked: providedContexts", contextProviders(contexts), "the identity goes into the session")
	}
	if details, ok := o.member("additionalEventData").(map[string]any); ok {
		for _, name := range names(details) {
			add("also: "+name, plainText(details[name]), "")
		}
	}
	add("error", o.at("errorCode"), o.at("errorMessage"))
	if n := len(facts); n > 0 && facts[n-1].Name == "error" {
		facts[n-1].Means = shown(facts[n-1].Means)
	}
	add("event id", o.at("eventID"), "")
	return facts
}

// plainText is a value as text, "" for what is not there.
func plainText(v any) string {
	if v == nil {
		return ""
	}
	return plain(v)
}

// names are those of the members, sorted, at most 12.
func names(o map[string]any) []string {
	all := make([]string, 0, len(o))
	for name := range o {
		all = append(all, name)
	}
	slices.Sort(all)
	const most = 12
	return all[:min(most, len(all))]
}

func contextProviders(v any) string {
	list, _ := v.([]any)
	var all []string
	for _, one := range list {
		if o, ok := one.(map[string]any); ok {
			all = append(all, event(o).at("providerArn"))
		}
	}
	if len(all) == 0 {
		return "there are some"
	}
	return strings.Join(all, ", ")
}

// who made the call.
func (o event) who() string {
	for _, path := range [][]string{{"arn"}, {"userName"}, {"principalId"}, {"invokedBy"}} {
		if s := o.at(append([]string{"userIdentity"}, path...)...); s != "" {
			return s
		}
	}
	return ""
}

// identityServices are those whose calls carry the identity, if it is there.
var identityServices = []string{
	"s3.amazonaws.com", "athena.amazonaws.com", "lakeformation.amazonaws.com", "glue.amazonaws.com", "redshift.amazonaws.com", "redshift-data.amazonaws.com",
	"qbusiness.amazonaws.com", "elasticmapreduce.amazonaws.com",
}

// identity says whether somebody's identity is in the event, and whether it should be.
func (o event) identity() Verdict {
	v := Verdict{By: "CloudTrail"}
	source, typ := o.at("eventSource"), o.at("userIdentity", "type")
	switch {
	case o.at("userIdentity", "onBehalfOf", "userId") != "":
		v.Says = "the call is on behalf of a person: look the user id up with aws identitystore describe-user"
	case typ == "IdentityCenterUser":
		v.Says = "the call was made by a user of Identity Center directly"
	case typ == "WebIdentityUser":
		v.Says = "a JWT was presented: at this step nobody's identity is in a session yet, and no onBehalfOf is normal"
	case o.at("eventName") == "AssumeRole" && o.member("requestParameters", "providedContexts") == nil:
		v.Problem, v.Says = true, "the role was assumed without ProvidedContexts: the session carries nobody's identity"
	case o.at("eventName") == "AssumeRole":
		v.Says = "the role was assumed with a context: the calls of the session are on behalf of its user"
	case strings.HasPrefix(source, "sso") || source == "sts.amazonaws.com" || source == "signin.amazonaws.com":
		v.Says = "no onBehalfOf is normal here: the identity comes into play with the session that follows"
	case typ == "AWSService":
		v.Says = "a service of AWS made the call by itself"
	case slices.Contains(identityServices, source):
		v.Problem, v.Says = true, "there is no onBehalfOf: the person's identity did not travel with this call"
	default:
		v.Says = "there is no onBehalfOf, and this service need not write one"
	}
	return v
}
