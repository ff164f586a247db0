package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/cloudformation/template"
)

// kinds has two types of resource, A::B::C and A::B::D, each with the attribute Arn.
type kinds struct{}

func (kinds) Known(name string) bool { return name == "A::B::C" || name == "A::B::D" }

func (kinds) Attribute(_, attribute string) bool { return attribute == "Arn" }

// one is a template with a resource R of these properties and of what stands before it.
func one(properties string, before ...string) string {
	return strings.Join(before, "\n") + "\nResources:\n  R:\n    Type: A::B::C\n    Properties:\n      P: " + properties + "\n  S:\n    Type: A::B::D\n"
}

func TestRefusals(t *testing.T) {
	const format, wrong = "Template format error: ", "Template error: "
	for name, c := range map[string]struct{ text, want string }{
		"no text":                   {"", format + "unsupported structure."},
		"a list":                    {"- a", format + "unsupported structure."},
		"a text":                    {"hello", format + "unsupported structure."},
		"bad JSON":                  {"{\n \"a\": }", format + "JSON not well-formed. (line 2, column 7)"},
		"JSON cut off":              {`{"Resources":`, format + "JSON not well-formed. (line 1, column 14)"},
		"JSON and more":             {`{} {}`, format + "JSON not well-formed. (line 1, column 5)"},
		"a key twice in JSON":       {`{"a": 1, "a": 2}`, format + "JSON not well-formed. (line 1, column 16)"},
		"bad YAML":                  {"a: b: c", format + "YAML not well-formed. (line 1, column 1)"},
		"a key twice in YAML":       {"a: 1\na: 2", format + "YAML not well-formed. (line 2, column 1)"},
		"two documents":             {"a: 1\n---\nb: 1", format + "YAML not well-formed. (line 1, column 1)"},
		"an alias":                  {"a: &x 1\nb: *x", wrong + "YAML aliases are not allowed in CloudFormation templates"},
		"a merge key":               {"a: {<<: {b: 1}}", format + "YAML not well-formed. (line 1, column 5)"},
		"a binary":                  {"a: !!binary aGk=", format + "YAML not well-formed. (line 1, column 4)"},
		"a set":                     {"a: !!set {b: }", format + "YAML not well-formed. (line 1, column 4)"},
		"a list as a key":           {"? [a]\n: b", format + "YAML not well-formed. (line 1, column 3)"},
		"an unknown tag":            {"a: !Foo b", format + "YAML not well-formed. (line 1, column 4)"},
		"deep JSON":                 {"{\"a\":" + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", format + "the template is nested more than 100 levels deep"},
		"deep YAML":                 {"a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), format + "the template is nested more than 100 levels deep"},
		"an unknown section":        {"resources: {}\nMore: 1", "Invalid template property or properties [resources, More]"},
		"another version":           {"AWSTemplateFormatVersion: 2011-01-01", format + `"2011-01-01" is not a supported value for AWSTemplateFormatVersion.`},
		"a description of another":  {"Description: {a: b}", format + "Description must be a string."},
		"a long description":        {"Description: " + strings.Repeat("a", 1025), format + "'Description' length is greater than 1024."},
		"metadata of another":       {"Metadata: a", format + "Metadata must be an object."},
		"a transform":               {"Transform: AWS::Serverless-2016-10-31", "No transform named AWS::Serverless-2016-10-31 found. This lab runs no transforms."},
		"several transforms":        {"Transform: [AWS::LanguageExtensions]", "No transform named AWS::LanguageExtensions found. This lab runs no transforms."},
		"hooks":                     {"Hooks: {}", format + "this lab has no Hooks."},
		"no resources":              {"Description: a", format + "At least one Resources member must be defined."},
		"resources of another":      {"Resources: []", format + "Resources must be an object."},
		"a resource of another":     {"Resources: {A: b}", format + "[/Resources/A] resource definition is malformed"},
		"no type":                   {"Resources: {A: {Properties: {}}}", format + "[/Resources/A] Every Resources object must contain a Type member."},
		"a type of another":         {"Resources: {A: {Type: [a]}}", format + "[/Resources/A/Type] Every Type member must be a string."},
		"an unknown type":           {"Resources: {A: {Type: A::B::E}, B: {Type: A::B::C}, C: {Type: Custom::X}}", format + "Unrecognized resource types: [A::B::E, Custom::X]"},
		"an unknown member":         {"Resources: {A: {Type: A::B::C, Propertie: {}}}", "Invalid template resource property 'Propertie'"},
		"properties of another":     {"Resources: {A: {Type: A::B::C, Properties: a}}", format + "[/Resources/A/Properties] Any Properties member must be an object."},
		"a resource's metadata":     {"Resources: {A: {Type: A::B::C, Metadata: a}}", format + "[/Resources/A/Metadata] Any Metadata member must be an object."},
		"a condition of another":    {"Resources: {A: {Type: A::B::C, Condition: [a]}}", format + "[/Resources/A/Condition] Every Condition member must be a string."},
		"an unknown policy":         {"Resources: {A: {Type: A::B::C, DeletionPolicy: Keep}}", format + "Unrecognized DeletionPolicy Keep for resource A"},
		"a bad replace policy":      {"Resources: {A: {Type: A::B::C, UpdateReplacePolicy: RetainExceptOnCreate}}", format + "Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource A"},
		"a DependsOn of another":    {"Resources: {A: {Type: A::B::C, DependsOn: [[a]]}}", format + "DependsOn must be a string or list of strings."},
		"an unknown DependsOn":      {"Resources: {A: {Type: A::B::C, DependsOn: Z}}", format + "Unresolved resource dependencies [Z] in the Resources block of the template"},
		"a DependsOn a parameter":   {"Parameters: {Z: {Type: String}}\nResources: {A: {Type: A::B::C, DependsOn: Z}}", format + "Unresolved resource dependencies [Z] in the Resources block of the template"},
		"a name with a line":        {"Resources: {my-role: {Type: A::B::C}}", format + "Resource name 'my-role' is non alphanumeric."},
		"a long name":               {"Resources: {" + strings.Repeat("a", 256) + ": {Type: A::B::C}}", format + "Resource name '" + strings.Repeat("a", 256) + "' is longer than 255 characters."},
		"a resource and parameter":  {"Parameters: {A: {Type: String}}\nResources: {A: {Type: A::B::C}}", format + "Resource name 'A' is also the name of a parameter."},
		"an unknown reference":      {one("!Ref Z"), format + "Unresolved resource dependencies [Z] in the Resources block of the template"},
		"unknown references":        {one("[!Ref Z, !Sub \"${Y}\", !If [A, !Ref X, 1]]", "Conditions: {A: !Equals [1, 1]}"), format + "Unresolved resource dependencies [X, Y, Z] in the Resources block of the template"},
		"an unknown attribute":      {one("!GetAtt S.Name"), wrong + "resource S does not support attribute type Name in Fn::GetAtt"},
		"an attribute of nothing":   {one("!GetAtt Z.Arn"), wrong + "instance of Fn::GetAtt references undefined resource Z"},
		"an attribute in a Sub":     {one("!Sub \"${Z.Arn}\""), wrong + "instance of Fn::Sub references invalid resource attribute Z.Arn"},
		"an unknown condition":      {one("!If [A, 1, 2]"), format + "Unresolved condition dependency A in the Resources block of the template"},
		"a resource's condition":    {"Resources: {A: {Type: A::B::C, Condition: Z}}", format + "Unresolved condition dependency Z in the Resources block of the template"},
		"a circle":                  {"Resources: {A: {Type: A::B::C, DependsOn: B}, B: {Type: A::B::C, Properties: {P: !Ref A}}, C: {Type: A::B::C, DependsOn: A}}", "Circular dependency between resources: [A, B]"},
		"a circle of one":           {one("!Ref R"), "Circular dependency between resources: [R]"},
		"an unknown function":       {one("{Fn::Foo: 1}"), "Template Error: Encountered unsupported function: Fn::Foo Supported functions are: [Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"},
		"a condition as a value":    {one("!Equals [1, 2]"), wrong + "Fn::Equals cannot be used in the Resources block of the template: Fn::If takes the name of a condition"},
		"a macro":                   {one("{Fn::Transform: {Name: AWS::Include}}"), "No transform named AWS::Include found. This lab runs no transforms."},
		"a length":                  {one("{Fn::Length: [1]}"), "No transform named AWS::LanguageExtensions found. This lab runs no transforms: Fn::Length needs one."},
		"a ForEach":                 {"Resources: {\"Fn::ForEach::X\": []}", "No transform named AWS::LanguageExtensions found. This lab runs no transforms: Fn::ForEach::X needs one."},
		"a ForEach of properties":   {one("{\"Fn::ForEach::X\": [], b: 1}"), "No transform named AWS::LanguageExtensions found. This lab runs no transforms: Fn::ForEach::X needs one."},
		"a dynamic reference":       {one("\"{{resolve:ssm:a}}\""), wrong + "this lab resolves no dynamic references: {{resolve:ssm:a}}"},
		"a Ref of another":          {one("{Ref: [a]}"), wrong + "every Ref object must have a single String value."},
		"a GetAtt of one":           {one("{Fn::GetAtt: [S]}"), wrong + "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"},
		"a GetAtt without a dot":    {one("!GetAtt S"), wrong + "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"},
		"an If of two":              {one("!If [A, 1]"), wrong + "Fn::If requires a list argument with three elements"},
		"an If of a function":       {one("!If [!Ref A, 1, 2]"), wrong + "Fn::If requires a list argument with the first element being a condition"},
		"a Join of text":            {one("!Join [a, b]"), wrong + "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."},
		"a Split of a list":         {one("!Split [a, [b]]"), wrong + "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."},
		"a Select of one":           {one("!Select [1]"), wrong + "Fn::Select requires a list argument with two elements: an integer index and a list"},
		"a FindInMap of two":        {one("!FindInMap [a, b]"), wrong + "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"},
		"a FindInMap of four":       {one("!FindInMap [a, b, c, {DefaultValue: d}]"), "No transform named AWS::LanguageExtensions found. This lab runs no transforms: Fn::FindInMap with a default value needs one."},
		"a Cidr of one":             {one("!Cidr [a]"), wrong + "every Fn::Cidr object requires two or three parameters, an IP address block, the number of CIDRs and the number of subnet bits"},
		"a Base64 of a list":        {one("!Base64 [a]"), wrong + "every Fn::Base64 object must have a String-typed value."},
		"a GetAZs of a list":        {one("!GetAZs [a]"), wrong + "every Fn::GetAZs object must have a String-typed value."},
		"a Sub of a list of one":    {one("!Sub [a]"), wrong + "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"},
		"a Sub of odd names":        {one("!Sub \"${a b}\""), wrong + "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons"},
		"an import of a resource":   {one("!ImportValue {\"Fn::GetAtt\": [S, Arn]}"), wrong + "the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs"},
		"an import of a list":       {one("!ImportValue [a]"), wrong + "every Fn::ImportValue object must have a String-typed value."},
		"a mapping of text":         {one("1", "Mappings: {M: a}"), format + "Every Mappings member must be a map: M"},
		"a mapping of maps":         {one("1", "Mappings: {M: {a: b}}"), format + "Every Mappings member must be a map of maps: M"},
		"an empty mapping":          {one("1", "Mappings: {M: {}}"), format + "Every Mappings member must be a map: M"},
		"an empty element":          {one("1", "Mappings: {M: {a: {}}}"), format + "Every Mappings member must be a map of maps: M"},
		"a mapping's element":       {one("1", "Mappings: {M: {a_b: {c: d}}}"), format + "Mappings element name 'a_b' must be non-empty and can contain only alphanumerics, '-' or '.'"},
		"a mapping's attribute":     {one("1", "Mappings: {M: {eu-west-1.a: {v_1: d}}}"), format + "Mappings attribute name 'v_1' must contain only alphanumeric characters."},
		"null properties":           {"Resources: {H: {Type: A::B::C, Properties: }}", "[/Resources/H/Properties] 'null' values are not allowed in templates"},
		"a null in a list":          {one("[{a: 1}, {b: [1, null]}]"), "[/Resources/R/Properties/P/1/b/1] 'null' values are not allowed in templates"},
		"a null in JSON":            {`{"Outputs": null}`, "[/Outputs] 'null' values are not allowed in templates"},
		"a snapshot":                {"Resources: {A: {Type: A::B::C, DeletionPolicy: Snapshot}}", wrong + "resource type A::B::C does not support deletion policy Snapshot"},
		"a snapshot at replacement": {"Resources: {A: {Type: A::B::C, UpdateReplacePolicy: Snapshot}}", wrong + "resource type A::B::C does not support update replace policy Snapshot"},
		"an export of a resource":   {one("1", "Outputs: {O: {Value: a, Export: {Name: !Sub \"x-${R}\"}}}"), format + "Output O is malformed.  The Name field of Export must not depend on any resources, imported values, or Fn::GetAZs."},
		"an export of an attribute": {one("1", "Outputs: {O: {Value: a, Export: {Name: !GetAtt S.Arn}}}"), format + "Output O is malformed.  The Name field of Export must not depend on any resources, imported values, or Fn::GetAZs."},
		"an export of an import":    {one("1", "Outputs: {O: {Value: a, Export: {Name: !ImportValue x}}}"), format + "Output O is malformed.  The Name field of Export must not depend on any resources, imported values, or Fn::GetAZs."},
		"a mapping of objects":      {one("1", "Mappings: {M: {a: {b: {c: d}}}}"), format + "Every Mappings attribute must be a String or a List."},
		"a plain condition":         {one("1", "Conditions: {A: true}"), format + "Conditions can only be boolean operations on parameters and other conditions"},
		"a condition of a value":    {one("1", "Conditions: {A: !Ref B}"), format + "Conditions can only be boolean operations on parameters and other conditions"},
		"a condition of a foo":      {one("1", "Conditions: {A: {Fn::Foo: 1}}"), "Template Error: ..."},
		"a condition of a resource": {one("1", "Conditions: {A: !Equals [!Ref R, 1]}"), format + "Unresolved dependencies [R]. Cannot reference resources in the Conditions block of the template"},
		"a condition of an import":  {one("1", "Conditions: {A: !Equals [!ImportValue a, 1]}"), wrong + "Fn::ImportValue cannot be used in the Conditions block of the template"},
		"a condition of none":       {one("1", "Conditions: {A: !Condition B}"), format + "Unresolved condition dependency B in the Conditions block of the template"},
		"conditions in a circle":    {one("1", "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}"), format + "Found circular condition dependency between A and B"},
		"an Equals of one":          {one("1", "Conditions: {A: !Equals [1]}"), wrong + "every Fn::Equals object requires a list of 2 string parameters."},
		"a Not of two":              {one("1", "Conditions: {A: !Not [!Equals [1, 1], !Equals [1, 1]]}"), wrong + "Fn::Not requires a list argument with one element"},
		"an And of one":             {one("1", "Conditions: {A: !And [!Equals [1, 1]]}"), wrong + "every Fn::And object requires a list of at least 2 and at most 10 boolean parameters."},
		"an output of nothing":      {one("1", "Outputs: {O: {Description: a}}"), format + "Every Outputs member must contain a Value object"},
		"an output of another":      {one("1", "Outputs: {O: a}"), format + "[/Outputs/O] Every Outputs member must be an object."},
		"an output of a list":       {one("1", "Outputs: {O: {Value: [a]}}"), format + "The Value field of every Outputs member must evaluate to a String."},
		"an output of an object":    {one("1", "Outputs: {O: {Value: {a: b}}}"), format + "The Value field of every Outputs member must evaluate to a String."},
		"an output's odd member":    {one("1", "Outputs: {O: {Value: a, More: b}}"), "Invalid template output property 'More'"},
		"an output's condition":     {one("1", "Outputs: {O: {Value: a, Condition: Z}}"), format + "Unresolved condition dependency Z in the Outputs block of the template"},
		"an output's odd condition": {one("1", "Outputs: {O: {Value: a, Condition: [Z]}}"), format + "Every Condition member must be a string."},
		"an output's description":   {one("1", "Outputs: {O: {Value: a, Description: [Z]}}"), format + "Every Description member must be a string of 1024 characters at most."},
		"an output's reference":     {one("1", "Outputs: {O: {Value: !Ref Z}}"), format + "Unresolved resource dependencies [Z] in the Outputs block of the template"},
		"an output's function":      {one("1", "Outputs: {O: {Value: !Join [a]}}"), wrong + "every Fn::Join object requires two parameters, ..."},
		"an output's name":          {one("1", "Outputs: {a_b: {Value: a}}"), format + "Outputs name 'a_b' is non alphanumeric."},
		"an export without a name":  {one("1", "Outputs: {O: {Value: a, Export: {}}}"), format + "Output O is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens."},
		"a rule without assertions": {one("1", "Rules: {R1: {}}"), format + "[/Rules/R1] Every Rules member must contain a list of Assertions and may contain a RuleCondition."},
		"an assertion of nothing":   {one("1", "Rules: {R1: {Assertions: [{AssertDescription: a}]}}"), format + "[/Rules/R1] Every Assertions member must contain an Assert and may contain an AssertDescription."},
		"a rule about a resource":   {one("1", "Rules: {R1: {Assertions: [{Assert: !Equals [!Ref R, 1]}]}}"), format + "Unresolved dependencies [R]. Cannot reference resources in the Rules block of the template"},
		"a rule about networks":     {one("1", "Rules: {R1: {Assertions: [{Assert: {Fn::RefAll: a}}]}}"), wrong + "Fn::RefAll is about parameters of types that this lab does not have"},
		"a rule with a condition":   {one("1", "Rules: {R1: {Assertions: [{Assert: !Condition a}]}}"), format + "Unresolved condition dependency a in the Rules block of the template"},
		"a Contains of one":         {one("1", "Rules: {R1: {Assertions: [{Assert: {Fn::Contains: [a]}}]}}"), wrong + "every Fn::Contains object requires a list of 2 parameters."},
		"an Or of one in a rule":    {one("1", "Rules: {R1: {RuleCondition: !Or [!Equals [1, 1]], Assertions: []}}"), wrong + "every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters."},
		"a Not of none in a rule":   {one("1", "Rules: {R1: {RuleCondition: !Not [], Assertions: []}}"), wrong + "Fn::Not requires a list argument with one element"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := template.Load(c.text, kinds{})
			expect(t, c.want, err)
		})
	}
}

// expect compares the text of an error; a wanted one that ends in "..." is a beginning.
func expect(t *testing.T, want string, err error) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if begin, ok := strings.CutSuffix(want, "..."); ok && strings.HasPrefix(got, begin) {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestQuotas(t *testing.T) {
	many := func(n int, one string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString("  N" + strings.Repeat("a", i%7) + strings.Repeat("b", i/7) + ": " + one + "\n")
		}
		return b.String()
	}
	_, err := template.Load("Resources:\n"+many(501, "{Type: A::B::C}"), kinds{})
	expect(t, "Template format error: Number of resources, 501, is greater than maximum allowed, 500", err)
	_, err = template.Load("Resources:\n"+many(500, "{Type: A::B::C}"), kinds{})
	expect(t, "", err)
	_, err = template.Load("Parameters:\n"+many(201, "{Type: String}"), kinds{})
	expect(t, "Template format error: Number of parameters, 201, is greater than maximum allowed, 200", err)
}

func TestParameterRefusals(t *testing.T) {
	const format = "Template format error: "
	for name, c := range map[string]struct{ declaration, want string }{
		"no type":             {"Default: a", format + "Every Parameters object must contain a Type member."},
		"an unknown type":     {"Type: Foo", format + "Unrecognized parameter type: Foo"},
		"a type of networks":  {"Type: AWS::EC2::VPC::Id", format + "Unrecognized parameter type: AWS::EC2::VPC::Id"},
		"a stored value":      {"Type: AWS::SSM::Parameter::Value<String>", format + "Parameter P: this lab has no Systems Manager for parameters of type AWS::SSM::Parameter::Value<String>."},
		"an unknown member":   {"{Type: String, Defaut: a}", "Invalid template parameter property 'Defaut'"},
		"a default list":      {"{Type: String, Default: [a]}", format + "Every Default member must be a string."},
		"a NoEcho of another": {"{Type: String, NoEcho: maybe}", format + "Every NoEcho member must be a boolean."},
		"values of another":   {"{Type: String, AllowedValues: a}", format + "Every AllowedValues member must be a list of strings."},
		"a bad pattern":       {"{Type: String, AllowedPattern: \"(\"}", format + "AllowedPattern ( of parameter P is not a regular expression."},
		"a bad repetition":    {"{Type: String, AllowedPattern: \"a**\"}", format + "this lab cannot check AllowedPattern a** of parameter P: ..."},
		"a lookahead":         {"{Type: String, AllowedPattern: \"(?=a).*\"}", format + "this lab cannot check AllowedPattern (?=a).* of parameter P: it has no lookarounds, backreferences, possessive quantifiers and intersections of Java's regular expressions, and no repetitions above 1000."},
		"a backreference":     {"{Type: String, AllowedPattern: '(a)\\1'}", format + "this lab cannot check AllowedPattern (a)\\1 of parameter P: ..."},
		"an intersection":     {"{Type: String, AllowedPattern: \"[a-z&&[^b]]\"}", format + "this lab cannot check AllowedPattern [a-z&&[^b]] of parameter P: ..."},
		"a bad length":        {"{Type: String, MinLength: a}", format + "Every MinLength member must be a non-negative integer."},
		"a bad limit":         {"{Type: Number, MaxValue: a}", format + "Every MaxValue member must be a number."},
		"a bad description":   {"{Type: String, Description: [a]}", format + "Every Description member must be a string."},
		"the default":         {"{Type: String, Default: a, AllowedValues: [b]}", "Parameter 'P' must be one of AllowedValues"},
		"a text":              {"a", format + "[/Parameters/P] Every Parameters member must be an object."},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.declaration
			if !strings.HasPrefix(d, "{") && strings.Contains(d, ": ") {
				d = "{" + d + "}"
			}
			_, err := template.Load("Parameters:\n  P: "+d+"\nResources: {R: {Type: A::B::C}}", kinds{})
			expect(t, c.want, err)
		})
	}
}

