package cli

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// maxParts bounds the parts of a path that are suggested in its place.
const maxParts = 3

// advice is what may be asked for in the place of what nothing serves, and how an
// administrator would grant it. Where the grants may not be listed, AWS is to be asked.
func (f *findings) advice(servedBy *grantLine, judged []session.JudgedGrant) ([]suggestion, known) {
	switch {
	case servedBy != nil, f.live != nil && f.live.err == nil:
		return []suggestion{}, ""
	case f.unlisted != nil && f.live == nil:
		return suggested([]suggestion{{"AWS itself can be asked", f.command("explain", f.request, "--live")}}), ""
	}
	return suggested(append(f.suggestions(), f.parts(judged)...)), known(f.grantCommand())
}

// suggested leaves out what could not be copied.
func suggested(all []suggestion) []suggestion {
	return slices.DeleteFunc(all, func(s suggestion) bool { return s.Command == "" })
}

// suggestions are requests that are like the one that nothing serves.
func (f *findings) suggestions() []suggestion {
	r, all := f.request, []suggestion{}
	if f.bucketRegion != "" {
		there := *r
		there.Region = f.bucketRegion
		all = append(all, suggestion{"the bucket is in " + f.bucketRegion, f.command("explain", &there)})
	}
	if below := r.Target + "/"; f.grants.Serves(below, r.Permission) {
		all = append(all, f.instead("with a slash at its end, what is below it can be had", below, r.Permission))
	}
	if r.Permission == types.PermissionReadwrite {
		for _, p := range []types.Permission{types.PermissionRead, types.PermissionWrite} {
			if f.grants.Serves(r.Target, p) {
				all = append(all, f.instead("only "+string(p)+" of it can be had", r.Target, p))
			}
		}
	}
	return all
}

// parts are requests for parts of the path.
func (f *findings) parts(judged []session.JudgedGrant) []suggestion {
	var all []suggestion
	for _, j := range judged {
		if j.Verdict == session.VerdictPart && f.grants.Usable(j.CallerGrant) && j.Permits(f.request.Permission) && len(all) < maxParts {
			all = append(all, f.instead("a part of it can be had", j.Scope, f.request.Permission))
		}
	}
	return all
}

// instead suggests to get something else than what was asked for.
func (f *findings) instead(why, target string, p types.Permission) suggestion {
	other := *f.request
	other.Target, other.Permission = target, p
	if strings.HasSuffix(target, "*") || strings.HasSuffix(target, "/") {
		other.TargetType = ""
	}
	return suggestion{why, f.command("get-data-access", &other)}
}

// grantCommand would have an administrator make the missing grant; "" if it cannot be
// written down, or would be made in an instance that has nothing to do with the bucket,
// which is in another region. It takes the default location, s3://: where that is not registered, the
// path is split between another location and the sub-prefix.
func (f *findings) grantCommand() string {
	r := f.request
	path := strings.TrimPrefix(r.Target, "s3://")
	if path != printable(path) || f.grants.UserID == "" || f.bucketRegion != "" {
		return ""
	}
	words := []string{
		"s3control", "create-access-grant", "--account-id", f.grants.AccountID, "--region", f.grants.Region,
		"--permission", string(r.Permission), "--grantee", "GranteeType=DIRECTORY_USER,GranteeIdentifier=" + f.grants.UserID,
		"--access-grants-location-id", "default",
	}
	switch {
	case !strings.Contains(path, "/") && !strings.HasSuffix(path, "*"):
		path += "/*"
	case strings.HasSuffix(path, "/"):
		path += "*"
	case !strings.HasSuffix(path, "*"):
		words = append(words, "--s3-prefix-type", "Object")
	}
	return awsprofile.Command("aws", append(words, "--access-grants-location-configuration", subPrefix(path))...)
}

// subPrefix is the location configuration in the AWS CLI's shorthand or, where that
// would read something else in it, in JSON.
func subPrefix(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool { return r > '~' || strings.ContainsRune(" ,='\"[]{}\\@", r) }) {
		return "S3SubPrefix=" + path
	}
	text, err := json.Marshal(map[string]string{"S3SubPrefix": path})
	if err != nil {
		return ""
	}
	return string(text)
}

// requestNotes are what there is to say about the request alone.
func (f *findings) requestNotes() []string {
	r, notes := f.request, []string{}
	if r.Privilege != types.PrivilegeMinimal || strings.HasSuffix(r.Target, "*") {
		return notes
	}
	const oneObject = "With privilege Minimal and no star at its end the path is one object, and credentials reach nothing else"
	if strings.HasSuffix(s3agcreds.NormalizeTarget(r.Target), "/") {
		return append(notes, oneObject+": with a star at its end it is what is below it.")
	}
	notes = append(notes, oneObject+".")
	if r.TargetType == "" {
		notes = append(notes, "AWS wants --target-type Object for one object with privilege Minimal.")
	}
	return notes
}

// grantNotes are what else there is to say about the grants and the answer of AWS.
func (f *findings) grantNotes(e *explanation) []string {
	var notes []string
	if e.ServedBy == nil && f.addUp() {
		notes = append(notes, "A grant for READ and one for WRITE do not add up to READWRITE.")
	}
	if e.ServedBy == nil && slices.ContainsFunc(e.Grants, func(g explainedGrant) bool { return g.Verdict == string(session.VerdictApplication) }) {
		notes = append(notes, "A grant for another application of IAM Identity Center is of no use to this one.")
	}
	if f.bucketRegion != "" {
		notes = append(notes, "The bucket is in "+f.bucketRegion+", where its S3 Access Grants instance must be: --region "+f.bucketRegion+".")
	}
	if f.grants.Unfound != "" {
		notes = append(notes, "Whether another account has the instance for the path could not be looked up ("+oneLine(f.grants.Unfound)+"); name it with --account-id.")
	}
	if f.grants.Truncated {
		notes = append(notes, "There are more grants than were looked at.")
	}
	switch {
	case f.live == nil && f.unlisted != nil:
		notes = append(notes, "The role may not list your grants, and get-data-access does not need that. AWS decides: ask it with --live.")
	case f.live == nil:
		notes = append(notes, "This is read off the list of your grants. AWS decides: ask it with --live.")
	case e.Live.surprising():
		notes = append(notes, "AWS decided otherwise than the list of your grants has it; a grant may have been made or taken back meanwhile.")
	}
	return notes
}

// addUp reports whether somebody could take what there is for READWRITE.
func (f *findings) addUp() bool {
	r := f.request
	return r.Permission == types.PermissionReadwrite && f.grants.Serves(r.Target, types.PermissionRead) && f.grants.Serves(r.Target, types.PermissionWrite)
}
