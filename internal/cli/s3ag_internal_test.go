package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(rows [][]cell) []string {
	var lines []string
	for _, row := range rows {
		var words []string
		for _, c := range row {
			words = append(words, c.text)
		}
		lines = append(lines, strings.Join(words, "|"))
	}
	return lines
}

// TestFitTo: only the last column is broken, where there is room for words.
func TestFitTo(t *testing.T) {
	header := []string{"TARGET", "REASON"}
	rows := [][]cell{cells("s3://b/*", "would serve it, but a more specific one comes first"), cells("s3://bucket", "serves it"), cells("and 3 more")}
	whole := []string{"s3://b/*|would serve it, but a more specific one comes first", "s3://bucket|serves it", "and 3 more"}
	for width, want := range map[int][]string{
		0: whole, 30: whole, 200: whole,
		40: {"s3://b/*|would serve it, but a more", "|specific one comes first", "s3://bucket|serves it", "and 3 more"},
	} {
		got := fitTo(width, header, rows)
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", width, diff)
		}
	}
	rows[0][1].style = yellow
	if got := fitTo(40, header, rows); got[1][1].style != yellow {
		t.Errorf("the second line has lost its style: %+v", got[1])
	}
}

func TestSubPrefix(t *testing.T) {
	for path, want := range map[string]string{
		"bucket/prefix/*": "S3SubPrefix=bucket/prefix/*",
		"bucket/k+1:é":    `{"S3SubPrefix":"bucket/k+1:é"}`,
		"b/a,b=c":         `{"S3SubPrefix":"b/a,b=c"}`,
		`b/"q" 'r'`:       `{"S3SubPrefix":"b/\"q\" 'r'"}`,
		"b/[x]{y}@file":   `{"S3SubPrefix":"b/[x]{y}@file"}`,
	} {
		if got := subPrefix(path); got != want {
			t.Errorf("%q is written %s, want %s", path, got, want)
		}
	}
}
