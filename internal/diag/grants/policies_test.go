package grants_test

// document is a policy of some random statements.
func (d dice) document(most int, statement func() object) any {
	var all []any
	for range 1 + d.IntN(most) {
		all = append(all, statement())
	}
	return object{"Version": "2012-10-17", "Statement": all}
}

// trust is the trust policy of a location's role, most often the one that AWS documents.
func (d dice) trust() any {
	if d.oneIn(4) {
		return d.document(3, d.trustStatement)
	}
	service, account := object{"Service": grantsService}, object{"aws:SourceAccount": "444455556666"}
	return object{"Version": "2012-10-17", "Statement": []any{
		object{"Effect": "Allow", "Principal": service, "Action": []string{"sts:AssumeRole", "sts:SetSourceIdentity"}, "Condition": object{
			"StringEquals": account, "ArnEquals": object{"aws:SourceArn": grantsInstance},
		}},
		object{"Effect": "Allow", "Principal": service, "Action": "sts:SetContext", "Condition": object{
			"StringEquals": account, "ForAllValues:ArnEquals": object{"sts:RequestContextProviders": []string{centerProvider}},
		}},
	}}
}

func (d dice) trustStatement() object {
	s := object{
		"Effect": one(d, "Allow", "Allow", "Allow", "Allow", "Deny"),
		"Principal": one[any](d, object{"Service": grantsService}, object{"Service": grantsService}, object{"Service": []string{grantsService, "s3.amazonaws.com"}},
			object{"Service": "s3.amazonaws.com"}, object{"AWS": "arn:aws:iam::444455556666:root"}),
		"Action": one[any](d, "sts:*", []string{"sts:AssumeRole", "sts:SetSourceIdentity"}, []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"},
			"sts:SetContext", "sts:AssumeRole", []string{"sts:AssumeRole", "sts:SetContext"}),
	}
	if !d.oneIn(3) {
		s["Condition"] = d.trustCondition()
	}
	return s
}

func (d dice) trustCondition() object {
	own := object{"StringEquals": object{"aws:SourceAccount": "444455556666"}}
	return one(
		d, own, own, own, own, own,
		object{"StringEquals": object{"aws:SourceAccount": "111122223333"}},
		object{"ArnLike": object{"aws:SourceArn": "arn:aws:s3:*:444455556666:access-grants/*"}},
		object{"StringEquals": object{"aws:SourceArn": grantsInstance}},
		object{"ArnEquals": object{"aws:SourceArn": "arn:aws:s3:us-east-1:444455556666:access-grants/default"}},
		object{"StringNotEquals": object{"aws:SourceAccount": "444455556666"}},
		object{"Null": object{"aws:SourceArn": "true"}},
		object{"StringLike": object{"aws:SourceAccount": "4444*"}},
		object{"ForAllValues:ArnEquals": object{"sts:RequestContextProviders": []string{centerProvider}}},
		object{"ForAnyValue:ArnEquals": object{"sts:RequestContextProviders": "arn:aws:iam::aws:contextProvider/Other"}},
	)
}

// rights are what the role of a location may do.
func (d dice) rights() any {
	return d.document(3, func() object {
		s := object{
			"Effect": one(d, "Allow", "Allow", "Allow", "Allow", "Allow", "Allow", "Allow", "Deny"),
			"Action": one[any](d, "s3:*", "s3:*", "s3:*", "s3:*", "s3:*", []string{"s3:GetObject", "s3:ListBucket"}, []string{"s3:PutObject", "s3:DeleteObject"},
				"s3:Get*", "s3:ListBucket", []string{"s3:*Object", "s3:ListBucket"}, "s3:DeleteObject"),
			"Resource": d.resource(),
		}
		if d.oneIn(2) {
			s["Condition"] = d.rightsCondition()
		}
		return s
	})
}

func (d dice) resource() any {
	const demo, team = "arn:aws:s3:::tip-demo-data", "arn:aws:s3:::tip-team-data"
	return one[any](d, "*", "*", "*", "*", []string{demo, demo + "/*"}, []string{"arn:aws:s3:::tip-*", "arn:aws:s3:::tip-*/*"}, []string{demo, demo + "/reports/*"},
		demo+"/*", demo, []string{demo + "/reports/2026/*", demo}, []string{team, team + "/*"}, demo+"/reports/summary.txt")
}

func (d dice) rightsCondition() object {
	return one(
		d,
		object{"StringEquals": object{"aws:ResourceAccount": "444455556666"}, "ArnEquals": object{"s3:AccessGrantsInstanceArn": grantsInstance}},
		object{"StringEquals": object{"aws:ResourceAccount": "444455556666"}, "ArnEquals": object{"s3:AccessGrantsInstanceArn": []string{grantsInstance}}},
		object{"StringEquals": object{"s3:ResourceAccount": "444455556666"}},
		object{"StringEquals": object{"aws:ResourceAccount": "111122223333"}},
		object{"ArnEquals": object{"s3:AccessGrantsInstanceArn": "arn:aws:s3:us-east-1:444455556666:access-grants/default"}},
		object{"StringLike": object{"s3:prefix": "reports/*"}},
		object{"StringLike": object{"s3:prefix": []string{"", "home/*", "reports/*"}}},
		object{"StringEquals": object{"s3:authType": "REST-HEADER"}},
		object{"Bool": object{"aws:SecureTransport": "true"}},
		object{"StringEquals": object{"aws:RequestedRegion": "eu-west-1"}},
		object{"StringNotEquals": object{"aws:PrincipalAccount": "444455556666"}},
		object{"ArnLike": object{"aws:PrincipalArn": "arn:aws:iam::444455556666:role/s3-access-*"}},
	)
}

func (d dice) bucketPolicy(bucket string) any {
	const roles = "arn:aws:iam::444455556666:role/"
	arn := "arn:aws:s3:::" + bucket
	return d.document(2, func() object {
		s := object{
			"Effect":    one(d, "Allow", "Deny", "Deny"),
			"Principal": one[any](d, "*", object{"AWS": roles + locationRoles[0]}, object{"AWS": enhancedRole}, object{"AWS": "arn:aws:iam::444455556666:root"}, object{"AWS": "111122223333"}),
			"Action":    one[any](d, "s3:*", "s3:GetObject", "s3:PutObject", []string{"s3:ListBucket"}),
			"Resource":  one(d, []string{arn, arn + "/*"}, []string{arn, arn + "/reports/*"}),
		}
		if d.oneIn(2) {
			s["Condition"] = one(
				d, d.rightsCondition(),
				object{"StringNotEquals": object{"aws:PrincipalArn": roles + "administrator"}},
				object{"ArnNotLike": object{"aws:PrincipalArn": []string{roles + "s3-*", roles + "administrator"}}},
				object{"Bool": object{"aws:SecureTransport": "false"}},
				object{"StringNotEquals": object{"s3:AccessGrantsInstanceArn": grantsInstance}},
			)
		}
		return s
	})
}
