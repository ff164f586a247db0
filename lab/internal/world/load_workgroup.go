package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// workGroupNameForm is that of the API's model.
var workGroupNameForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,128}$`)

// maxWorkGroupDescription is in characters (API reference, CreateWorkGroup).
const maxWorkGroupDescription = 1024

func (l *loader) loadWorkGroups() error {
	for _, g := range l.file.WorkGroups {
		if err := l.loadWorkGroup(&g); err != nil {
			return at(err, "workGroups: %q of %s", g.Name, g.Account)
		}
	}
	return nil
}

func (l *loader) loadWorkGroup(f *WorkGroupFile) error {
	if err := l.account(f.Account); err != nil {
		return err
	}
	region, err := l.region(f.Region)
	if err != nil {
		return err
	}
	if !workGroupNameForm.MatchString(f.Name) {
		return errors.New("the name has 1 to 128 letters, digits or ._-")
	}
	if utf8.RuneCountInString(f.Description) > maxWorkGroupDescription {
		return fmt.Errorf("the description has more than %d characters", maxWorkGroupDescription)
	}
	if err := CheckTags(f.Tags); err != nil {
		return at(err, "tags")
	}
	g := l.NewWorkGroup(f.Account, region, f.Name)
	g.Description, g.Disabled, g.Tags, g.Created = f.Description, f.Disabled, f.Tags, l.time(f.Created)
	if f.Name == PrimaryWorkGroup {
		g.Created = timeOf(f.Created) // it was there before
	}
	if g.Configuration, err = configurationText(f.Configuration); err != nil {
		return at(err, "configuration")
	}
	if err := l.loadWorkGroupCenter(g, f.Application); err != nil {
		return err
	}
	if err := l.AddWorkGroup(g); err != nil {
		return fmt.Errorf("%w: %s", err, region)
	}
	return nil
}

// loadWorkGroupCenter looks at the Identity Center instance of a work group. In an
// exported file it may be gone.
func (l *loader) loadWorkGroupCenter(g *WorkGroup, application string) error {
	arn, enabled := g.identityCenter()
	in, ok := l.instances[arn]
	switch {
	case !enabled && application != "":
		return errors.New("application: the work group has no Identity Center")
	case !enabled:
		return nil
	case !ok && (!l.file.Exported || application == ""):
		return fmt.Errorf("configuration: no Identity Center instance %q", arn)
	case application == "":
		g.join(in, stableUUID(g.ARN))
		return nil
	case applicationForm.FindStringSubmatch(application) == nil:
		return fmt.Errorf("application %q is not the ARN of one", application)
	}
	g.ApplicationARN = application
	return nil
}

// configurationText is the JSON of a configuration, which must be an object; empty for none.
func configurationText(configuration any) (string, error) {
	if configuration == nil {
		return "", nil
	}
	text, err := jsonOf(configuration)
	if err != nil {
		return "", err
	}
	if !bytes.HasPrefix(text, []byte("{")) {
		return "", errors.New("a mapping of the API's names is wanted")
	}
	return string(text), nil
}

func (w *World) exportWorkGroups() []WorkGroupFile {
	var all []WorkGroupFile
	for _, key := range slices.Sorted(mapKeys(w.workGroups)) {
		all = append(all, w.exportWorkGroup(w.workGroups[key]))
	}
	return all
}

func (w *World) exportWorkGroup(g *WorkGroup) WorkGroupFile {
	f := WorkGroupFile{
		Name: g.Name, Account: g.Account, Region: w.elsewhere(g.Region), Description: g.Description, Disabled: g.Disabled,
		Configuration: configurationValue(g.Configuration), Application: g.ApplicationARN, Tags: g.Tags, Created: written(g.Created),
	}
	arn, _ := g.identityCenter()
	if in, ok := w.instances[arn]; ok && in.application(g.ARN, stableUUID(g.ARN)) == g.ApplicationARN {
		f.Application = ""
	}
	return f
}

// configurationValue is the inverse of configurationText. Whole numbers stay whole.
func configurationValue(text string) any {
	if text == "" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var value map[string]any
	if dec.Decode(&value) != nil {
		return nil
	}
	return whole(value)
}

// whole puts int64 in the place of whole numbers, and float64 in that of others.
func whole(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return value
}
