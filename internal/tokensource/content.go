package tokensource

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// maxBytes is the most that a program, a file or stdin may give.
const maxBytes = 1 << 20

const tooLong = "more than 1 MiB"

// text makes a secret of what came from origin, without the newlines at its end.
func text(origin string, content []byte) (secret.Value, error) {
	content = bytes.TrimRight(content, "\r\n")
	switch {
	case len(content) > maxBytes:
		return secret.Value{}, &Error{Kind: KindContent, Description: origin + " gave " + tooLong, Hint: "it must give a token or a secret, and nothing else"}
	case len(bytes.TrimSpace(content)) == 0:
		return secret.Value{}, &Error{Kind: KindContent, Description: origin + " gave nothing", Hint: "it must give a token or a secret, and nothing else"}
	case isUTF16(content):
		return secret.Value{}, &Error{Kind: KindContent, Description: origin + " gave UTF-16", Hint: "write it as UTF-8; in Windows PowerShell: Set-Content -Encoding ascii"}
	case bytes.IndexByte(content, 0) >= 0 || !utf8.Valid(content):
		return secret.Value{}, &Error{Kind: KindContent, Description: origin + " gave something that is not text", Hint: "it must give a token or a secret, and nothing else"}
	}
	return secret.New(strings.TrimPrefix(string(content), "\ufeff")), nil
}

func isUTF16(content []byte) bool {
	return bytes.HasPrefix(content, []byte{0xff, 0xfe}) || bytes.HasPrefix(content, []byte{0xfe, 0xff})
}
