// Package secret holds tokens and keys so that no log line, error or debug
// print can show them by accident.
//
// A [Value] is immutable and safe for concurrent use. It does not protect the
// bytes in memory; it protects against formatting.
package secret

import "log/slog"

const redacted = "REDACTED"

// Value is a string that formats as REDACTED. The zero Value is the empty secret.
// The text sits behind a pointer so that %#v of an enclosing struct prints an
// address and not the text.
type Value struct{ text *string }

// New wraps text. New("") equals the zero Value.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text: &text}
}

// Reveal returns the text. Call it only where the text leaves the program on
// purpose: in a request, a sealed file, or the output that was asked for.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsZero reports whether the secret is empty.
func (v Value) IsZero() bool { return v.text == nil }

// String implements fmt.Stringer. It never returns the text.
func (v Value) String() string { return redacted }

// GoString implements fmt.GoStringer. It never returns the text.
func (v Value) GoString() string { return redacted }

// LogValue implements slog.LogValuer. It never returns the text.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON implements json.Marshaler. It never returns the text: whoever
// stores a secret calls Reveal and seals it.
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler. It never returns the text.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
