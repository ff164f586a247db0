package sigv4

import (
	"errors"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

var errBadEscape = errors.New("illegal hex character in escape % pattern")

// param is one query parameter, decoded.
type param struct{ name, value string }

// target splits the request target as it came over the wire into the raw path
// and the raw query. Absolute form (RFC 9112 section 3.2.2) loses its authority.
func target(r *http.Request) (path, query string) {
	if r.RequestURI == "" {
		return r.URL.EscapedPath(), r.URL.RawQuery
	}
	path, query, _ = strings.Cut(r.RequestURI, "?")
	if scheme, rest, ok := strings.Cut(path, "://"); ok && !strings.Contains(scheme, "/") {
		if slash := strings.IndexByte(rest, '/'); slash >= 0 {
			return rest[slash:], query
		}
		return "/", query
	}
	return path, query
}

// parseQuery decodes a raw query: pairs are separated by & alone, + is a space.
func parseQuery(raw string) ([]param, error) {
	var params []param
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := unescape(name, true)
		if err != nil {
			return nil, err
		}
		value, err = unescape(value, true)
		if err != nil {
			return nil, err
		}
		params = append(params, param{name, value})
	}
	return params, nil
}

// canonicalQuery encodes every name and value, then sorts by encoded name and
// value. The signature of a presigned request is not part of it.
func canonicalQuery(params []param, presigned bool) string {
	if len(params) == 0 {
		return ""
	}
	encoded := make([]param, 0, len(params))
	for _, p := range params {
		if !presigned || p.name != signatureParam {
			encoded = append(encoded, param{escape(p.name, false), escape(p.value, false)})
		}
	}
	slices.SortFunc(encoded, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var out strings.Builder
	for i, p := range encoded {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(p.name)
		out.WriteByte('=')
		out.WriteString(p.value)
	}
	return out.String()
}

// canonicalURI: S3 encodes the decoded path once and leaves its segments alone;
// everybody else normalises the path as it was sent and encodes it again.
func canonicalURI(rawPath string, s3 bool) (string, error) {
	if rawPath == "" {
		return "/", nil
	}
	if !s3 {
		return escape(normalize(rawPath), true), nil
	}
	decoded, err := unescape(rawPath, false)
	if err != nil {
		return "", err
	}
	return escape(decoded, true), nil
}

// normalize removes empty and dot segments (RFC 3986 section 5.2.4 and the SigV4
// rules: redundant and relative path components go).
func normalize(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// headerValue is the canonical value of one signed header: values joined by
// commas, each trimmed and with inner white space folded to one space. An absent
// header counts as empty, as at AWS.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(textproto.CanonicalMIMEHeaderKey(name))
	switch {
	case name == "host" || name == ":authority":
		return fold(r.Host)
	case name == "transfer-encoding" && len(values) == 0:
		values = r.TransferEncoding
	case name == "content-length" && len(values) == 0 && r.ContentLength >= 0:
		return strconv.FormatInt(r.ContentLength, 10)
	}
	if len(values) == 1 {
		return fold(values[0])
	}
	folded := make([]string, len(values))
	for i, value := range values {
		folded[i] = fold(value)
	}
	return strings.Join(folded, ",")
}

func fold(value string) string {
	if !strings.ContainsAny(value, " \t\r\n\v\f") {
		return value
	}
	return strings.Join(strings.FieldsFunc(value, isASCIISpace), " ")
}

func isASCIISpace(r rune) bool { return strings.ContainsRune(" \t\r\n\v\f", r) }

// canonicalRequest builds the text that is hashed and signed.
func canonicalRequest(r *http.Request, uri, query string, signedHeaders []string, payloadHash string) string {
	var out strings.Builder
	out.Grow(512 + len(uri) + len(query))
	out.WriteString(r.Method + "\n" + uri + "\n" + query + "\n")
	for _, name := range signedHeaders {
		out.WriteString(name)
		out.WriteByte(':')
		out.WriteString(headerValue(r, name))
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	out.WriteString(strings.Join(signedHeaders, ";"))
	out.WriteByte('\n')
	out.WriteString(payloadHash)
	return out.String()
}

const upperHex = "0123456789ABCDEF"

// unreserved is RFC 3986 section 2.3.
func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

// escape is UriEncode of the SigV4 documentation, byte by byte.
func escape(s string, keepSlash bool) string {
	plain := func(c byte) bool { return unreserved(c) || keepSlash && c == '/' }
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for _, c := range []byte(s) {
		if plain(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(out)
}

func unescape(s string, plusIsSpace bool) (string, error) {
	if !strings.ContainsAny(s, "%+") {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+' && plusIsSpace:
			out = append(out, ' ')
		case s[i] != '%':
			out = append(out, s[i])
		case i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]):
			return "", errBadEscape
		default:
			out = append(out, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
		}
	}
	return string(out), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
