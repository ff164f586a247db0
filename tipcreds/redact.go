package tipcreds

import (
	"errors"
	"net/url"
	"strings"

	"github.com/aws/smithy-go"
)

const redacted = "REDACTED"

// minSecret is the length below which a string is too short to be looked for:
// replacing it would garble messages and hide nothing.
const minSecret = 8

// minBeginning is the length from which the beginning of a longer secret counts
// as one.
const minBeginning = 16

// redactText removes secrets from text, their beginnings, and whatever looks like
// the beginning of a JWT: AWS quotes values in "1 validation error detected: Value
// '...'", sometimes shortened.
func redactText(text string, secrets []string) string {
	var forms []string // as they are, and as they were sent
	for _, s := range secrets {
		if len(s) >= minSecret {
			forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s))
		}
	}
	for _, form := range forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	text = redactJWTs(text) // before the beginning that two of them share is taken out
	for _, form := range forms {
		text = redactBeginnings(text, form)
	}
	return text
}

// redactBeginnings takes as much of secret out of text as is there, wherever it
// begins.
func redactBeginnings(text, secret string) string {
	head := secret[:min(len(secret), minBeginning)]
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, head)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(redacted)
		rest := secret[len(head):]
		for rest != "" && after != "" && rest[0] == after[0] {
			rest, after = rest[1:], after[1:]
		}
		text = after
	}
}

// jwtPrefix is base64url of `{"`, with which every JOSE header begins.
const jwtPrefix = "eyJ"

// minJWT is the length from which a run that begins with jwtPrefix counts.
const minJWT = 16

func redactJWTs(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, jwtPrefix)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		n := strings.IndexFunc(text[i:], notJWTRune)
		if n < 0 {
			n = len(text) - i
		}
		b.WriteString(text[:i])
		if n >= minJWT {
			b.WriteString(redacted)
		} else {
			b.WriteString(text[i : i+n])
		}
		text = text[i+n:]
	}
}

func notJWTRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-_.=", r)
	}
}

// redactError returns err as it is unless its text holds a secret, in which
// case an error with the same code and a clean text takes its place. Copies
// of answers that the SDK keeps in decoding errors are dropped.
func redactError(err error, secrets []string) error {
	if decoding, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		decoding.Snapshot = nil
	}
	text := err.Error()
	clean := redactText(text, secrets)
	if clean == text {
		return err
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return &smithy.GenericAPIError{
			Code:    redactText(api.ErrorCode(), secrets),
			Message: redactText(api.ErrorMessage(), secrets),
			Fault:   api.ErrorFault(),
		}
	}
	return errors.New(clean)
}
