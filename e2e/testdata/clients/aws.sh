#!/bin/sh
# An errand with the AWS CLI: sh aws.sh AWS ERRAND [--profile NAME]
# Each line of the output is a word and what came of it.
set -eu
aws=$1 errand=$2
shift 2

# refused WORD COMMAND...: the error code of AWS, or all that was said.
refused() {
  word=$1
  shift
  if said=$("$@" 2>&1); then
    echo "$word allowed"
    return
  fi
  code=$(printf '%s' "$said" | sed -n 's/.*An error occurred (\([A-Za-z]*\)).*/\1/p')
  echo "$word ${code:-$said}"
}

case $errand in
identity)
  who=$("$aws" sts get-caller-identity --query '[UserId,Account]' --output text "$@")
  echo identity $who # two words of a line with a tab
  refused direct "$aws" s3api list-objects-v2 --bucket tip-demo-data --prefix reports/ "$@"
  ;;
grant)
  keys=$("$aws" s3api list-objects-v2 --bucket tip-demo-data --prefix reports/ --query "join(',', Contents[].Key)" --output text "$@")
  echo "keys $keys"
  body=$("$aws" s3 cp s3://tip-demo-data/reports/summary.txt - "$@")
  echo "body $body"
  refused write "$aws" s3api put-object --bucket tip-demo-data --key reports/mine.txt --body "$0" "$@"
  ;;
*)
  echo "no errand $errand" >&2
  exit 2
  ;;
esac
