package policy_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

const appID = "AROAEXAMPLEID1234567X"

// Principals are replaced however they are written, and nothing else is.
func TestReplacePrincipal(t *testing.T) {
	bob := "arn:aws:iam::444455556666:role/Bob"
	statement := func(principal, rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Sid":"Größe","Effect":"Allow",` + principal + `,"Action":"s3:GetObject","Resource":"*"` + rest + `}]}`
	}
	for name, c := range map[string]struct{ before, after string }{
		"one":             {statement(`"Principal":{"AWS":"`+app+`"}`, ""), statement(`"Principal":{"AWS":"`+appID+`"}`, "")},
		"in list":         {statement("\"Principal\" : { \"AWS\" :\n [ \""+bob+"\" ,\t\""+app+"\", \"444455556666\"] }", ""), statement("\"Principal\" : { \"AWS\" :\n [ \""+bob+"\" ,\t\""+appID+"\", \"444455556666\"] }", "")},
		"twice":           {statement(`"Principal":{"AWS":["`+app+`","`+app+`"]}`, ""), statement(`"Principal":{"AWS":["`+appID+`","`+appID+`"]}`, "")},
		"escaped":         {statement(`"Principal":{"AWS":"arn:aws:iam::444455556666:role\/App"}`, ""), statement(`"Principal":{"AWS":"`+appID+`"}`, "")},
		"escaped letters": {statement(`"Principal":{"AWS":"\u0061rn:aws:iam::444455556666:role/App"}`, ""), statement(`"Principal":{"AWS":"`+appID+`"}`, "")},
		"service too":     {statement(`"Principal":{"Service":"s3.amazonaws.com","AWS":"`+app+`"}`, ""), statement(`"Principal":{"Service":"s3.amazonaws.com","AWS":"`+appID+`"}`, "")},
		"conditions stay": {statement(`"Principal":{"AWS":"`+app+`"}`, `,"Condition":{"ArnEquals":{"aws:PrincipalArn":"`+app+`"}}`),
			statement(`"Principal":{"AWS":"`+appID+`"}`, `,"Condition":{"ArnEquals":{"aws:PrincipalArn":"`+app+`"}}`)},
		"session stays": {statement(`"Principal":{"AWS":["`+app+`","`+appAlice+`"]}`, ""), statement(`"Principal":{"AWS":["`+appID+`","`+appAlice+`"]}`, "")},
		"NotPrincipal": {`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["` + app + `","444455556666"]},"Action":"*","Resource":"*"}}`,
			`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["` + appID + `","444455556666"]},"Action":"*","Resource":"*"}}`},
		"another statement": {`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"` + app + `","Condition":{"StringNotEquals":{"aws:PrincipalArn":"` + app + `"}}},{"Effect":"Allow","Principal":{"AWS":"` + app + `"},"Action":"*","Resource":"*"}]}`,
			`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"` + app + `","Condition":{"StringNotEquals":{"aws:PrincipalArn":"` + app + `"}}},{"Effect":"Allow","Principal":{"AWS":"` + appID + `"},"Action":"*","Resource":"*"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			before := mustParse(t, policy.Resource, c.before)
			after, err := before.ReplacePrincipal(app, appID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, after.Text()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(mustParse(t, policy.Resource, c.after).PrincipalIDs(), after.PrincipalIDs()); diff != "" || before.Text() != c.before {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			back, err := after.ReplacePrincipal(appID, app)
			if err != nil || len(back.PrincipalIDs()) > 0 {
				t.Errorf("the way back leaves %v, %v", back.PrincipalIDs(), err)
			}
		})
	}
}

func TestReplacePrincipalRefuses(t *testing.T) {
	doc := mustParse(t, policy.Trust, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+app+`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalArn":"`+enhanced+`"}}}}`).WithARN("arn")
	var syntax *policy.SyntaxError
	if same, err := doc.ReplacePrincipal(app, "arn:aws:iam::444455556666:role/a:b"); !errors.As(err, &syntax) {
		t.Errorf("%v, %v", same, err)
	}
	if same, err := doc.ReplacePrincipal(enhanced, appID); err != nil || same != doc {
		t.Errorf("nobody is called so, and the document is another: %v", err)
	}
	if other, err := doc.ReplacePrincipal(app, enhanced); err != nil || other.ARN() != "arn" || other.Kind() != policy.Trust {
		t.Errorf("%v, %v", other, err)
	}
}
