package fastpath

import "github.com/tip-cli/tip-cli/internal/answer"

// The AWS config file as internal/awsprofile finds it; a test keeps the two alike.
const (
	awsConfigVariable = "AWS_CONFIG_FILE"
	awsConfigFile     = ".aws" + separator + "config"
	awsDefaultProfile = "default"
)

// The variables that name a region, and those that name a profile; the first that is set
// counts.
var (
	regionVariables  = [...]string{"AWS_REGION", "AWS_DEFAULT_REGION"}
	profileVariables = [...]string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}
)

// awsConfigLimit is the most that is read of an AWS config file, in bytes.
const awsConfigLimit = 64 << 10

// region is the region of a request that names none, empty if it is not known here: that
// of config.json, whose digest is looked at later, else of the environment, else of the
// AWS config file, as long as that is the one from which the ordinary path had it.
func (r *role) region(getenv func(string) string) string {
	if r.s3Region != "" && r.s3RegionMark == "" {
		return r.s3Region
	}
	if value := first(getenv, regionVariables[:]); value != "" {
		return value // as it is: what names no region has nothing stored
	}
	if r.s3RegionMark == "" || r.s3RegionMark != regionMark(getenv) {
		return ""
	}
	return r.s3Region
}

// regionMark is the mark of the present AWS config file, empty if it is none that is
// read here.
func regionMark(getenv func(string) string) string {
	path := getenv(awsConfigVariable)
	if path == "" {
		if path = getenv(userHome); path == "" {
			return ""
		}
		path += separator + awsConfigFile
	}
	if !plainPath(path) { // "~/.aws/config", say
		return ""
	}
	text, _, ok := read(path, awsConfigLimit, believedFile) // whoever can write it can set the region
	if !ok {
		return ""
	}
	profile := first(getenv, profileVariables[:])
	return answer.RegionMark(or(profile, awsDefaultProfile), []byte(text))
}

// first is the first of some variables that is not empty.
func first(getenv func(string) string, names []string) string {
	for _, name := range names {
		if value := getenv(name); value != "" {
			return value
		}
	}
	return ""
}
