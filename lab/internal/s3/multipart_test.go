package s3_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

const fiveMiB = 5 << 20

// upload is a multipart upload under way.
type upload struct {
	*fixture
	client *awss3.Client
	key    string
	id     string
	parts  []types.CompletedPart
}

func (f *fixture) begin(client *awss3.Client, key string, change ...func(*awss3.CreateMultipartUploadInput)) *upload {
	f.Helper()
	in := &awss3.CreateMultipartUploadInput{Bucket: aws.String(bucketName), Key: &key}
	for _, fn := range change {
		fn(in)
	}
	out, err := client.CreateMultipartUpload(f.Context(), in)
	f.must(err)
	return &upload{fixture: f, client: client, key: key, id: *out.UploadId}
}

func (u *upload) send(number int32, body []byte) {
	u.Helper()
	out, err := u.client.UploadPart(u.Context(), &awss3.UploadPartInput{
		Bucket: aws.String(bucketName), Key: &u.key, UploadId: &u.id, PartNumber: &number, Body: bytes.NewReader(body),
	})
	u.must(err)
	u.parts = append(u.parts, types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32,
		ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256})
}

func (u *upload) complete(parts []types.CompletedPart) (*awss3.CompleteMultipartUploadOutput, error) {
	return u.client.CompleteMultipartUpload(u.Context(), &awss3.CompleteMultipartUploadInput{
		Bucket: aws.String(bucketName), Key: &u.key, UploadId: &u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
}

func TestMultipartUpload(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		first, last := noise(fiveMiB), []byte("the end")
		u := f.begin(client, "big", func(in *awss3.CreateMultipartUploadInput) {
			in.ContentType, in.Metadata, in.Tagging = aws.String("text/plain"), map[string]string{"k": "v"}, aws.String("a=b")
		})
		u.send(1, first)
		u.send(7, last)
		out, err := u.complete(u.parts)
		f.must(err)
		if !strings.HasSuffix(*out.ETag, `-2"`) {
			t.Errorf("ETag %s", *out.ETag)
		}
		get, err := client.GetObject(f.Context(), &awss3.GetObjectInput{Bucket: aws.String(bucketName), Key: &u.key, IfMatch: out.ETag})
		f.must(err)
		if got := f.read(get.Body); got != string(first)+string(last) {
			t.Errorf("got %d bytes", len(got))
		}
		if *get.ContentType != "text/plain" || get.Metadata["k"] != "v" || *get.TagCount != 1 || *get.ETag != *out.ETag {
			t.Errorf("got %s %v %d %s", *get.ContentType, get.Metadata, *get.TagCount, *get.ETag)
		}
		part, err := client.GetObject(f.Context(), &awss3.GetObjectInput{Bucket: aws.String(bucketName), Key: &u.key, PartNumber: aws.Int32(2)})
		f.must(err)
		if got := f.read(part.Body); got != "the end" || *part.PartsCount != 2 || *part.ContentRange != fmt.Sprintf("bytes %d-%d/%d", fiveMiB, fiveMiB+6, fiveMiB+7) {
			t.Errorf("part 2: %q of %d parts, %s", got, *part.PartsCount, *part.ContentRange)
		}
		again, err := u.complete(u.parts)
		f.must(err)
		if *again.ETag != *out.ETag {
			t.Errorf("completed again: %s", *again.ETag)
		}
		f.refuses(request{method: "GET", target: "/reports/big?partNumber=3"}, 416, "InvalidPartNumber")
		f.refuses(request{method: "GET", target: "/reports/big?partNumber=1", header: map[string]string{"Range": "bytes=0-1"}}, 400, "InvalidRequest")
	})
}

func TestMultipartChecksums(t *testing.T) {
	first, last := noise(fiveMiB), []byte("end")
	whole := append(bytes.Clone(first), last...)
	sum := func(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
	of := base64.StdEncoding.EncodeToString
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		for kind, want := range map[types.ChecksumType]string{
			types.ChecksumTypeComposite:  of(sum(append(sum(first), sum(last)...))) + "-2",
			types.ChecksumTypeFullObject: of(sum(whole)),
		} {
			u := f.begin(client, "summed", func(in *awss3.CreateMultipartUploadInput) {
				in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc32, kind
			})
			u.send(1, first)
			u.send(2, last)
			out, err := u.complete(u.parts)
			f.must(err)
			if *out.ChecksumCRC32 != want || out.ChecksumType != kind {
				t.Errorf("%s: got %s %s, want %s", kind, out.ChecksumType, *out.ChecksumCRC32, want)
			}
			head, err := client.HeadObject(f.Context(), &awss3.HeadObjectInput{Bucket: aws.String(bucketName), Key: &u.key, ChecksumMode: types.ChecksumModeEnabled})
			f.must(err)
			if *head.ChecksumCRC32 != want || head.ChecksumType != kind {
				t.Errorf("%s: HeadObject answers %s %s", kind, head.ChecksumType, *head.ChecksumCRC32)
			}
		}
	})
}

