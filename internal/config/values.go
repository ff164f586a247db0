package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// text is the field of a string.
func text(key, doc string, at func(*Config) *string) field {
	return field{
		key: key, doc: doc,
		set: func(c *Config, raw json.RawMessage) error {
			var value string
			if err := json.Unmarshal(raw, &value); err != nil {
				return fmt.Errorf("must be a string in quotes, not %s%s", kind(raw), leadingZeros(key))
			}
			*at(c) = strings.TrimSpace(value)
			return nil
		},
		setText: func(c *Config, value string) error { *at(c) = value; return nil },
		get: func(c *Config) any {
			if value := *at(c); value != "" {
				return value
			}
			return nil
		},
		copy: func(to, from *Config) { *at(to) = *at(from) },
	}
}

func leadingZeros(key string) string {
	if key == "s3ag_account_id" {
		return " (a number loses the leading zeros of an account id)"
	}
	return ""
}

const (
	maxPort     = math.MaxUint16
	maxSeconds  = 1_000_000 // of any number that stands for seconds; Validate is stricter
	portForm    = "must be a port number from 1 to 65535"
	portsForm   = "must be a list of port numbers from 1 to 65535, like [8091, 8092]"
	secondsForm = "must be a whole number of seconds, like 3600"
)

// number is the field of a whole number from 1 to most.
func number(key, doc, form string, most int, at func(*Config) *int) field {
	return field{
		key: key, doc: doc,
		set: func(c *Config, raw json.RawMessage) (err error) {
			*at(c), err = decodeNumber(raw, form, most)
			return err
		},
		setText: func(c *Config, value string) (err error) {
			*at(c), err = parseNumber(value, form, most)
			return err
		},
		get: func(c *Config) any {
			if value := *at(c); value != 0 {
				return value
			}
			return nil
		},
		copy: func(to, from *Config) { *at(to) = *at(from) },
	}
}

// decodeNumber takes a JSON number, or a string with one.
func decodeNumber(raw json.RawMessage, form string, most int) (int, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return parseNumber(strings.TrimSpace(text), form, most)
	}
	var value float64
	if err := json.Unmarshal(raw, &value); err != nil {
		return 0, fmt.Errorf("%s, not %s", form, kind(raw))
	}
	if value != math.Trunc(value) || value < 1 || value > float64(most) {
		return 0, errors.New(form)
	}
	return int(value), nil
}

// parseNumber returns 0 for "".
func parseNumber(value, form string, most int) (int, error) {
	if value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, errors.New(form)
	}
	return n, nil
}

// portsField is the field of several ports.
func portsField(key, doc string, at func(*Config) *[]int) field {
	return field{
		key: key, doc: doc,
		set: func(c *Config, raw json.RawMessage) (err error) {
			*at(c), err = decodePorts(raw)
			return err
		},
		setText: func(c *Config, value string) (err error) {
			*at(c), err = parsePorts(value)
			return err
		},
		get: func(c *Config) any {
			if value := *at(c); len(value) > 0 {
				return value
			}
			return nil
		},
		text: func(c *Config) string { return strings.Trim(fmt.Sprint(*at(c)), "[]") },
		copy: func(to, from *Config) { *at(to) = slices.Clone(*at(from)) },
	}
}

func decodePorts(raw json.RawMessage) ([]int, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return parsePorts(text)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s, not %s", portsForm, kind(raw))
	}
	var ports []int
	for _, member := range list {
		port, err := decodeNumber(member, portsForm, maxPort)
		if err != nil || port == 0 {
			return nil, errors.New(portsForm)
		}
		ports = append(ports, port)
	}
	return ports, nil
}

