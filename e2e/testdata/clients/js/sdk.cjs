// An errand with the AWS SDK for JavaScript: node sdk.cjs ERRAND [--profile NAME]
// Each line of the output is a word and what came of it.
"use strict";

const readline = require("node:readline");
const { parseArgs } = require("node:util");
const { S3Client, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } = require("@aws-sdk/client-s3");
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const { NodeHttpHandler } = require("@smithy/node-http-handler");
const { HttpsProxyAgent } = require("https-proxy-agent");

const bucket = "tip-demo-data";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { profile: { type: "string" } } });

// The SDK makes its own agents, which know nothing of HTTPS_PROXY.
function config() {
  const proxy = process.env.HTTPS_PROXY;
  return {
    region: "eu-west-1",
    ...(values.profile && { profile: values.profile }),
    ...(proxy && { requestHandler: new NodeHttpHandler({ httpsAgent: new HttpsProxyAgent(proxy) }) }),
  };
}

async function refused(client, command) {
  try {
    await client.send(command);
  } catch (err) {
    return err.name;
  }
  return "allowed";
}

async function identity() {
  const who = await new STSClient(config()).send(new GetCallerIdentityCommand({}));
  console.log("identity", who.UserId, who.Account);
  console.log("direct", await refused(new S3Client(config()), new ListObjectsV2Command({ Bucket: bucket, Prefix: "reports/" })));
}

async function grant() {
  const s3 = new S3Client(config());
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "reports/" }));
  console.log("keys", listed.Contents.map((entry) => entry.Key).join(","));
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "reports/summary.txt" }));
  console.log("body", (await object.Body.transformToString()).trim());
  console.log("write", await refused(s3, new PutObjectCommand({ Bucket: bucket, Key: "reports/mine.txt", Body: "mine" })));
}

// Calls AWS, waits for a line, and calls again when the credentials are 17 minutes
// older: in their last five minutes this SDK renews in the background, and uses them still.
async function renewal() {
  const ahead = 17 * 60_000;
  const sts = new STSClient(config());
  await sts.send(new GetCallerIdentityCommand({}));
  console.log("first", (await sts.config.credentials()).accessKeyId);
  const lines = readline.createInterface({ input: process.stdin });
  await new Promise((resolve) => lines.once("line", resolve));
  lines.close();
  const now = Date.now;
  Date.now = () => now() + ahead;
  sts.config.systemClockOffset = -ahead; // what is signed keeps its time
  await sts.send(new GetCallerIdentityCommand({}));
  console.log("second", (await sts.config.credentials()).accessKeyId);
}

const errands = { identity, grant, renewal };

errands[positionals[0]]().catch((err) => {
  console.error(err);
  process.exitCode = 1;
});
