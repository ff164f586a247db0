package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Scenario is a document of faults. docs/faults.md describes it.
type Scenario struct {
	// Version of the schema: 1.
	Version int `yaml:"version"`
	// Clock is how far the lab's clock is moved at the start.
	Clock Duration `yaml:"clock"`
	// Faults that are set, in their order.
	Faults []Fault `yaml:"faults"`
}

// Parse reads a scenario in YAML and checks it. Keys that are not known are
// refused; the error is one line.
func Parse(document []byte) (*Scenario, error) {
	dec := yaml.NewDecoder(bytes.NewReader(document))
	dec.KnownFields(true)
	var s Scenario
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("scenario file: %w", oneLine(err))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("scenario file: more than one document")
	}
	if s.Version != 1 {
		return nil, fmt.Errorf("scenario file: version %d: this lab reads version 1", s.Version)
	}
	if err := CheckMove(time.Duration(s.Clock)); err != nil {
		return nil, fmt.Errorf("scenario file: clock: %w", err)
	}
	if err := checkAll(s.Faults); err != nil {
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	if err := s.checkGiven(document); err != nil {
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	return &s, nil
}

// oneLine takes the first complaint of the YAML reader, in words that name no Go type.
func oneLine(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	var typed *yaml.TypeError
	if !errors.As(err, &typed) || len(typed.Errors) == 0 {
		return errors.New(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: "))
	}
	text := typed.Errors[0]
	if before, _, ok := strings.Cut(text, " not found in type"); ok {
		return errors.New(strings.Replace(before, "field ", "unknown key ", 1))
	}
	return errors.New(plainYAML(text))
}

// ParseJSON reads one fault in JSON and checks it. Keys that are not known, and keys
// that say nothing, are refused; the error is one line.
func ParseJSON(document io.Reader) (*Fault, error) {
	text, err := io.ReadAll(document)
	if err != nil {
		return nil, fmt.Errorf("fault: %w", plainJSON(err))
	}
	var f Fault
	if err := ReadJSON(bytes.NewReader(text), &f); err != nil {
		return nil, fmt.Errorf("fault: %w", err)
	}
	var given map[string]any
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, fmt.Errorf("fault: %w", plainJSON(err))
	}
	if err := f.checkGiven(given); err != nil {
		return nil, fmt.Errorf("fault: %w", err)
	}
	if err := checkAll([]Fault{f}); err != nil {
		return nil, err
	}
	return &f, nil
}

func checkAll(list []Fault) error {
	seen := map[string]bool{}
	for i := range list {
		f := &list[i]
		if err := f.check(); err != nil {
			return fmt.Errorf("%s: %w", f.title(i), err)
		}
		if f.Name != "" && seen[f.Name] {
			return fmt.Errorf("%s: the name stands twice", f.title(i))
		}
		seen[f.Name] = true
	}
	return nil
}

// title names a fault in an error.
func (f *Fault) title(i int) string {
	if f.Name != "" && nameForm.MatchString(f.Name) {
		return "fault " + f.Name
	}
	return fmt.Sprintf("fault %d", i+1)
}
