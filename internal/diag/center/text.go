package center

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// encoded is JSON for a command line.
func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "" // what comes here is made of maps, lists and texts
	}
	return strings.TrimSpace(b.String())
}

// listed names some things, for a line.
func listed(texts []string) string {
	const most = 5
	if len(texts) == 0 {
		return "none"
	}
	if len(texts) > most {
		texts = append(slices.Clone(texts[:most]), "...")
	}
	return strings.Join(texts, ", ")
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
