package config

import "strings"

// Problem is one thing that is wrong with, or worth saying about, a configuration.
type Problem struct {
	// Key is the key of config.json, or "" for the whole.
	Key string
	// Message says what is wrong, in one line.
	Message string
	// Hint says what to do, with the exact command where there is one.
	Hint string
}

// Error returns the key and the message in one line.
func (p Problem) Error() string {
	if p.Key == "" {
		return p.Message
	}
	return p.Key + ": " + p.Message
}

// InvalidError is a configuration that cannot be used.
type InvalidError struct{ Problems []Problem }

// Error has a line for each problem.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Hint returns the first hint that a problem has, or the command that asks for
// everything anew.
func (e *InvalidError) Hint() string {
	for _, p := range e.Problems {
		if p.Hint != "" {
			return p.Hint
		}
	}
	return configureHint
}

// ConfigureCommand asks for the configuration anew.
const ConfigureCommand = "tip-cli configure idp"

// ClientSecretCommand takes the client secret and stores it sealed.
const ClientSecretCommand = "tip-cli configure client-secret"

const configureHint = "run: " + ConfigureCommand

func invalid(key, message, hint string) *InvalidError {
	return &InvalidError{Problems: []Problem{{Key: key, Message: message, Hint: hint}}}
}

// setHint is the command that sets a key to a JSON value.
func setHint(key, value string) string {
	return "run: " + ConfigureCommand + ` --config '{"` + key + `": ` + value + `}'`
}
