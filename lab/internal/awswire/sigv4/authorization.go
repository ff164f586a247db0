package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	stampFormat = "20060102T150405Z"
	dateFormat  = "20060102"
)

// Bounds of what is read from a request. net/http bounds the header as a whole;
// these keep the work of one signature small. AWS does not publish its own.
const (
	maxAuthorization = 16 << 10
	maxSignedHeaders = 128
	maxTarget        = 64 << 10
	maxQueryParams   = 1024
)

// credentialScope is a Credential value: key, date, region, service, terminator.
type credentialScope struct{ accessKeyID, date, region, service, terminator string }

// String is the scope as the string to sign has it, without the access key.
func (s credentialScope) String() string {
	return s.date + "/" + s.region + "/" + s.service + "/" + s.terminator
}

// authorization is what a request claims, from its header or its query.
type authorization struct {
	presigned     bool
	credential    string
	scope         credentialScope
	signedHeaders []string
	signature     string
	stamp         string // as in the string to sign
	at            time.Time
	expires       string // X-Amz-Expires of a presigned request
	token         string
}

// parseHeader reads the header form:
//
//	AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...
//
// Commas, with or without spaces, separate the parts.
func parseHeader(header string, w words) (authorization, *Error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		return authorization{}, w.badScheme(header)
	}
	var parts [3]string
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		name, value, ok := strings.Cut(part, "=")
		i := slices.Index(partNames, name)
		switch {
		case part == "":
			continue
		case !ok || i >= 0 && parts[i] != "":
			return authorization{}, w.badPart(part, header)
		case i >= 0:
			parts[i] = value
		}
	}
	if missing := missingNames(partNames, parts[:]); missing != nil {
		return authorization{}, w.missingParts(missing, header)
	}
	return authorization{credential: parts[0], signedHeaders: strings.Split(parts[1], ";"), signature: parts[2]}, nil
}

var partNames = []string{"Credential", "SignedHeaders", "Signature"}

func missingNames(names, values []string) []string {
	var missing []string
	for i, name := range names {
		if values[i] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

var paramNames = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", signatureParam,
	"X-Amz-Expires", tokenHeader}

const (
	signatureParam = "X-Amz-Signature"
	tokenHeader    = "X-Amz-Security-Token"
)

// parsePresigned reads the query form. X-Amz-Expires is required of S3 only;
// X-Amz-Security-Token is read by the caller's token check.
func parsePresigned(params []param, s3 bool, w words) (authorization, *Error) {
	values := make([]string, len(paramNames))
	for _, p := range params {
		i := slices.Index(paramNames, p.name)
		if i < 0 {
			continue
		}
		if values[i] != "" {
			return authorization{}, w.missingParams([]string{p.name})
		}
		values[i] = p.value
	}
	if values[0] != "" && values[0] != algorithm {
		return authorization{}, w.badAlgorithm(values[0])
	}
	required := 5
	if s3 {
		required = 6
	}
	if missing := missingNames(paramNames[:required], values); missing != nil {
		return authorization{}, w.missingParams(missing)
	}
	return authorization{presigned: true, credential: values[1], stamp: values[2],
		signedHeaders: strings.Split(values[3], ";"), signature: values[4], expires: values[5], token: values[6]}, nil
}

// parseCredential splits a Credential. An access key has no slash in it.
func parseCredential(credential string) (credentialScope, bool) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || slices.Contains(parts, "") {
		return credentialScope{}, false
	}
	return credentialScope{parts[0], parts[1], parts[2], parts[3], parts[4]}, true
}

// readDate takes X-Amz-Date or, without it, Date. Date may be an HTTP date
// (RFC 9110 section 5.6.7) or ISO 8601 basic.
func readDate(r *http.Request, header string, w words) (stamp string, at time.Time, fail *Error) {
	stamp = r.Header.Get("X-Amz-Date")
	if stamp == "" {
		date := r.Header.Get("Date")
		if date == "" {
			return "", time.Time{}, w.noDate(header)
		}
		if at, err := http.ParseTime(date); err == nil {
			return stampOf(at), at.UTC(), nil
		}
		stamp = date
	}
	at, err := time.Parse(stampFormat, stamp)
	if err != nil {
		return "", time.Time{}, w.badDate(stamp)
	}
	return stamp, at, nil
}

func stampOf(t time.Time) string { return t.UTC().Format(stampFormat) }
