package cloudformation

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// invalid is CloudFormation's refusal of nearly everything.
func invalid(format string, args ...any) error {
	return &awswire.Error{Code: "ValidationError", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// worded makes an answer of what a template is refused for; other errors, nil
// included, stay as they are.
func worded(err error) error {
	var e *template.Error
	if errors.As(err, &e) {
		return invalid("%s", e.Error())
	}
	return err
}

// broken is the refusal of a value by a constraint of the API.
func broken(member, value, constraint string) error {
	if value != "" {
		value = " '" + value + "'"
	}
	return invalid("1 validation error detected: Value%s at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

func noStack(name string) error { return invalid("Stack [%s] does not exist", name) }

func noStackID(name string) error { return invalid("Stack with id %s does not exist", name) }

func noChangeSet(name string) error {
	return &awswire.Error{Code: "ChangeSetNotFoundException", Message: fmt.Sprintf("ChangeSet [%s] does not exist", name)}
}

// message is an error as a reason has it: without a code.
func message(err error) string {
	var own *awswire.Error
	if errors.As(err, &own) {
		return own.Message
	}
	return err.Error()
}

// sortedNames are the names of a set.
func sortedNames(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
