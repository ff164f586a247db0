package awsprofile

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
)

const processKey = "credential_process"

// TakenError says that a profile gets its credentials elsewhere already.
type TakenError struct {
	Profile string
	// Line, from 1, and Key are where it says so.
	Line int
	Key  string
	// For says what a credential_process of the caller's program is for instead, or "".
	For string
}

// Error implements error.
func (e *TakenError) Error() string {
	if e.For != "" {
		return fmt.Sprintf("the profile %q is for %s: %s in line %d", e.Profile, e.For, e.Key, e.Line)
	}
	return fmt.Sprintf("the profile %q gets its credentials elsewhere: %s in line %d", e.Profile, e.Key, e.Line)
}

// processOf returns the credential_process of settings.
func processOf(kv []KV) (string, bool) {
	i := slices.IndexFunc(kv, func(setting KV) bool { return setting.Key == processKey })
	if i < 0 {
		return "", false
	}
	return kv[i].Value, true
}

// takeOver makes way for a credential_process, if that is among kv: what the
// profile gets its credentials from is an error, or with Overwrite a comment.
func (f *file) takeOver(path, profile string, kv []KV, o Options) error {
	if _, ok := processOf(kv); !ok {
		return nil
	}
	var gone []key
	for _, s := range f.profile(profile) {
		for _, k := range s.keys {
			masks := slices.Contains(masking, k.name)
			ours, other := o.ours(k)
			if !masks && (k.name != processKey || ours) {
				continue
			}
			if !o.Overwrite {
				return &Error{
					Path: path, Err: &TakenError{Profile: profile, Line: k.line + 1, Key: k.name, For: other},
					Fix: "choose another name with --profile, or take the profile over with --overwrite",
				}
			}
			if masks {
				gone = append(gone, k)
			}
		}
	}
	f.comment(gone)
	return nil
}

// ours reports whether a setting is a credential_process of the caller's own, or an
// empty one.
func (o Options) ours(k key) (ours bool, other string) {
	switch {
	case k.name != processKey:
		return false, ""
	case o.Ours == nil || k.value == "":
		return true, ""
	}
	return o.Ours(Words(cmp.Or(o.System, runtime.GOOS), k.value))
}

// comment makes comments of settings, and reads the file again.
func (f *file) comment(settings []key) {
	if len(settings) == 0 {
		return
	}
	for _, k := range settings {
		for _, i := range append([]int{k.line}, k.more...) {
			f.lines[i].text, f.lines[i].edit = "# "+f.lines[i].text, true
		}
	}
	again := parse(f.bytes())
	f.sections = again.sections
}
