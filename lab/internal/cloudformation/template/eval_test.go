package template_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

const head = `
Parameters:
  Name: {Type: String, Default: reader}
  Many: {Type: CommaDelimitedList, Default: "a, b,c"}
  Count: {Type: Number, Default: 3}
  Odd: {Type: Number, Default: "007"}
Mappings:
  Stage:
    prod: {Size: "10", Zones: [x, y]}
Conditions:
  Yes: !Equals [!Ref Name, reader]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Equals [1, "1"]]
  Either: !Or [!Condition No, !Condition Both]
`

func env(t *testing.T, text string) (*template.Template, *template.Env) {
	t.Helper()
	loaded, err := template.Load(text, kinds{})
	if err != nil {
		t.Fatal(err)
	}
	values, err := loaded.Values(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := template.NewEnv(loaded, values, &template.Pseudo{
		AccountID: "444455556666", Partition: "aws", Region: "eu-west-1", StackID: "arn:s", StackName: "mine", NotificationARNs: []string{"arn:n"},
	})
	e.Ref = func(id string) (any, error) { return "ref-" + id, nil }
	e.Att = func(id, attribute string) (any, error) { return "att-" + id + "-" + attribute, nil }
	e.Import = func(name string) (any, error) {
		if name == "none" {
			return nil, errors.New("there is no such export")
		}
		return "import-" + name, nil
	}
	return loaded, e
}

func TestEval(t *testing.T) {
	for expression, want := range map[string]string{
		"!Ref Name":                                `"reader"`,
		"!Ref Count":                               `3`,
		"!Ref Many":                                `["a","b","c"]`,
		"!Ref S":                                   `"ref-S"`,
		"!Ref AWS::AccountId":                      `"444455556666"`,
		"!Ref AWS::URLSuffix":                      `"amazonaws.com"`,
		"!Ref AWS::NotificationARNs":               `["arn:n"]`,
		"[1, !Ref AWS::NoValue]":                   `[1]`,
		"{a: !Ref AWS::NoValue, b: true, c: 1}":    `{"b":true,"c":1}`,
		"!GetAtt S.Arn":                            `"att-S-Arn"`,
		"{Fn::GetAtt: [S, !Join [\"\", [A, rn]]]}": `"att-S-Arn"`,
		"!Sub \"${Name}-${S}-${S.Arn}-${AWS::Region}-${!Literal}\"": `"reader-ref-S-att-S-Arn-eu-west-1-${Literal}"`,
		"!Sub [\"${A}-${Name}\", {A: !Ref Count}]":                  `"3-reader"`,
		"!Sub [\"${A}${A}-${!A}\", {A: \"${!A}\"}]":                 `"${!A}${!A}-${A}"`,
		"!Ref Odd":                                        `"007"`,
		"!Join [\"-\", !Ref Many]":                        `"a-b-c"`,
		"!Join [\"\", [a, 1, true]]":                      `"a1true"`,
		"!Split [\",\", \"a,b\"]":                         `["a","b"]`,
		"!Select [1, !Ref Many]":                          `"b"`,
		"!Select [\"0\", !GetAZs \"\"]":                   `"eu-west-1a"`,
		"!GetAZs us-east-1":                               `["us-east-1a","us-east-1b","us-east-1c"]`,
		"!FindInMap [Stage, prod, Size]":                  `"10"`,
		"!FindInMap [Stage, prod, Zones]":                 `["x","y"]`,
		"!Base64 hello":                                   `"aGVsbG8="`,
		"!If [Yes, 1, 2]":                                 `1`,
		"!If [No, 1, 2]":                                  `2`,
		"!If [Both, 1, 2]":                                `1`,
		"!If [Either, 1, 2]":                              `1`,
		"!ImportValue x":                                  `"import-x"`,
		"!ImportValue {\"Fn::Sub\": \"${Name}-x\"}":       `"import-reader-x"`,
		"!Cidr [10.0.0.0/16, 2, 8]":                       `["10.0.0.0/24","10.0.1.0/24"]`,
		"!Cidr [10.0.0.0/24, 3]":                          "Template error: Fn::Cidr cannot cut 3 blocks with 8 subnet bits from 10.0.0.0/24",
		"!Cidr [\"2001:db8::/56\", 2, 64]":                `["2001:db8::/64","2001:db8:0:1::/64"]`,
		"!Cidr [nonsense, 2, 8]":                          "Template error: every Fn::Cidr object requires two or three parameters, an IP address block, the number of CIDRs and the number of subnet bits",
		"!Cidr [10.0.0.0/16, many, 8]":                    "Template error: every Fn::Cidr object requires two or three parameters, an IP address block, the number of CIDRs and the number of subnet bits",
		"2012-10-17":                                      `"2012-10-17"`,
		"{Version: 2012-10-17, n: 012, f: 1.5, s: \"1\"}": `{"Version":"2012-10-17","n":"012","f":1.5,"s":"1"}`,
		"!Select [5, !Ref Many]":                          "Template error: Fn::Select cannot select nonexistent value at index 5",
		"!Select [a, !Ref Many]":                          "Template error: Fn::Select requires a list argument with a valid index value as its first element",
		"!Select [0, !Ref Name]":                          "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
		"!FindInMap [None, prod, Size]":                   "Template error: Mapping named 'None' is not present in the 'Mappings' section of template.",
		"!FindInMap [Stage, dev, Size]":                   "Template error: Unable to get mapping for Stage::dev::Size",
		"!FindInMap [Stage, !Ref Many, Size]":             "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
		"!Join [\"\", !Ref Name]":                         "Template error: every Fn::Join object requires two parameters, ...",
		"!Join [\"\", [!Ref Many]]":                       "Template error: every Fn::Join object requires two parameters, ...",
		"!Split [\"\", a]":                                "Template error: every Fn::Split object requires two parameters, ...",
		"!Split [\",\", !Ref Many]":                       "Template error: every Fn::Split object requires two parameters, ...",
		"!Base64 {Ref: Many}":                             "Template error: every Fn::Base64 object must have a String-typed value.",
		"!Sub \"${Many}\"":                                "Template error: variable Many in Fn::Sub expression does not resolve to a string",
		"!ImportValue none":                               "there is no such export",
		"!ImportValue {Ref: Many}":                        "Template error: every Fn::ImportValue object must have a String-typed value.",
		"{Fn::GetAtt: [S, !Ref Many]}":                    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
	} {
		t.Run(expression, func(t *testing.T) {
			loaded, e := env(t, one(expression, head))
			r, _ := loaded.Resource("R")
			expression, _ := r.Properties.Get("P")
			got, err := e.Eval(expression)
			if err != nil {
				expect(t, want, err)
			} else if diff := cmp.Diff(want, template.JSON(got)); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

// What is not known yet makes what is made of it unknown, and nothing else.
func TestUnknown(t *testing.T) {
	loaded, e := env(t, one("[!Sub \"a-${S}\", !Join [\"\", [!Ref S]], !Select [0, !Split [\",\", !Ref S]], !Ref Name]", head))
	e.Ref = func(string) (any, error) { return template.Unknown{}, nil }
	r, _ := loaded.Resource("R")
	got, err := e.Properties(r.Properties)
	if err != nil {
		t.Fatal(err)
	}
	const later = `"{{changeSet:KNOWN_AFTER_APPLY}}"`
	if diff := cmp.Diff(`{"P":[`+later+`,`+later+`,`+later+`,"reader"]}`, template.JSON(got)); diff != "" {
		t.Errorf("value (-want +got):\n%s", diff)
	}
}

func TestRules(t *testing.T) {
	for name, c := range map[string]struct{ rule, want string }{
		"holds":                 {"{Assertions: [{Assert: {Fn::Contains: [!Ref Many, a]}}]}", ""},
		"each holds":            {"{Assertions: [{Assert: {Fn::EachMemberIn: [!Ref Many, [a, b, c, d]]}}]}", ""},
		"all equal":             {"{Assertions: [{Assert: {Fn::EachMemberEquals: [[a, a], a]}}]}", ""},
		"nested":                {"{Assertions: [{Assert: !And [!Not [{Fn::Contains: [!Ref Many, z]}], !Or [!Equals [1, 2], !Equals [1, 1]]]}]}", ""},
		"does not hold":         {"{Assertions: [{Assert: {Fn::Contains: [!Ref Many, z]}, AssertDescription: no z}]}", "Template Error: Rule 'R1' failed: no z"},
		"not each in":           {"{Assertions: [{Assert: {Fn::EachMemberIn: [!Ref Many, [a]]}, AssertDescription: only a}]}", "Template Error: Rule 'R1' failed: only a"},
		"not all equal":         {"{Assertions: [{Assert: {Fn::EachMemberEquals: [!Ref Many, a]}, AssertDescription: all a}]}", "Template Error: Rule 'R1' failed: all a"},
		"not a list":            {"{Assertions: [{Assert: {Fn::Contains: [!Ref Name, a]}, AssertDescription: a list}]}", "Template Error: Rule 'R1' failed: a list"},
		"does not apply":        {"{RuleCondition: !Equals [1, 2], Assertions: [{Assert: !Equals [1, 2]}]}", ""},
		"applies":               {"{RuleCondition: !Equals [1, 1], Assertions: [{Assert: !Equals [1, 2], AssertDescription: not so}]}", "Template Error: Rule 'R1' failed: not so"},
		"cannot be worked out":  {"{Assertions: [{Assert: !Equals [!Select [9, !Ref Many], 2]}]}", "Template error: Fn::Select cannot select nonexistent value at index 9"},
		"its condition neither": {"{RuleCondition: !Equals [!Select [9, !Ref Many], 2], Assertions: []}", "Template error: Fn::Select cannot select nonexistent value at index 9"},
	} {
		t.Run(name, func(t *testing.T) {
			_, e := env(t, one("1", head, "Rules: {R1: "+c.rule+"}"))
			expect(t, c.want, e.CheckRules())
		})
	}
}

// JSON and YAML of the same template are the same.
func TestFormats(t *testing.T) {
	inJSON := `{"Parameters": {"N": {"Type": "String"}}, "Resources": {"R": {"Type": "A::B::C", "Properties": {"P": [{"Ref": "N"}, {"Fn::GetAtt": ["S", "Arn"]}, 1, true, null]}}, "S": {"Type": "A::B::D"}}}`
	inYAML := "Parameters:\n  N:\n    Type: String\n" + one("[!Ref N, !GetAtt S.Arn, 1, true, null]")
	a, err := template.Parse(inJSON)
	if err != nil {
		t.Fatal(err)
	}
	b, err := template.Parse(inYAML)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(template.JSON(a), template.JSON(b)); diff != "" {
		t.Errorf("JSON and YAML differ (-JSON +YAML):\n%s", diff)
	}
	if !template.Equal(a, b) || template.Equal(a, template.NewMap()) {
		t.Error("Equal does not compare")
	}
}

// Nothing that anybody may write makes the reader panic or take long.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		one("!Sub \"${S.Arn}\"", head), `{"Resources": {"R": {"Type": "A::B::C"}}}`, "a: &a [*a]", "a: !Ref [b]", "{\"a\":[[[[", "Conditions: {A: !If [A]}",
		bomb(20),
		"Rules: {R: {Assertions: [{Assert: {Fn::Contains: [!Ref A, {Fn::GetAtt: 1}]}}]}}", "Resources: {R: {Type: A::B::C, Properties: {P: !ImportValue {Fn::Sub: [1]}}}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		loaded, err := template.Load(text, kinds{})
		if err != nil {
			if e := (*template.Error)(nil); !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		values, err := loaded.Values(nil, nil)
		if err != nil {
			return
		}
		e := template.NewEnv(loaded, values, &template.Pseudo{})
		e.Ref = func(string) (any, error) { return "", nil }
		e.Att = func(string, string) (any, error) { return template.Unknown{}, nil }
		e.Import = func(string) (any, error) { return "", nil }
		_ = e.CheckRules()
		for _, r := range loaded.Resources {
			_, _ = e.Condition(r.Condition)
			_, _ = e.Properties(r.Properties)
		}
		for _, o := range loaded.Outputs {
			v, _ := e.Eval(o.Value)
			_ = o.CheckExport(v)
		}
	})
}
