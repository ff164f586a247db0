package awsprofile

import (
	"runtime"
	"slices"
	"strings"
)

// Loop returns the way from a command to the credentials of a profile, if there is
// one: the profiles that the command uses, one after the other, profile itself
// last; else nil. It follows --profile and AWS_PROFILE in commands, the default
// profile of an aws command without them, source_profile, and credential_process,
// in the config file at path. It sees no further than that: no scripts, and no
// AWS_PROFILE of the environment.
func Loop(path string, command []string, profile string) ([]string, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, err
	}
	content, _, err := readFile(target)
	if err != nil {
		return nil, err
	}
	w := way{file: parse(content), to: profile, seen: make(map[string]bool)}
	return w.through(used(command)), nil
}

// way looks for a profile.
type way struct {
	file *file
	to   string
	seen map[string]bool
}

// through goes on from each of the profiles that something uses.
func (w *way) through(profiles []string) []string {
	for _, name := range profiles {
		switch {
		case name == w.to:
			return []string{name}
		case w.seen[name]:
			continue
		}
		w.seen[name] = true
		if rest := w.through(w.usedBy(name)); rest != nil {
			return append([]string{name}, rest...)
		}
	}
	return nil
}

// usedBy are the profiles that a profile gets its credentials from.
func (w *way) usedBy(name string) []string {
	var found []string
	for _, s := range w.file.profile(name) {
		for _, k := range s.keys {
			switch k.name {
			case "source_profile":
				found = append(found, k.value)
			case processKey:
				found = append(found, used(Words(runtime.GOOS, k.value))...)
			}
		}
	}
	return found
}

// used are the profiles that a command uses. What a shell is given in one word is
// taken apart.
func used(command []string) []string {
	var words, found []string
	for _, word := range command {
		words = append(words, strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(" \t\n\"';|&()`", r) })...)
	}
	for i, word := range words {
		name, value, assigned := strings.Cut(word, "=")
		switch {
		case assigned && slices.Contains([]string{"--profile", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"}, name):
			found = append(found, value)
		case word == "--profile" && i+1 < len(words):
			found = append(found, words[i+1])
		}
	}
	aws := slices.ContainsFunc(words, func(word string) bool { return Base(word) == "aws" })
	if aws && len(found) == 0 {
		return []string{DefaultProfile}
	}
	return found
}
