package cli

import (
	"fmt"
	"strings"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/config"
)

// loopError says that a profile would wait for itself.
type loopError struct {
	setting string
	// way are the profiles that lead from the program of the setting to the last one,
	// which is to be written.
	way []string
}

// Error implements error.
func (e *loopError) Error() string {
	profile, through := e.way[len(e.way)-1], ""
	if before := e.way[:len(e.way)-1]; len(before) > 0 {
		through = fmt.Sprintf(" by way of %q", strings.Join(before, ", "))
	}
	return fmt.Sprintf("the profile %q would wait for itself: %s uses it%s", profile, e.setting, through)
}

// Hint says what to change.
func (e *loopError) Hint() string {
	return "choose another name with --profile, or have " + e.setting + " use a profile that does without tip-cli"
}

// checkLoop refuses a profile from which the configuration takes what credentials
// are made of.
func checkLoop(c config.Config, path, profile string) error {
	for _, program := range []struct {
		setting string
		command []string
	}{{"token_command", c.TokenCommand}, {"client_secret_command", c.ClientSecretCommand}} {
		way, err := awsprofile.Loop(path, program.command, profile)
		if err != nil {
			return err
		}
		if way != nil {
			return &loopError{setting: program.setting, way: way}
		}
	}
	return nil
}