func parsePorts(value string) ([]int, error) {
	var ports []int
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		port, err := parseNumber(word, portsForm, maxPort)
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// scopesField is the field of words without spaces in them.
func scopesField(key, doc string, at func(*Config) *[]string) field {
	f := listField(key, doc, "must be a list of strings, or one string with spaces between the scopes", at, func(value string) ([]string, error) {
		return strings.Fields(value), nil
	})
	f.text = func(c *Config) string { return strings.Join(*at(c), " ") }
	set := f.set
	f.set = func(c *Config, raw json.RawMessage) error {
		if err := set(c, raw); err != nil {
			return err
		}
		return f.setText(c, f.text(c)) // a scope of the list may be several
	}
	return f
}

// wordsField is the field of a program and its arguments.
func wordsField(key, doc string, at func(*Config) *[]string) field {
	return listField(key, doc, `must be a list of strings, or one string, like ["program", "argument"]`, at, SplitWords)
}

// listField is the field of a JSON list of strings, or of text that split takes.
func listField(key, doc, form string, at func(*Config) *[]string, split func(string) ([]string, error)) field {
	setText := func(c *Config, value string) error {
		list, err := split(value)
		if *at(c) = list; len(list) == 0 {
			*at(c) = nil
		}
		return err
	}
	return field{
		key: key, doc: doc,
		set: func(c *Config, raw json.RawMessage) error {
			var text string
			if json.Unmarshal(raw, &text) == nil {
				return setText(c, text)
			}
			var list []string
			if err := json.Unmarshal(raw, &list); err != nil {
				return fmt.Errorf("%s, not %s", form, kind(raw))
			}
			if *at(c) = list; len(list) == 0 {
				*at(c) = nil
			}
			return nil
		},
		setText: setText,
		get: func(c *Config) any {
			if value := *at(c); len(value) > 0 {
				return value
			}
			return nil
		},
		text: func(c *Config) string { return JoinWords(*at(c)) },
		copy: func(to, from *Config) { *at(to) = slices.Clone(*at(from)) },
	}
}

const parametersForm = `must be an object of strings, like {"prompt": "login"}`

// parametersField is the field of the parameters of a request.
func parametersField(key, doc string, at func(*Config) *map[string]string) field {
	return field{
		key: key, doc: doc,
		set: func(c *Config, raw json.RawMessage) (err error) {
			var text string
			if json.Unmarshal(raw, &text) == nil {
				*at(c), err = parseParameters(text)
				return err
			}
			var value map[string]string
			if err := json.Unmarshal(raw, &value); err != nil {
				return fmt.Errorf("%s, not %s", parametersForm, kindOfMembers(raw))
			}
			if *at(c) = value; len(value) == 0 {
				*at(c) = nil
			}
			return nil
		},
		setText: func(c *Config, value string) (err error) {
			*at(c), err = parseParameters(value)
			return err
		},
		get: func(c *Config) any {
			if value := *at(c); len(value) > 0 {
				return value
			}
			return nil
		},
		text: func(c *Config) string { return formatParameters(*at(c)) },
		copy: func(to, from *Config) { *at(to) = maps.Clone(*at(from)) },
	}
}

func kindOfMembers(raw json.RawMessage) string {
	if raw[0] == '{' {
		return "of anything else"
	}
	return kind(raw)
}

// parseParameters takes name=value pairs with spaces or & between them, escaped as
// in a query.
func parseParameters(text string) (map[string]string, error) {
	var parameters map[string]string
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' || unicode.IsSpace(r) }) {
		name, value, ok := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if !ok || err1 != nil || err2 != nil {
			return nil, errors.New("must be name=value pairs with spaces between them, like prompt=login max_age=0 (a space in a value is %20)")
		}
		if _, twice := parameters[name]; twice {
			return nil, fmt.Errorf("has %q twice", name)
		}
		if parameters == nil {
			parameters = make(map[string]string)
		}
		parameters[name] = value
	}
	return parameters, nil
}

func formatParameters(parameters map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(parameters[name]))
	}
	return strings.Join(pairs, " ")
}

// kind names the type of a JSON value that is no string: every field takes those.
func kind(raw json.RawMessage) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	default:
		return "a number"
	}
}
