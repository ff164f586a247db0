package template

import (
	"regexp"
	"slices"
	"strings"
)

// valueFunctions may stand in resources and outputs.
var valueFunctions = strings.Fields("Fn::Base64 Fn::Cidr Fn::FindInMap Fn::GetAZs Fn::GetAtt Fn::If Fn::ImportValue Fn::Join Fn::Select Fn::Split Fn::Sub Ref")

// booleanFunctions make conditions; their arguments may have plainFunctions.
var (
	booleanFunctions = strings.Fields("Condition Fn::And Fn::Equals Fn::Not Fn::Or")
	plainFunctions   = strings.Fields("Fn::FindInMap Fn::Join Fn::Select Fn::Split Fn::Sub Ref")
)

// exportFunctions are those that the name of an export may have.
var exportFunctions = strings.Fields("Fn::Base64 Fn::Cidr Fn::FindInMap Fn::GetAtt Fn::If Fn::Join Fn::Select Fn::Split Fn::Sub Ref")

// supported is AWS's own list, in its order.
const supported = "[Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, " +
	"Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"

// function reports whether an object is a function, with its name and argument.
func function(m *Map) (name string, argument any, ok bool) {
	if m.Len() != 1 {
		return "", nil, false
	}
	name = m.keys[0]
	if name != "Ref" && (len(name) < 4 || !strings.EqualFold(name[:4], "Fn::")) {
		return "", nil, false
	}
	return name, m.values[name], true
}

// check refuses functions that are unknown, out of place or have other arguments
// than they take.
func check(v any, block string) error {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if err := check(one, block); err != nil {
				return err
			}
		}
	case *Map:
		if name, argument, ok := function(v); ok {
			return checkFunction(name, argument, block)
		}
		for _, key := range v.Keys() {
			if strings.HasPrefix(key, "Fn::ForEach") {
				return needsExtension(key)
			}
			if err := check(v.values[key], block); err != nil {
				return err
			}
		}
	case string:
		if strings.Contains(v, "{{resolve:") {
			return wrong("this lab resolves no dynamic references: %s", v)
		}
	}
	return nil
}

func needsExtension(name string) error {
	return refuse("No transform named AWS::LanguageExtensions found. This lab runs no transforms: %s needs one.", name)
}

func checkFunction(name string, argument any, block string) error {
	if strings.HasPrefix(name, "Fn::ForEach") || name == "Fn::Length" || name == "Fn::ToJsonString" {
		return needsExtension(name)
	}
	if name == "Fn::Transform" {
		m, _ := argument.(*Map)
		return refuse("No transform named %s found. This lab runs no transforms.", transformName(m))
	}
	if !slices.Contains(valueFunctions, name) {
		if slices.Contains(booleanFunctions, name) {
			return wrong("%s cannot be used in the %s block of the template: Fn::If takes the name of a condition", name, block)
		}
		return refuse("Template Error: Encountered unsupported function: %s Supported functions are: %s", name, supported)
	}
	if err := arguments(name, argument); err != nil {
		return err
	}
	return check(argument, block)
}

// The texts of refusals that are used more than once.
const (
	joinForm   = "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
	splitForm  = "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."
	selectForm = "Fn::Select requires a list argument with two elements: an integer index and a list"
	subForm    = "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"
	mapForm    = "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"
	attForm    = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
	cidrForm   = "every Fn::Cidr object requires two or three parameters, an IP address block, the number of CIDRs and the number of subnet bits"
	base64Form = "every Fn::Base64 object must have a String-typed value."
	importForm = "the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs"
)

// arguments checks the form of what a function is given.
func arguments(name string, argument any) error {
	list, isList := argument.([]any)
	switch name {
	case "Ref":
		text, ok := argument.(string)
		return when(!ok || text == "", "every Ref object must have a single String value.")
	case "Fn::GetAtt":
		id, attr := getAtt(argument)
		return when(id == "" || attr == nil || attr == "", attForm)
	case "Fn::Base64":
		return when(!mayBeText(argument), base64Form)
	case "Fn::GetAZs":
		return when(!mayBeText(argument), "every Fn::GetAZs object must have a String-typed value.")
	case "Fn::Sub":
		return subArgumentsForm(argument)
	case "Fn::ImportValue":
		return importArgument(argument, isList)
	}
	return listArguments(name, list)
}

