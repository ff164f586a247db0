package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// longest is how many characters STS takes (AssumeRoleWithWebIdentity, WebIdentityToken).
	longest = 20000
	// deepest is how deep claims may be nested.
	deepest = 32
)

// jwt is a JWS in its compact form, taken apart. Nothing is verified.
type jwt struct {
	header, claims map[string]any
	unsigned       bool
}

// defect says why text is no such JWT: the kind of finding, and what was seen. It never
// repeats the text.
type defect struct{ kind, seen string }

func malformed(format string, args ...any) *defect {
	return &defect{"token.malformed", fmt.Sprintf(format, args...)}
}

// parse takes a JWT apart.
func parse(raw secret.Value) (*jwt, *defect) {
	text := raw.Reveal()
	if d := mistaken(text); d != nil {
		return nil, d
	}
	if len(text) > longest {
		return nil, &defect{"token.too-long", fmt.Sprintf("it has %d characters, and STS takes %d", len(text), longest)}
	}
	parts := strings.Split(text, ".")
	switch {
	case len(parts) == 5:
		return nil, &defect{"token.encrypted", "it has five parts: it is encrypted (JWE)"}
	case len(parts) == 4 && parts[3] == "":
		return nil, malformed("there is a dot behind it")
	case len(parts) != 3:
		return nil, malformed("it has %d parts between dots, and not three: it is no JWT, or an opaque token", len(parts))
	case parts[0] == "" || parts[1] == "":
		return nil, malformed("one of its parts is empty")
	}
	return takeApart(parts)
}

// mistaken recognizes what people paste by mistake.
func mistaken(text string) *defect {
	head := text[:min(len(text), 200)]
	switch {
	case strings.TrimSpace(text) == "":
		return malformed("it is empty")
	case !utf8.ValidString(text):
		return malformed("it is not text (UTF-8)")
	case strings.HasPrefix(strings.ToLower(head), "bearer "):
		return malformed(`it begins with "Bearer ": give only what is behind it`)
	case strings.HasPrefix(strings.ToLower(head), "arn:"):
		return malformed("it is an ARN: that of the application goes with -a")
	case strings.HasPrefix(head, "{") || strings.HasPrefix(head, "["):
		return malformed("it is a JSON document: give only the value of id_token in it")
	case strings.HasPrefix(head, `"`) || strings.HasPrefix(head, "'"):
		return malformed("it begins with a quote: give it without")
	case strings.HasPrefix(head, "-----BEGIN"):
		return malformed("it is a PEM file, and no JWT")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return malformed("there is white space or a control character in it: perhaps a line break of a terminal")
	case !strings.HasPrefix(head, "eyJ") && strings.ContainsAny(head, `/\`):
		return malformed("it looks like a path: -j takes the JWT itself, and -j - reads it from standard input")
	}
	return nil
}

func takeApart(parts []string) (*jwt, *defect) {
	t := &jwt{unsigned: parts[2] == ""}
	var d *defect
	if t.header, d = object("header", parts[0]); d != nil {
		return nil, d
	}
	if d := readable(t.header); d != nil {
		return nil, d
	}
	if t.claims, d = object("payload", parts[1]); d != nil {
		return nil, d
	}
	if _, d := decode("signature", parts[2]); d != nil {
		return nil, d
	}
	return t, nil
}

// readable refuses what changes the meaning of a JWS (RFC 7515 sections 4.1.10 and
// 4.1.11, RFC 7519 section 5.2).
func readable(header map[string]any) *defect {
	if cty, ok := header["cty"].(string); ok && strings.HasSuffix(strings.ToLower(cty), "jwt") {
		return &defect{"token.encrypted", "its header says cty JWT: there is another JWT in it"}
	}
	if _, ok := header["enc"]; ok {
		return &defect{"token.encrypted", "its header has enc: it is encrypted (JWE)"}
	}
	if _, ok := header["crit"]; ok {
		return malformed("its header has crit, an extension that nobody at AWS needs to understand")
	}
	if alg, ok := header["alg"].(string); !ok || alg == "" {
		return malformed("its header has no alg that is a text")
	}
	return nil
}

func decode(part, text string) ([]byte, *defect) {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	switch {
	case err == nil:
		return decoded, nil
	case strings.ContainsAny(text, "+/="):
		return nil, malformed("its %s is in ordinary base64 (+, / or =), and not in base64url", part)
	}
	return nil, malformed("its %s is not base64url: perhaps something was cut off or added", part)
}

func object(part, text string) (map[string]any, *defect) {
	decoded, d := decode(part, text)
	if d != nil {
		return nil, d
	}
	if !utf8.Valid(decoded) {
		return nil, malformed("its %s is not UTF-8", part)
	}
	value, err := strictJSON(decoded)
	switch {
	case errors.Is(err, errTwice):
		return nil, malformed("its %s has a member twice: readers differ in which one they take", part)
	case errors.Is(err, errDeep):
		return nil, malformed("its %s is nested deeper than %d levels", part, deepest)
	case err != nil:
		return nil, malformed("its %s is not JSON", part)
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, malformed("its %s is JSON, and no object", part)
	}
	return members, nil
}

var (
	errTwice = errors.New("a member stands twice")
	errDeep  = errors.New("nested too deep")
	errMore  = errors.New("there is more behind it")
)

// strictJSON reads one JSON value, numbers as json.Number, and refuses members that
// stand twice.
func strictJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	value, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMore
	}
	return value, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch {
	case depth > deepest:
		return nil, errDeep
	case t == json.Delim('{'):
		return readObject(d, depth)
	case t == json.Delim('['):
		return readList(d, depth)
	}
	return t, nil
}

func readObject(d *json.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := t.(string)
		if _, twice := members[name]; twice {
			return nil, errTwice
		}
		if members[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return members, err
}

func readList(d *json.Decoder, depth int) (any, error) {
	values := []any{}
	for d.More() {
		value, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, err := d.Token()
	return values, err
}
