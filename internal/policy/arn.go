package policy

import (
	"slices"
	"strings"
)

// iamResourceTypes are how the resource part of an iam ARN may begin.
const iamResourceTypes = "user/ federated-user/ role/ group/ instance-profile/ mfa/ server-certificate/ policy/ sms-mfa/ saml-provider/ oidc-provider/ report/ access-report/"

// partitions of AWS.
const partitions = "aws aws-cn aws-us-gov aws-iso aws-iso-b aws-iso-e aws-iso-f aws-eusc"

// compileResource compiles a value of Resource or NotResource. Its wildcards
// match across the colons and slashes of an ARN.
func (d *Document) compileResource(raw, path string) (pattern, error) {
	opts := compileOptions{wildcards: true, variables: d.version == Version2012}
	if raw == "*" {
		return compile(raw, opts)
	}
	parts := splitARN(raw, opts.variables)
	if err := checkResource(raw, parts, opts.variables, path); err != nil {
		return pattern{}, err
	}
	// IAM takes the parts that a short ARN leaves out for wildcards:
	// arn:aws:dynamodb:* is arn:aws:dynamodb:*:*:*.
	raw += strings.Repeat(":*", 6-len(parts))
	p, err := compile(raw, opts)
	if err != nil {
		return pattern{}, refuse(path, "%v", err)
	}
	return p, nil
}

func checkResource(raw string, parts []string, variables bool, path string) error {
	if len(parts) < 2 || parts[0] != "arn" {
		return refuse(path, `Resource %s must be in ARN format or "*".`, raw)
	}
	if !validPartition(parts[1]) {
		rest := strings.Join(append(parts[2:], "*", "*", "*", "*")[:4], ":")
		return refuse(path, `Partition "%s" is not valid for resource "arn:%s:%s".`, parts[1], parts[1], rest)
	}
	if len(parts) < 3 || strings.ContainsAny(parts[2], "*?$") {
		return refuse(path, "Resource vendor must be fully qualified and cannot contain regexes.")
	}
	if parts[2] == "" {
		return refuse(path, "The policy failed legacy parsing")
	}
	if len(parts) < 6 && slices.Contains(parts, "") {
		return refuse(path, "The policy failed legacy parsing")
	}
	for _, part := range parts[3:min(5, len(parts))] {
		if variables && strings.Contains(part, "${") {
			return refuse(path, "policy variables can be used only after the fifth colon of an ARN")
		}
	}
	if len(parts) == 6 {
		return checkVendor(raw, parts, path)
	}
	return nil
}

// checkVendor applies what IAM knows of the ARNs of iam and s3.
func checkVendor(raw string, parts []string, path string) error {
	switch vendor, region, account, resource := parts[2], parts[3], parts[4], parts[5]; {
	case vendor == "iam" && region != "":
		return refuse(path, "IAM resource %s cannot contain region information.", raw)
	case vendor == "iam" && resource != "*" && !hasAnyPrefix(resource, iamResourceTypes):
		return refuse(path, `IAM resource path must either be "*" or start with %s.`, strings.ReplaceAll(iamResourceTypes, " ", ", "))
	case vendor == "s3" && region != "" && region != "*" && account == "":
		return refuse(path, "Resource %s can not contain region information.", raw)
	case resource == "":
		return refuse(path, "The policy failed legacy parsing")
	}
	return nil
}

func hasAnyPrefix(s, prefixes string) bool {
	for prefix := range strings.FieldsSeq(prefixes) {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

func validPartition(s string) bool {
	if s == "*" {
		return true
	}
	for known := range strings.FieldsSeq(partitions) {
		if s == known {
			return true
		}
	}
	return false
}

// splitARN cuts s at its first five colons. With variables, a colon inside
// ${...} does not count.
func splitARN(s string, variables bool) []string {
	parts := make([]string, 0, 6)
	start := 0
	for i := 0; i < len(s) && len(parts) < 5; i++ {
		if variables && strings.HasPrefix(s[i:], "${") {
			if n := variableEnd(s[i:]); n > 0 {
				i += n - 1
				continue
			}
		}
		if s[i] == ':' {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// nextPart cuts the next colon-delimited part off an ARN.
func nextPart(s string) (part, rest string, ok bool) {
	if part, rest, ok = strings.Cut(s, ":"); !ok {
		return "", s, false
	}
	return part, rest, true
}

func validAccount(s string) bool {
	return len(s) == 12 && onlyOf(s, "0123456789")
}
