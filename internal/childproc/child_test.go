package childproc_test

import (
	"fmt"
	"io"
	"os"
)

// child is what the child does.
func child(script string) int {
	if script == "echo" {
		text, _ := io.ReadAll(os.Stdin)
		fmt.Printf("%v %s", os.Args, text)
		return 7
	}
	return signalled(script)
}
