// node compile.cjs NODE_MODULES FILE.sol... : {contract: {abi, bytecode}} as JSON on stdout.
const fs = require("fs");
const path = require("path");
const [modules, ...files] = process.argv.slice(2);
const solc = require(path.join(modules, "solc"));
const source = (name) => ({ content: fs.readFileSync(name, "utf8") });
const input = {
  language: "Solidity",
  sources: Object.fromEntries(files.map((name) => [path.basename(name), source(name)])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    viaIR: true,
    evmVersion: "prague",
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const find = (name) => {
  const found = path.join(modules, name);
  return fs.existsSync(found)
    ? { contents: fs.readFileSync(found, "utf8") }
    : { error: `${name} is not in ${modules}` };
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
const errors = (output.errors || []).filter((one) => one.severity === "error");
if (errors.length) {
  console.error(errors.map((one) => one.formattedMessage).join("\n"));
  process.exit(1);
}
const kept = {};
for (const contracts of Object.values(output.contracts)) {
  for (const [name, { abi, evm }] of Object.entries(contracts)) {
    if (evm.bytecode.object) kept[name] = { abi, bytecode: "0x" + evm.bytecode.object };
  }
}
process.stdout.write(JSON.stringify(kept));
