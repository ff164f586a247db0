package policy

import (
	"fmt"
	"unicode"
)

// SyntaxError is a refusal to load a policy document.
type SyntaxError struct {
	// Path is where the fault is, as Statement[1].Condition.StringEquals; empty
	// when it concerns the whole document.
	Path string
	// Message says what is wrong. Where the text that IAM answers with the code
	// MalformedPolicyDocument is known, it is that text.
	Message string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return "policy: " + e.Message
	}
	return "policy: " + e.Path + ": " + e.Message
}

func refuse(path, format string, args ...any) error {
	return &SyntaxError{Path: path, Message: fmt.Sprintf(format, args...)}
}

func join(path, element string) string {
	if path == "" {
		return element
	}
	return path + "." + element
}

// Size returns the length that IAM counts against its quotas: characters
// without white space (IAM user guide, "IAM and AWS STS quotas"). The quotas
// themselves belong to the operation that stores the document: 6,144 for a
// managed policy, 10,240 for all inline policies of a role together, 2,048 for
// a role trust policy. Parse applies none. The 2,048 of an inline session
// policy are characters of the request parameter, white space included.
func Size(doc []byte) int {
	n := 0
	for _, r := range string(doc) {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
