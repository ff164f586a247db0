package fastpath

import (
	"io"
	"os"
)

// deliver writes the document and ends the process. If nothing of it could be written
// it returns: the ordinary path meets the same and says so. After a part of it a
// second document would make it worse.
func deliver(stdout, stderr io.Writer, document []byte) {
	if code, done := write(stdout, stderr, document); done {
		os.Exit(code) //nolint:forbidigo // there is no main yet
	}
}

// hint is what the ordinary path says as well where stdout fails.
const hint = "tip-cli: hint: check where stdout goes: its disk may be full, or its reader gone\n"

// write writes the document; done says that the process is to end with code.
func write(stdout, stderr io.Writer, document []byte) (code int, done bool) {
	for written := 0; written < len(document); {
		n, err := stdout.Write(document[written:])
		written += n
		switch {
		case err == nil && n > 0, written == len(document):
		case written == 0:
			return 0, false
		default:
			reason := io.ErrShortWrite
			if err != nil {
				reason = err
			}
			_, _ = io.WriteString(stderr, "tip-cli: error: "+reason.Error()+"\n"+hint)
			return 1, true
		}
	}
	return 0, true
}
