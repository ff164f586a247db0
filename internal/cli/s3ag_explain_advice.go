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

// suggestions are what may be asked for in the place of what nothing serves.
func (x *explaining) suggestions(judged []session.JudgedGrant) []suggestion {
	r, all := x.request, []suggestion{}
	add := func(why, target string, p types.Permission) {
		if target == printable(target) { // else it could not be copied
			all = append(all, suggestion{why, x.command("get-data-access", target, p)})
		}
	}
	if x.bucketRegion != "" {
		all = append(all, suggestion{"the bucket is in " + x.bucketRegion, x.commandIn(x.bucketRegion)})
	}
	if below := r.Target + "/"; x.found.Serves(below, r.Permission) {
		add("with a slash at its end, what is below it can be had", below, r.Permission)
	}
	for _, p := range []types.Permission{types.PermissionRead, types.PermissionWrite} {
		if r.Permission == types.PermissionReadwrite && x.found.Serves(r.Target, p) {
			add("only "+string(p)+" of it can be had", r.Target, p)
		}
	}
	parts := 0
	for _, j := range permitted(judged, x, session.VerdictPart) {
		if parts < maxParts && j.Permits(r.Permission) {
			parts++
			add("a part of it can be had", j.Scope, r.Permission)
		}
	}
	return all
}

// command is one of tip-cli for a target, in the same instance.
func (x *explaining) command(name, target string, p types.Permission) string {
	r := x.request
	words := []string{"s3ag", name, target, "--permission", string(p)}
	if r.Privilege == types.PrivilegeMinimal {
		words = append(words, "--privilege", string(r.Privilege))
	}
	for _, flag := range []struct{ name, value string }{{"--account-id", r.AccountID}, {"--region", r.Region}} {
		if flag.value != "" {
			words = append(words, flag.name, flag.value)
		}
	}
	return awsprofile.Command("tip-cli", x.ofContext(words)...)
}

// commandIn is the same explanation in another region.
func (x *explaining) commandIn(region string) string {
	elsewhere := *x
	asked := *x.request
	asked.Region, elsewhere.request = region, &asked
	return elsewhere.command("explain", asked.Target, asked.Permission)
}

// ofContext names the context, if the command line did.
func (a *app) ofContext(words []string) []string {
	if a.contextFlag == "" {
		return words
	}
	return append([]string{"--context", a.contextFlag}, words...)
}

// grantCommand would have an administrator make the missing grant; "" if it cannot be
// written down. It takes the default location, s3://: where that is not registered, the
// path is split between another location and the sub-prefix.
func (x *explaining) grantCommand() string {
	r := x.request
	path := strings.TrimPrefix(r.Target, "s3://")
	if path != printable(path) || x.found.UserID == "" {
		return ""
	}
	words := []string{
		"s3control", "create-access-grant", "--account-id", x.found.AccountID, "--region", x.found.Region,
		"--permission", string(r.Permission), "--grantee", "GranteeType=DIRECTORY_USER,GranteeIdentifier=" + x.found.UserID,
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

// notes are what else there is to say.
func (x *explaining) notes(e *explanation) []string {
	r := x.request
	var notes []string
	note := func(is bool, text string) {
		if is {
			notes = append(notes, text)
		}
	}
	wild := strings.HasSuffix(r.Target, "*")
	minimal := r.Privilege == types.PrivilegeMinimal
	folder := strings.HasSuffix(s3agcreds.NormalizeTarget(r.Target), "/")
	const oneObject = "With privilege Minimal and no star at its end the path is one object, and credentials reach nothing else"
	note(minimal && !wild && folder, oneObject+": with a star at its end it is what is below it.")
	note(minimal && !wild && !folder, oneObject+".")
	note(minimal && !wild && !folder && r.TargetType == "", "AWS wants --target-type Object for one object with privilege Minimal.")
	note(e.ServedBy == nil && x.unlisted == nil && r.Permission == types.PermissionReadwrite && x.found.Serves(r.Target, types.PermissionRead) && x.found.Serves(r.Target, types.PermissionWrite),
		"A grant for READ and one for WRITE do not add up to READWRITE.")
	note(e.ServedBy == nil && slices.ContainsFunc(e.Grants, func(g explainedGrant) bool { return g.Verdict == string(session.VerdictApplication) }),
		"A grant for another application of IAM Identity Center is of no use to this one.")
	note(x.bucketRegion != "", "The bucket is in "+x.bucketRegion+", where its S3 Access Grants instance must be: --region "+x.bucketRegion+".")
	note(x.found.Unfound != "", "Whether another account has the instance for the path could not be looked up ("+oneLine(x.found.Unfound)+"); name it with --account-id.")
	note(x.found.Truncated, "There are more grants than were looked at.")
	note(x.live == nil, "This is read off the list of your grants. AWS decides: ask it with --live.")
	note(e.Live != nil && e.Live.surprising(), "AWS decided otherwise than the list of your grants has it; a grant may have been made or taken back meanwhile.")
	return notes
}
