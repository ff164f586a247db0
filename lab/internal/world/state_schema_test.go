package world_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/assumptions"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// eachField calls see with every field that a world file can set, by its path of
// type and key.
func eachField(t reflect.Type, seen map[reflect.Type]bool, see func(of reflect.Type, f reflect.StructField)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		see(t, t.Field(i))
		eachField(t.Field(i).Type, seen, see)
	}
}

// The key of every field is its name but for the case: the data directory has JSON,
// which encoding/json reads without tags.
func TestSchemaKeys(t *testing.T) {
	eachField(reflect.TypeFor[world.File](), map[reflect.Type]bool{}, func(of reflect.Type, f reflect.StructField) {
		key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if option == "inline" {
			if !f.Anonymous || key != "" {
				t.Errorf("%s.%s: what is inlined is embedded and has no key", of, f.Name)
			}
			return
		}
		if !strings.EqualFold(key, f.Name) {
			t.Errorf("%s.%s: the key is %q", of, f.Name, key)
		}
		switch kind := f.Type.Kind(); kind {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct, reflect.Interface:
		default:
			t.Errorf("%s.%s: files cannot have a %s", of, f.Name, kind)
		}
	})
}

// elsewhereTested are fields that the world itself does not export or that another
// test is about.
var elsewhereTested = map[string]string{
	"File.Switches":                     "TestSwitchesAreExported",
	"BucketFile.Objects":                "lab/internal/s3, which has the objects",
	"SecretFile.Value":                  "a form of input; it comes out so when it is the only version",
	"ApplicationFile.AuthorizationCode": "only with its switch",
}

// A world with a value for every key of the schema exports every one of them, and
// what it exports is the same world, in either form and at another address. A new
// key that is not in testdata/every-key.yaml, or that an export forgets, fails here.
func TestEveryKeyIsExported(t *testing.T) {
	text, err := os.ReadFile("testdata/every-key.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := world.Parse(text, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f.Stacks = []world.Stack{everyStack()}
	first := made(t, f)
	set := map[string]bool{}
	mark(reflect.ValueOf(first).Elem(), set)
	eachField(reflect.TypeFor[world.File](), map[reflect.Type]bool{}, func(of reflect.Type, f reflect.StructField) {
		name := of.Name() + "." + f.Name
		if of != reflect.TypeFor[world.Switches]() && !strings.HasPrefix(of.Name(), "Object") && of.Name() != "ChecksumFile" && !set[name] && elsewhereTested[name] == "" {
			t.Errorf("%s is not exported, or not in testdata/every-key.yaml", name)
		}
	})
	want := jsonOf(t, first, endpoint)
	for form, read := range again {
		const moved = "[::1]:9000"
		f, err := read(first, endpoint, moved)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if diff := cmp.Diff(want, jsonOf(t, made(t, f), moved)); diff != "" {
			t.Errorf("%s (-exported +exported again):\n%s", form, diff)
		}
	}
}

// everyStack is a stack with a value in every field: the world does not look into
// most of them.
func everyStack() world.Stack {
	var s world.Stack
	n := 0
	enrich(reflect.ValueOf(&s).Elem(), &n)
	s.Name, s.Account, s.Region, s.Status = "every", "111122223333", "us-gov-west-1", "UPDATE_ROLLBACK_COMPLETE"
	s.ID = "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/every/11111111-2222-4333-8444-555555555555"
	return s
}

// enrich gives every part of v another value.
func enrich(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%d: {{endpoint}} {{open}} %s\n \t", *n, endpoint))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		enrich(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		enrich(v.Index(0), n)
		enrich(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		enrich(key, n)
		enrich(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, *n, time.UTC)))
			return
		}
		for i := range v.NumField() {
			enrich(v.Field(i), n)
		}
	}
}

func jsonOf(t *testing.T, f *world.File, endpoint string) string {
	t.Helper()
	text, err := f.JSON(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// How long sessions of the file last is told from now on.
	return regexp.MustCompile(`"lifetime":\d+`).ReplaceAllString(string(text), `"lifetime":1`)
}

// mark notes the fields that have a value anywhere in v.
func mark(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			mark(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			mark(v.Index(i), set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
				set[v.Type().Name()+"."+f.Name] = true
				mark(v.Field(i), set)
			}
		}
	}
}

// Every switch that is not at its default is exported, and no other.
func TestSwitchesAreExported(t *testing.T) {
	for _, a := range assumptions.All() {
		other := otherValue(a)
		if other == "" {
			continue
		}
		t.Run(a.Switch, func(t *testing.T) {
			text := "version: 1\nregion: eu-west-1\naccounts: [{id: \"111122223333\"}]\nswitches: {" + a.Switch + ": " + other + "}\n"
			f, err := world.Parse([]byte(text), endpoint)
			if err != nil {
				t.Fatal(err)
			}
			out := made(t, f)
			wanted, _ := json.Marshal(map[string]any{a.Switch: nil})
			got := jsonOf(t, &world.File{Switches: out.Switches}, endpoint)
			if strings.Count(got, "\":") != 2 || !strings.Contains(got, string(wanted[1:len(wanted)-5])) {
				t.Errorf("%s", got)
			}
		})
	}
}

// otherValue is a value of a switch that is not its default, in YAML.
func otherValue(a assumptions.Assumption) string {
	switch d := a.Default.(type) {
	case bool:
		return strconv.FormatBool(!d)
	case int:
		return strconv.Itoa(d + 7)
	case []string:
		return `["s3:GetObject"]`
	}
	for _, v := range a.Values {
		if v != a.Default {
			return strconv.Quote(v)
		}
	}
	return ""
}