// listArguments checks those of functions that take a list.
func listArguments(name string, list []any) error {
	two := len(list) == 2
	switch name {
	case "Fn::If":
		return ifArguments(list)
	case "Fn::FindInMap":
		if len(list) == 4 {
			return needsExtension("Fn::FindInMap with a default value")
		}
		return when(len(list) != 3, mapForm)
	case "Fn::Join":
		return when(!two || !isString(list[0]) || !mayBeList(list[1]), joinForm)
	case "Fn::Split":
		return when(!two || !isString(list[0]) || !mayBeText(list[1]), splitForm)
	case "Fn::Select":
		return when(!two || !mayBeText(list[0]) || !mayBeList(list[1]), selectForm)
	case "Fn::Cidr":
		return when(!two && len(list) != 3, cidrForm)
	}
	return nil
}

func when(bad bool, text string) error {
	if bad {
		return wrong("%s", text)
	}
	return nil
}

func isString(v any) bool { _, ok := v.(string); return ok }

// mayBeText reports whether v is a scalar, or a function.
func mayBeText(v any) bool {
	if m, ok := v.(*Map); ok {
		_, _, ok = function(m)
		return ok
	}
	_, ok := Text(v)
	return ok
}

// mayBeList reports whether v is a list, or a function.
func mayBeList(v any) bool {
	if _, ok := v.([]any); ok {
		return true
	}
	m, ok := v.(*Map)
	return ok && mayBeText(m)
}

// getAtt splits the argument of Fn::GetAtt; the attribute may be a function.
func getAtt(argument any) (id string, attribute any) {
	if text, ok := argument.(string); ok {
		id, rest, _ := strings.Cut(text, ".")
		return id, rest
	}
	list, _ := argument.([]any)
	if len(list) != 2 || !mayBeText(list[1]) {
		return "", nil
	}
	id, _ = list[0].(string)
	return id, list[1]
}

func ifArguments(list []any) error {
	if len(list) != 3 {
		return wrong("Fn::If requires a list argument with three elements")
	}
	return when(!isString(list[0]), "Fn::If requires a list argument with the first element being a condition")
}

func importArgument(argument any, isList bool) error {
	if isList || !mayBeText(argument) {
		return wrong("every Fn::ImportValue object must have a String-typed value.")
	}
	u := uses{}
	u.collectSafely(argument)
	if len(u.attributes) > 0 || strings.Contains(JSON(argument), `"Fn::ImportValue"`) || strings.Contains(JSON(argument), `"Fn::GetAZs"`) {
		return wrong(importForm)
	}
	return nil
}

// collectSafely collects where the functions within may not have been checked.
func (u *uses) collectSafely(v any) {
	if check(v, "Resources") == nil {
		u.collect(v)
	}
}

// subArguments are the text of Fn::Sub and the values of its own.
func subArguments(argument any) (text string, own *Map) {
	if list, ok := argument.([]any); ok && len(list) == 2 {
		text, _ = list[0].(string)
		own, _ = list[1].(*Map)
		return text, own
	}
	text, _ = argument.(string)
	return text, nil
}

func subArgumentsForm(argument any) error {
	text, own := subArguments(argument)
	if list, ok := argument.([]any); ok && (len(list) != 2 || !isString(list[0]) || own == nil) || !ok && !isString(argument) {
		return wrong(subForm)
	}
	if _, ok := subNames(text); !ok {
		return wrong("variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons")
	}
	return nil
}

var (
	subVariable = regexp.MustCompile(`\$\{([^!{}][^{}]*|)\}`)
	subName     = regexp.MustCompile(`^[a-zA-Z0-9_.:]+$`)
)

// subNames are the variables in the text of Fn::Sub, and whether they may be called so.
func subNames(text string) (names []string, ok bool) {
	for _, found := range subVariable.FindAllStringSubmatch(text, -1) {
		name := strings.TrimSpace(found[1])
		if !subName.MatchString(name) {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