func TestValues(t *testing.T) {
	previous := map[string]string{"P": "before"}
	for name, c := range map[string]struct {
		declaration string
		given       []template.Value
		want        string
		value       string
	}{
		"given":            {"Type: String", []template.Value{{Key: "P", Text: "a"}}, "", "a"},
		"the default":      {"{Type: String, Default: d}", nil, "", "d"},
		"previous":         {"Type: String", []template.Value{{Key: "P", Previous: true}}, "", "before"},
		"none":             {"Type: String", nil, "Parameters: [P] must have values", ""},
		"twice":            {"Type: String", []template.Value{{Key: "P"}, {Key: "P"}}, "Duplicate parameter key: P", ""},
		"unknown":          {"Type: String", []template.Value{{Key: "Q"}}, "Parameters: [Q] do not exist in the template", ""},
		"not before":       {"{Type: String, Default: d}\n  Q: {Type: String}", []template.Value{{Key: "Q", Previous: true}}, "Invalid input for parameter key Q. Cannot specify usePreviousValue as true for a parameter key not in the previous template", ""},
		"not allowed":      {"{Type: String, AllowedValues: [a, b]}", []template.Value{{Key: "P", Text: "c"}}, "Parameter 'P' must be one of AllowedValues", ""},
		"too short":        {"{Type: String, MinLength: 3}", []template.Value{{Key: "P", Text: "c"}}, "Parameter 'P' must contain at least 3 characters", ""},
		"too long":         {"{Type: String, MaxLength: 3}", []template.Value{{Key: "P", Text: "cccc"}}, "Parameter 'P' must contain at most 3 characters", ""},
		"another pattern":  {"{Type: String, AllowedPattern: \"[a-z]+\"}", []template.Value{{Key: "P", Text: "A"}}, "Parameter 'P' must match pattern [a-z]+", ""},
		"in other words":   {"{Type: String, AllowedPattern: \"[a-z]+\", ConstraintDescription: small letters}", []template.Value{{Key: "P", Text: "A"}}, "Parameter P failed to satisfy constraint: small letters", ""},
		"a signed number":  {"{Type: Number, MaxValue: 5}", []template.Value{{Key: "P", Text: "+5"}}, "", "+5"},
		"an exponent":      {"{Type: Number, MinValue: \"1e3\"}", []template.Value{{Key: "P", Text: "1e3"}}, "", "1e3"},
		"zeros in front":   {"Type: Number", []template.Value{{Key: "P", Text: "007"}}, "", "007"},
		"half a number":    {"Type: Number", []template.Value{{Key: "P", Text: "1e"}}, "Parameter 'P' must be a number", ""},
		"not a number":     {"Type: Number", []template.Value{{Key: "P", Text: "a"}}, "Parameter 'P' must be a number", ""},
		"too small":        {"{Type: Number, MinValue: 2}", []template.Value{{Key: "P", Text: "1.5"}}, "Parameter 'P' must be a number not less than 2", ""},
		"too great":        {"{Type: Number, MaxValue: 2}", []template.Value{{Key: "P", Text: "3"}}, "Parameter 'P' must be a number not greater than 2", ""},
		"a number of list": {"Type: List<Number>", []template.Value{{Key: "P", Text: "1, b"}}, "Parameter 'P' must be a number", ""},
		"a great value":    {"Type: String", []template.Value{{Key: "P", Text: strings.Repeat("a", 4097)}}, "Parameter 'P' must be 4096 bytes at most", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.declaration
			if !strings.HasPrefix(d, "{") {
				d = "{" + d + "}"
			}
			loaded, err := template.Load("Parameters:\n  P: "+d+"\nResources: {R: {Type: A::B::C}}", kinds{})
			if err != nil {
				t.Fatal(err)
			}
			values, err := loaded.Values(c.given, previous)
			expect(t, c.want, err)
			if err == nil && values["P"] != c.value {
				t.Errorf("value %q, want %q", values["P"], c.value)
			}
		})
	}
}
