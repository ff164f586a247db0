// Package template reads CloudFormation templates: JSON and YAML with the short
// forms of functions, parameters, mappings, conditions, rules, resources and
// outputs. It checks a template as far as that can be done without making
// anything, and evaluates its functions over what the caller knows of resources.
//
// What it returns is not changed afterwards and safe for concurrent use, but for
// an [Env], which is used by one goroutine. It makes no requests, runs no macros
// and resolves no dynamic references.
package template

import "fmt"

// Error is why a template, or its parameters, cannot be used, in AWS's words.
type Error struct{ text string }

// Error implements error.
func (e *Error) Error() string { return e.text }

func refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// malformed is a refusal of the template's form.
func malformed(format string, args ...any) error {
	return refuse("Template format error: "+format, args...)
}

// wrong is a refusal of a function's use.
func wrong(format string, args ...any) error { return refuse("Template error: "+format, args...) }
