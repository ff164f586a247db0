package tokensource

import "os/exec"

// CheckCommand reports whether [Command] finds the program argv of token_command. It
// runs nothing. The error is an [*Error].
func CheckCommand(argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return &Error{Kind: KindConfig, Description: "token_command is empty", Hint: "set token_command to a program and its arguments"}
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		return notFound(argv[0], "token_command", err)
	}
	return nil
}
