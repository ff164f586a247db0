package explain

import (
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// refused is an error that somebody got, as far as its text tells.
type refused struct {
	code, operation, message, status string
	// who was not authorized to do action on resource, and by what kind of policy.
	who, action, resource, denial string
	// text is all of it, in lower case and in one line; anywhere is its code, or if that is
	// none that is known the codes that stand in it.
	text     string
	anywhere []string
}

// The shapes that errors are printed in. Each names what it finds.
var shapes = []shape{
	// AWS CLI and boto3.
	lazyShape(`An error occurred \((?P<code>[\w.:-]+)\) when calling the (?P<operation>\w+) operation(?: \(reached max retries: \d+\))?:? ?(?P<message>[^\n]*)`),
	// AWS SDK for Go v2.
	lazyShape(`operation error [\w -]{1,60}: (?P<operation>\w+), [^\n]*?StatusCode: (?P<status>\d+), RequestID: ?[^,\s]*,(?: HostID: [^,]*,)? (?:api error )?(?P<code>[A-Za-z][\w.]*):? ?(?P<message>[^\n]*)`),
	// AWS SDK for Java 1.
	lazyShape(`(?P<message>[^\n]*?) \(Service: [\w ]+; Status Code: (?P<status>\d+); Error Code: (?P<code>\w+)`),
	// AWS SDK for Java 2.
	lazyShape(`(?:[\w$]+\.)*(?P<code>\w+Exception): (?P<message>[^\n]*?) \(Service: \w+, Status Code: (?P<status>\d+)`),
	// XML of the services.
	lazyShape(`<Code>(?P<code>[\w.]+)</Code>\s*(?:<Message>(?P<message>[^<]*)</Message>)?`),
	// tip-cli, tipcreds and s3agcreds.
	lazyShape(`(?P<phrase>create token with IAM|assume application role with web identity|assume access role|get data access): (?P<code>[A-Za-z]\w+)(?:: (?P<message>[^\n]*?))?(?: \(HTTP (?P<status>\d+)|$)`),
	lazyShape(`(?P<operation>GetDataAccess|ListCallerAccessGrants|GetAccessGrantsInstanceForPrefix) for \S+(?: \(\w+\))?: (?P<code>[A-Za-z]\w+)(?:: (?P<message>[^\n]*?))?(?: \(HTTP (?P<status>\d+)|$)`),
	// Headers, and SDKs for JavaScript and .NET.
	lazyShape(`(?i)x-amzn-errortype: ?(?-i)(?P<code>\w+)`),
	lazyShape(`(?:^|[\s.])(?P<code>[A-Z]\w+(?:Exception|Error|Denied|Token|Id|Client)): ?(?P<message>[^\n]*)`),
}

type shape = func(text string) map[string]string

func lazyShape(expression string) shape {
	compiled := lazyregexp.New(expression)
	return func(text string) map[string]string {
		found := compiled().FindStringSubmatch(text)
		if found == nil {
			return nil
		}
		values := map[string]string{}
		for i, name := range compiled().SubexpNames() {
			if name != "" {
				values[name] = found[i]
			}
		}
		return values
	}
}

// phrases are the steps of the exchange in tip-cli's words.
var phrases = map[string]string{
	"create token with IAM": "CreateTokenWithIAM", "assume application role with web identity": "AssumeRoleWithWebIdentity",
	"assume access role": "AssumeRole", "get data access": "GetDataAccess",
}

var (
	unauthorized = lazyregexp.New(`(?:User: (\S+) is )?[Nn]ot authorized to perform:? ([\w-]+:\w+)(?: on resource: ([^\s<]+))?(?: (with an explicit deny in an? [\w -]+|because no [\w-]+(?: [\w-]+)? allows))?`)
	identifier   = lazyregexp.New(`[A-Za-z][A-Za-z0-9_]{5,60}`)
)

// read makes out what error a text is about.
func read(text string) *refused {
	r := &refused{}
	for _, s := range shapes {
		if found := s(text); found != nil {
			r.code, r.operation, r.message, r.status = found["code"], found["operation"], found["message"], found["status"]
			if r.operation == "" {
				r.operation = phrases[found["phrase"]]
			}
			break
		}
	}
	r.finish(text)
	return r
}

// newRefused is an error that is known by its parts.
func newRefused(code, operation, message string) *refused {
	r := &refused{code: code, operation: operation, message: message}
	r.finish(code + ": " + message)
	return r
}

// finish fills in what is found anywhere in the text.
func (r *refused) finish(text string) {
	r.code, _, _ = strings.Cut(r.code, ":")
	if i := strings.LastIndexByte(r.code, '#'); i >= 0 {
		r.code = r.code[i+1:]
	}
	r.text = normal(text)
	if m := unauthorized().FindStringSubmatch(text); m != nil {
		r.who, r.action, r.resource, r.denial = m[1], m[2], strings.Trim(m[3], `"',.)`), m[4]
	}
	known := slices.Contains(codes(), r.code) // and then names in the message are no codes
	words := identifier().FindAllString(text, 5000)
	for _, word := range words {
		if r.operation == "" && slices.Contains(operations, word) {
			r.operation = word
		}
		if strings.HasPrefix(word, "AADSTS") || !known && slices.Contains(codes(), word) {
			r.anywhere = append(r.anywhere, word)
		}
	}
	if r.code != "" {
		r.anywhere = append(r.anywhere, r.code)
	}
}

// beside is what stands beside an error and is none: a parameter that was sent, and the
// last that a chain of providers has tried.
var beside = lazyregexp.New(`(?i)\bredirect_ur[il]=[^\s&"'<>]+|ec2imds: GetMetadata,[^.]{0,80}deadline[\s│]+exceeded`)

// normal is text in lower case and in one line, with plain quotes.
func normal(text string) string {
	text = beside().ReplaceAllString(text, "")
	text = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "&#39;", "'", "&quot;", `"`, "%20", " ", "%27", "'", "+", " ").Replace(text)
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// refusedJSON reads the errors of JSON services, of OAuth, and of logs.
func refusedJSON(o map[string]any) *refused {
	for _, name := range []string{"Error", "error", "Response"} {
		if inner, ok := o[name].(map[string]any); ok {
			return refusedJSON(inner)
		}
	}
	first := func(names ...string) string {
		for _, name := range names {
			if s, ok := o[name].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	code := first("__type", "Code", "code", "errorCode", "errorType", "error", "name")
	message := first("message", "Message", "errorMessage", "error_description", "msg")
	if code == "" && message == "" {
		return nil
	}
	if wrapped := read(message); wrapped.operation != "" { // a log line that has the text of an SDK
		return wrapped
	}
	return newRefused(code, first("operation", "operationName", "Operation"), strings.TrimSpace(message+" "+first("reason")))
}

// explainError knows errors by the tables.
func explainError(text string, _ Knowledge) []Explanation {
	e, ok := read(text).explain()
	if !ok {
		return nil
	}
	return []Explanation{e}
}

// explain looks the error up. The first piece of knowledge that fits is the narrowest.
func (r *refused) explain() (Explanation, bool) {
	for _, table := range tables() {
		for i := range table {
			if k := &table[i]; k.fits(r) {
				return k.explanation(r), true
			}
		}
	}
	return Explanation{}, false
}

// facts are what the text tells of itself.
func (r *refused) facts() []Fact {
	var facts []Fact
	says := r.message
	if r.action != "" {
		says = "" // what follows says it
	}
	for _, f := range []Fact{
		{"code", r.code, ""}, {"operation", r.operation, ""}, {"HTTP status", r.status, ""}, {"says", says, ""},
		{"who", r.who, ""}, {"wanted to", r.action, ""}, {"on", r.resource, ""}, {"denied", r.denial, ""},
	} {
		if f.Value = shown(f.Value); f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}
