package iam

import (
	"errors"
	"fmt"
	"net/http"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func refuse(code, format string, args ...any) error {
	return &awswire.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func noSuch(format string, args ...any) error { return refuse("NoSuchEntity", format, args...) }

func noRole(name string) error { return noSuch("The role with name %s cannot be found.", name) }

func noUser(name string) error { return noSuch("The user with name %s cannot be found.", name) }

// noPolicy is for what is done with a policy, notAttachable for what is done with a
// policy and something else.
func noPolicy(arn string) error { return noSuch("Policy %s was not found.", arn) }

func notAttachable(arn string) error {
	return noSuch("Policy %s does not exist or is not attachable.", arn)
}

func noVersion(arn, version string) error {
	return noSuch("Policy %s version %s does not exist or is not attachable.", arn, version)
}

func invalidInput(format string, args ...any) error {
	return refuse("InvalidInput", format, args...)
}

func validation(format string, args ...any) error {
	return &awswire.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

func invalidARN(arn string) error { return validation("ARN %s is not valid.", arn) }

func overQuota(quota string, limit int) error {
	return refuse("LimitExceeded", "Cannot exceed quota for %s: %d", quota, limit)
}

func conflict(text string) error { return refuse("DeleteConflict", "%s", text) }

func denied(format string, args ...any) error {
	return &awswire.Error{Code: "AccessDenied", Message: fmt.Sprintf(format, args...), Status: http.StatusForbidden, Common: true}
}

// found words the world's answer that something is not there; gone is the refusal.
// Other errors, nil included, stay as they are.
func found(err, gone error) error {
	if errors.Is(err, world.ErrNoEntity) {
		return gone
	}
	return err
}

// malformed is the refusal of a policy document. IAM says no more of most faults
// than that there are some; the lab says which.
func malformed(err error) error {
	var e *policy.SyntaxError
	if !errors.As(err, &e) {
		return err
	}
	text := e.Message
	if text == "" || !unicode.IsUpper(rune(text[0])) {
		text = "Syntax errors in policy."
		if e.Path != "" {
			text += " " + e.Path + ": " + e.Message
		}
	}
	return refuse("MalformedPolicyDocument", "%s", text)
}