func TestCompleteRefusals(t *testing.T) {
	f := start(t)
	client := f.client()
	u := f.begin(client, "big", func(in *awss3.CreateMultipartUploadInput) {
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc32, types.ChecksumTypeComposite
	})
	u.send(1, []byte("small"))
	u.send(2, []byte("end"))
	one, two := u.parts[0], u.parts[1]
	wrongTag, wrongSum, noSum, missing := two, two, two, two
	wrongTag.ETag, wrongSum.ChecksumCRC32, noSum.ChecksumCRC32, missing.PartNumber = one.ETag, one.ChecksumCRC32, nil, aws.Int32(3)
	for name, test := range map[string]struct {
		parts []types.CompletedPart
		code  string
	}{
		"too small":       {[]types.CompletedPart{one, two}, "EntityTooSmall"},
		"order":           {[]types.CompletedPart{two, one}, "InvalidPartOrder"},
		"twice":           {[]types.CompletedPart{two, two}, "InvalidPartOrder"},
		"wrong ETag":      {[]types.CompletedPart{wrongTag}, "InvalidPart"},
		"wrong checksum":  {[]types.CompletedPart{wrongSum}, "InvalidPart"},
		"no checksum":     {[]types.CompletedPart{noSum}, "InvalidRequest"},
		"missing part":    {[]types.CompletedPart{missing}, "InvalidPart"},
		"no parts at all": {nil, "MalformedXML"},
	} {
		_, err := u.complete(test.parts)
		t.Run(name, func(t *testing.T) { (&fixture{T: t}).fails(err, 400, test.code) })
	}
	target := "/reports/big?uploadId=" + u.id
	body := "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>" + *two.ETag + "</ETag><ChecksumCRC32>" + *two.ChecksumCRC32 + "</ChecksumCRC32></Part></CompleteMultipartUpload>"
	f.refuses(request{method: "POST", target: target, body: "<CompleteMultipartUpload>"}, 400, "MalformedXML")
	f.refuses(request{method: "POST", target: target, body: body, header: map[string]string{"x-amz-mp-object-size": "4"}}, 400, "InvalidRequest")
	f.refuses(request{method: "POST", target: target, body: body, header: map[string]string{"x-amz-checksum-crc32": "AAAAAA==-1"}}, 400, "BadDigest")
	f.refuses(request{method: "POST", target: target, body: body, header: map[string]string{"x-amz-checksum-type": "FULL_OBJECT"}}, 400, "InvalidRequest")
	f.refuses(request{method: "POST", target: "/reports/other?uploadId=" + u.id, body: body}, 404, "NoSuchUpload")
	f.refuses(request{method: "POST", target: "/reports/big?uploadId=", body: body}, 404, "NoSuchUpload")
	f.put(bucketName, "big", "taken")
	f.refuses(request{method: "POST", target: target, body: body, header: map[string]string{"If-None-Match": "*"}}, 412, "PreconditionFailed")
	if _, err := u.complete([]types.CompletedPart{two}); err != nil || f.get(bucketName, "big") != "end" {
		t.Errorf("after all refusals: %v", err)
	}
}

