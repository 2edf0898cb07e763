// node solc.cjs NODE_MODULES --version | --standard-json: what forge asks of a compiler, by solcjs.
const fs = require("fs");
const path = require("path");
const [modules, ...flags] = process.argv.slice(2);
const solc = require(path.join(modules, "solc"));
if (flags.includes("--version")) {
  console.log("solc, the solidity compiler commandline interface");
  console.log("Version: " + solc.version());
} else if (flags.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  console.error("only --version and --standard-json");
  process.exit(1);
}
