package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
)

// generate trims the newest model of one service and writes it to out.
func generate(data, out string, s service) error {
	raw, err := readModel(filepath.Join(data, s.name))
	if err != nil {
		return err
	}
	if err := checkTraits(raw); err != nil {
		return err
	}
	m, err := models.Parse(raw)
	if err != nil {
		return err
	}
	if err := trim(m, s.operations); err != nil {
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, s.name+".json"), b.Bytes(), 0o644)
}

// readModel reads service-2.json or service-2.json.gz of the newest API version.
func readModel(dir string) ([]byte, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "service-2.json*"))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no service-2.json under %s", dir)
	}
	slices.Sort(found)
	data, err := os.ReadFile(found[len(found)-1])
	if err != nil || filepath.Ext(found[len(found)-1]) != ".gz" {
		return data, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// trim keeps the named operations and what they reach.
func trim(m *models.Model, operations []string) error {
	kept := map[string]*models.Operation{}
	for _, name := range operations {
		op, ok := m.Operations[name]
		if !ok {
			return fmt.Errorf("no operation %s", name)
		}
		kept[name] = op
	}
	if operations != nil {
		m.Operations = kept
	}
	shapes := map[string]*models.Shape{}
	for _, op := range m.Operations {
		reach(m, shapes, op.Input)
		reach(m, shapes, op.Output)
		for i := range op.Errors {
			reach(m, shapes, &op.Errors[i])
		}
	}
	m.Shapes = shapes
	return nil
}

// reach adds the shape of ref, and all it refers to, to shapes.
func reach(m *models.Model, shapes map[string]*models.Shape, ref *models.Ref) {
	if ref == nil || shapes[ref.Shape] != nil {
		return
	}
	shape := m.Shapes[ref.Shape]
	shapes[ref.Shape] = shape
	for _, member := range shape.Members {
		reach(m, shapes, member.Ref)
	}
	reach(m, shapes, shape.Member)
	reach(m, shapes, shape.Key)
	reach(m, shapes, shape.Value)
}
