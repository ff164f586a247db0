package fastpath

import (
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// question is what a command line asks for.
type question struct {
	// context is the one that it names, or empty.
	context string
	// grant is the S3 credentials that it asks for, nil for the role session.
	grant *answer.GrantRequest
}

const contextFlag = "--context"

// asked reports whether args are one of the commands that are answered here, spelt
// plainly.
func asked(args []string) (q question, ok bool) {
	var named bool
	switch {
	case len(args) > 2 && args[0] == contextFlag:
		q.context, args, named = args[1], args[2:], true
	case len(args) > 1:
		if q.context, named = assigned(args[0], contextFlag); named {
			args = args[1:]
		}
	}
	if named && !contextName(q.context) || len(args) < 2 {
		return q, false
	}
	switch {
	case args[0] == "auth" && args[1] == "get-iam-credentials":
		return q, len(args) == 2
	case args[0] == "s3ag" && args[1] == "get-data-access":
		q.grant = &answer.GrantRequest{}
		return q, q.dataAccess(args[2:])
	}
	return q, false
}

// assigned returns the value of a flag that has it in the same word.
func assigned(word, flag string) (value string, ok bool) {
	if len(word) <= len(flag) || word[:len(flag)] != flag || word[len(flag)] != '=' {
		return "", false
	}
	return word[len(flag)+1:], true
}

// dataAccess reads what follows get-data-access: one S3 path, and flags in any order,
// each once and with a value that is written as the help has it.
func (q *question) dataAccess(args []string) bool {
	r := q.grant
	for i := 0; i < len(args); i++ {
		word := args[i]
		if len(word) == 0 || word[0] != '-' {
			if r.Target != "" || !plainTarget(word) {
				return false
			}
			r.Target = word
			continue
		}
		flag, value, ok := split(word)
		if !ok {
			if i++; i == len(args) {
				return false
			}
			value = args[i]
		}
		if !q.flag(flag, value) {
			return false
		}
	}
	r.Permission, r.TargetType, r.Privilege = or(r.Permission, "READ"), or(r.TargetType, "Prefix"), or(r.Privilege, "Default")
	return r.Target != "" && (r.TargetType != "Object" || plainObject(r.Target))
}

// plainObject reports whether a target can be one object: it is no bucket, and has no star
// at its end. Whoever has it otherwise is told so elsewhere.
func plainObject(target string) bool {
	for i := len("s3://"); i < len(target)-1; i++ {
		if target[i] == '/' {
			return target[len(target)-1] != '*'
		}
	}
	return false
}

// split takes a word apart at the first equals sign.
func split(word string) (flag, value string, ok bool) {
	for i := range len(word) {
		if word[i] == '=' {
			return word[:i], word[i+1:], true
		}
	}
	return word, "", false
}

// flag takes the value of a flag, once.
func (q *question) flag(name, value string) bool {
	r := q.grant
	switch name {
	case contextFlag:
		return once(&q.context, value) // stateDir looks at it
	case "--permission":
		return once(&r.Permission, oneOf(value, "READ", "WRITE", "READWRITE"))
	case "--target-type":
		return once(&r.TargetType, oneOf(value, "Prefix", "Object"))
	case "--privilege":
		return once(&r.Privilege, oneOf(value, "Default", "Minimal"))
	case "--account-id":
		return len(value) == 12 && digits(value) && once(&r.AccountID, value)
	case "--region":
		return plainRegion(value) && once(&r.Region, value)
	case "--duration-seconds":
		return r.Duration == 0 && duration(value, &r.Duration)
	}
	return false
}

// once takes a value that is not empty, where none is yet.
func once(to *string, value string) bool {
	if *to != "" || value == "" {
		return false
	}
	*to = value
	return true
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// oneOf returns the name that value is, whatever the case of its letters, or "".
func oneOf(value string, names ...string) string {
	for _, name := range names {
		if len(name) == len(value) && string(lower(name)) == string(lower(value)) {
			return name
		}
	}
	return ""
}

// duration takes 900 to 43200 seconds.
func duration(value string, to *time.Duration) bool {
	if len(value) > 5 || !digits(value) {
		return false
	}
	seconds := 0
	for i := range len(value) {
		seconds = seconds*10 + int(value[i]-'0')
	}
	*to = time.Duration(seconds) * time.Second
	return seconds >= 900 && seconds <= 43200
}

func digits(value string) bool {
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return false
		}
	}
	return value != ""
}

// plainRegion reports whether value could name a region: what names none has no
// credentials here that are of it.
func plainRegion(value string) bool {
	for i := range len(value) {
		if c := value[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return value != "" && len(value) <= 32
}

// plainTarget reports whether value is a target that s3agcreds.ValidateTarget takes, in
// ASCII.
func plainTarget(value string) bool {
	const scheme, longest = "s3://", 2000
	if len(value) <= len(scheme) || len(value) > longest || value[:len(scheme)] != scheme || value[len(scheme)] == '/' {
		return false
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}