func TestUploadPartRefusals(t *testing.T) {
	f := start(t, s3.WithStorageLimit(10_000))
	u := f.begin(f.client(), "k", func(in *awss3.CreateMultipartUploadInput) { in.ChecksumAlgorithm = types.ChecksumAlgorithmSha1 })
	target := "/reports/k?uploadId=" + u.id + "&partNumber="
	for _, n := range []string{"0", "10001", "-1", "x", ""} {
		f.refuses(request{method: "PUT", target: target + n, body: "x"}, 400, "InvalidArgument")
	}
	f.refuses(request{method: "PUT", target: target + "1", body: "x", header: map[string]string{"x-amz-checksum-sha1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}}, 400, "BadDigest")
	f.refuses(request{method: "PUT", target: target + "1", body: "", header: map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}}, 400, "InvalidRequest")
	f.refuses(request{method: "PUT", target: target + "1", body: strings.Repeat("x", 20_000)}, 507, "InsufficientStorage")
	f.refuses(request{method: "PUT", target: "/reports/k?uploadId=none&partNumber=1", body: "x"}, 404, "NoSuchUpload")
	f.refuses(request{method: "POST", target: "/reports/k?uploads", header: map[string]string{"x-amz-checksum-algorithm": "ROT13"}}, 400, "InvalidRequest")
	f.refuses(request{method: "POST", target: "/reports/k?uploads", header: map[string]string{"x-amz-checksum-type": "FULL_OBJECT"}}, 400, "InvalidRequest")
	f.refuses(request{method: "POST", target: "/reports/k?uploads", header: map[string]string{"x-amz-checksum-type": "FULL_OBJECT", "x-amz-checksum-algorithm": "SHA1"}}, 400, "InvalidRequest")
	f.refuses(request{method: "POST", target: "/reports/k?uploads", header: map[string]string{"x-amz-checksum-type": "COMPOSITE", "x-amz-checksum-algorithm": "CRC64NVME"}}, 400, "InvalidRequest")
}

func TestAbortFreesParts(t *testing.T) {
	f := start(t)
	before := f.service.Store().Used()
	u := f.begin(f.client(), "k")
	u.send(1, noise(1000))
	u.send(1, noise(2000))
	if used := f.service.Store().Used() - before; used != 2000 {
		t.Errorf("a replaced part leaves %d bytes", used)
	}
	_, err := u.client.AbortMultipartUpload(t.Context(), &awss3.AbortMultipartUploadInput{Bucket: aws.String(bucketName), Key: &u.key, UploadId: &u.id})
	f.must(err)
	if used := f.service.Store().Used(); used != before {
		t.Errorf("an aborted upload leaves %d bytes", used-before)
	}
	f.refuses(request{method: "GET", target: "/reports/k?uploadId=" + u.id}, 404, "NoSuchUpload")
	f.refuses(request{method: "DELETE", target: "/reports/k?uploadId=" + u.id}, 404, "NoSuchUpload")
	f.refuses(request{method: "DELETE", target: "/reports/seed.txt?uploadId="}, 404, "NoSuchUpload")
	if f.get(bucketName, "seed.txt") != "seed" {
		t.Error("an abort without id deleted the object")
	}
}

func TestListPartsAndUploads(t *testing.T) {
	f := start(t)
	client := f.client()
	f.refuses(request{method: "GET", target: "/reports?uploads"}, 200, "")
	u := f.begin(client, "dir/a")
	second := f.begin(client, "dir/a")
	f.begin(client, "dir/b")
	f.begin(client, "top")
	for _, n := range []int32{1, 2, 30} {
		u.send(n, []byte{byte(n)})
	}
	var numbers []int32
	p := awss3.NewListPartsPaginator(client, &awss3.ListPartsInput{Bucket: aws.String(bucketName), Key: &u.key, UploadId: &u.id, MaxParts: aws.Int32(2)})
	for p.HasMorePages() {
		page, err := p.NextPage(t.Context())
		f.must(err)
		for _, part := range page.Parts {
			numbers = append(numbers, *part.PartNumber)
		}
	}
	if diff := cmp.Diff([]int32{1, 2, 30}, numbers); diff != "" {
		t.Error(diff)
	}
	f.refuses(request{method: "GET", target: "/reports/dir/a?uploadId=" + u.id + "&part-number-marker=9999"}, 200, "")
	var got []string
	uploads := awss3.NewListMultipartUploadsPaginator(client, &awss3.ListMultipartUploadsInput{Bucket: aws.String(bucketName), MaxUploads: aws.Int32(1)})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(t.Context())
		f.must(err)
		for _, each := range page.Uploads {
			got = append(got, *each.Key)
		}
	}
	if diff := cmp.Diff([]string{"dir/a", "dir/a", "dir/b", "top"}, got); diff != "" {
		t.Error(diff)
	}
	out, err := client.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: aws.String(bucketName), Delimiter: aws.String("/")})
	f.must(err)
	if len(out.Uploads) != 1 || len(out.CommonPrefixes) != 1 || *out.CommonPrefixes[0].Prefix != "dir/" {
		t.Errorf("got %v %v", out.Uploads, out.CommonPrefixes)
	}
	out, err = client.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: aws.String(bucketName), KeyMarker: aws.String("dir/a"), UploadIdMarker: &u.id, Prefix: aws.String("dir/a")})
	f.must(err)
	if len(out.Uploads) != 1 || *out.Uploads[0].UploadId != second.id {
		t.Errorf("behind the first upload: %v", out.Uploads)
	}
}

func TestUploadPartCopy(t *testing.T) {
	f := start(t)
	client := f.client()
	f.put(bucketName, "src ä+", string(noise(fiveMiB+10)))
	u := f.begin(client, "joined")
	copyPart := func(n int32, span string) (*awss3.UploadPartCopyOutput, error) {
		return client.UploadPartCopy(t.Context(), &awss3.UploadPartCopyInput{
			Bucket: aws.String(bucketName), Key: &u.key, UploadId: &u.id, PartNumber: &n, CopySource: aws.String("reports/src%20%C3%A4%2B"), CopySourceRange: &span,
		})
	}
	for n, span := range map[int32]string{1: fmt.Sprintf("bytes=0-%d", fiveMiB-1), 2: fmt.Sprintf("bytes=%d-%d", fiveMiB, fiveMiB+9)} {
		out, err := copyPart(n, span)
		f.must(err)
		u.parts = append(u.parts, types.CompletedPart{PartNumber: aws.Int32(n), ETag: out.CopyPartResult.ETag})
	}
	if *u.parts[0].PartNumber > 1 {
		u.parts[0], u.parts[1] = u.parts[1], u.parts[0]
	}
	_, err := u.complete(u.parts)
	f.must(err)
	if f.get(bucketName, "joined") != string(noise(fiveMiB+10)) {
		t.Error("the copy differs")
	}
	u = f.begin(client, "joined")
	for _, span := range []string{"bytes=0-99999999", "bytes=5-4", "0-4", "bytes=-4", "bytes=4-"} {
		_, err := copyPart(1, span)
		f.fails(err, 400, "InvalidArgument")
	}
}
